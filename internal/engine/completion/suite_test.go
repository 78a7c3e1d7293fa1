package completion_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/completion"
	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/proactors"
)

// proactor is the filter for all forms of a proactor.
func proactor(m testkit.Mechanism) bool { return m.Proactor != nil }

func TestEngine(t *testing.T) {
	t.Parallel()
	testkit.Over(t, proactor, func(t *testing.T, m testkit.Mechanism) {
		enginetest.Test(t, func() (engine.Engine, error) { return over(m.Proactor()) })
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

// frugal is a proactor that does no more than it must: nothing repeats, nothing is
// posted, and datagrams are left to ordinary calls.
type frugal struct{ proactors.Proactor }

func (p frugal) Submit(op *proactors.Operation, r *proactors.Request) error {
	if r.Post || r.Kind == proactors.ReceiveFrom {
		return fmt.Errorf("frugal: %w", errors.ErrUnsupported)
	}
	less := *r
	less.Repeat = false
	return p.Proactor.Submit(op, &less)
}

// TestFrugalProactor: the engine relies on nothing that a proactor need not have.
func TestFrugalProactor(t *testing.T) {
	t.Parallel()
	testkit.Over(t, proactor, func(t *testing.T, m testkit.Mechanism) {
		enginetest.Test(t, func() (engine.Engine, error) {
			p, err := m.Proactor()
			if err != nil {
				return nil, err
			}
			return over(frugal{p}, nil)
		})
	})
}

func TestPipes(t *testing.T) {
	t.Parallel()
	testkit.Over(t, proactor, func(t *testing.T, m testkit.Mechanism) {
		enginetest.TestPipes(t, func() (engine.Engine, error) { return over(m.Proactor()) }, testkit.Pipe)
	})
}
