package asyncio

import "context"

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
