package asyncio

import (
	"context"

	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// Budget is how many operations that need not wait a coroutine may do in a row
// before ConsumeBudget gives way.
const Budget = 64

// ConsumeBudget is for calls that may wait and often need not, such as reading
// what is buffered already: a coroutine that always finds something there would
// keep the loop from everybody else. Such a call begins with it. It counts one
// operation of the current task's; after Budget of them without a wait it gives
// way first, once, as Sleep(ctx, 0) does, and with the same errors.
//
// In a plain callback, and on a goroutine that is no loop's, it does nothing. Any
// goroutine may call it.
func ConsumeBudget(ctx context.Context) error {
	t := taskOf(ctx)
	if t == nil {
		if t, _ = currentTask(ctx); t == nil {
			return nil
		}
	}
	return t.spend(ctx)
}

// ConsumeBudgetOn is ConsumeBudget for a call that belongs to a loop: it reports whether
// the caller is a coroutine or a callback of that loop. On a goroutine that is no loop's
// it does nothing; a caller of another loop gets ErrWrongLoop. Any goroutine may call it.
func ConsumeBudgetOn(ctx context.Context, loop EventLoop) (here bool, err error) {
	if s, ok := ctx.(*scope); ok && goroutine.Quick {
		// In the usual case this is taskOf and spend.
		if t := s.task; t.coID.Load() == goroutine.QuickID() && t.loop == loop.base() {
			if wait := uint32(t.seq); t.spentSince != wait {
				t.spentSince, t.spent = wait, 1
				return true, nil
			}
			return true, t.spend(ctx)
		}
	}
	return consumeElsewhere(ctx, loop)
}

// consumeElsewhere is ConsumeBudgetOn for a caller whose context does not tell quickly where
// it is.
//
//go:noinline
func consumeElsewhere(ctx context.Context, loop EventLoop) (here bool, err error) {
	t := taskOf(ctx)
	if t == nil || t.loop != loop.base() {
		s := currentStrand()
		switch {
		case s == nil:
			return false, nil
		case s.loop() != loop.base():
			return false, opError("ConsumeBudgetOn", ErrWrongLoop)
		}
		if t = s.task(); t == nil {
			return true, nil
		}
	}
	return true, t.spend(ctx)
}

// spend counts one operation of the task's, and gives way if they are too many.
func (t *taskBase) spend(ctx context.Context) error {
	// A wait counts up seq, so the waits need not know of budgets.
	if wait := uint32(t.seq); t.spentSince != wait {
		t.spentSince, t.spent = wait, 0
	}
	if t.spent < Budget {
		t.spent++
		return nil
	}
	err := t.yieldOnce(ctx)
	t.spentSince, t.spent = uint32(t.seq), 1
	return err
}
