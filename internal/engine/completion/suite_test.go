package completion_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/completion"
	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
	"github.com/go-asyncio/asyncio/proactors"
)

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
	p, err := proactors.NewDefaultProactor()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	enginetest.Test(t, func() (engine.Engine, error) {
		p, err := proactors.NewDefaultProactor()
		if err != nil {
			return nil, err
		}
		return completion.New(frugal{p}), nil
	})
}
