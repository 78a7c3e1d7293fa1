package completion_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/completion"
	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
	"github.com/go-asyncio/asyncio/proactors"
)

// forEach runs f as one subtest for each form of a proactor that there is here, named as
// the scorer knows it.
func forEach(t *testing.T, f func(t *testing.T, open func() (proactors.Proactor, error))) {
	for _, info := range proactors.Available() {
		if errors.Is(info.Err, errors.ErrUnsupported) {
			continue
		}
		t.Run(strings.TrimPrefix(info.Name, "io_"), func(t *testing.T) {
			t.Parallel()
			if info.Err != nil {
				t.Fatal(info.Err)
			}
			f(t, info.New)
		})
	}
}

func TestEngine(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, open func() (proactors.Proactor, error)) {
		enginetest.Test(t, func() (engine.Engine, error) { return over(open()) })
	})
}

// over makes an engine; its test keeps to one thread if the proactor does.
func over(p proactors.Proactor, err error) (engine.Engine, error) {
	if err != nil {
		return nil, err
	}
	if p.Pinned() {
		runtime.LockOSThread() // until the test's goroutine ends, and its thread with it
	}
	return completion.New(p), nil
}

// frugal is a proactor that does no more than it must: nothing repeats, and nothing is
// posted.
type frugal struct{ proactors.Proactor }

func (p frugal) Submit(op *proactors.Operation, r *proactors.Request) error {
	if r.Post {
		return fmt.Errorf("frugal: %w", errors.ErrUnsupported)
	}
	less := *r
	less.Repeat = false
	return p.Proactor.Submit(op, &less)
}

// TestFrugalProactor: the engine relies on nothing that a proactor need not have.
func TestFrugalProactor(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, open func() (proactors.Proactor, error)) {
		enginetest.Test(t, func() (engine.Engine, error) {
			p, err := open()
			if err != nil {
				return nil, err
			}
			return over(frugal{p}, nil)
		})
	})
}
