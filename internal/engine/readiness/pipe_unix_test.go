//go:build unix

package readiness_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
	"github.com/go-asyncio/asyncio/internal/engine/readiness"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/selectors"
)

func TestPipes(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Selectors, func(t *testing.T, m testkit.Mechanism) {
		enginetest.TestPipes(t, func() (engine.Engine, error) {
			s, err := m.Selector()
			if err != nil {
				return nil, err
			}
			return readiness.New(s)
		}, testkit.Pipe)
	})
}

// TestPipeTooHigh: select has no place for a high number, which is said at once and with a
// way out; whatever has one takes it.
func TestPipeTooHigh(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Selectors, func(t *testing.T, m testkit.Mechanism) {
		s, err := m.Selector()
		if err != nil {
			t.Fatal(err)
		}
		e, err := readiness.New(s)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		r, w, err := testkit.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer sock.Close(w)
		defer sock.Close(r)
		high, err := unix.FcntlInt(r, unix.F_DUPFD_CLOEXEC, 1100)
		if err != nil {
			// A number above what select watches is what the test is about.
			t.Skipf("this process may not have so many descriptors: %v", err) // select's limit cannot be passed then
		}
		p, err := e.Pipe(uintptr(high), engine.Read, nil)
		if m.Name != "select" {
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			return
		}
		defer sock.Close(uintptr(high))
		if !errors.Is(err, selectors.ErrTooManyDescriptors) || !strings.Contains(err.Error(), "use another selector") {
			t.Errorf("the error is %v", err)
		}
	})
}
