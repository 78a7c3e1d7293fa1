package asyncio

import (
	"context"
	"time"
)

// Sleep waits for d. In a coroutine it suspends, on the loop's clock; zero and
// less gives way to what is ready, once. On a goroutine that is no loop's it
// blocks, in real time. ErrAwaitInCallback in a plain callback; ErrCancelled if
// the task is cancelled; ctx's error if ctx is done first. (asyncio.sleep)
func Sleep(ctx context.Context, d time.Duration) error {
	t := taskOf(ctx)
	if t == nil {
		var inLoop bool
		if t, inLoop = currentTask(ctx); !inLoop {
			return sleepOutside(ctx, d)
		} else if t == nil {
			return opError("Sleep", ErrAwaitInCallback)
		}
	}
	if d > 0 {
		return t.sleep(ctx, d)
	}
	// This is yieldOnce, without the call through which the coroutine would come back.
	end, err := t.beginYield(ctx)
	if err != nil {
		return err
	}
	return t.ended(ctx, end, t.co.Leave())
}

func (t *taskBase) sleep(ctx context.Context, d time.Duration) error {
	end, err := t.beginWait(ctx)
	if err != nil {
		return err
	}
	l := t.loop
	if t.mustCancel && !t.shielded() {
		// As asyncio cancels the future that a sleep waits for: it wakes in the
		// next pass.
		t.cutShort = true
		l.schedule(t, t.event(wakeUp))
		return t.suspend(ctx, end)
	}
	timer := l.scheduleAt(l.core.Later(d), t, t.event(timeIsUp))
	err = t.suspend(ctx, end)
	timer.Cancel()
	return err
}

func sleepOutside(ctx context.Context, d time.Duration) error {
	if err := contextError(ctx); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	var done <-chan struct{}
	if ctx != nil {
		done = ctx.Done()
	}
	select {
	case <-timer.C:
		return nil
	case <-done:
		return contextError(ctx)
	}
}

// contextError is why ctx ends a wait, nil if it does not: its own error; for its
// deadline one that is ErrTimeout too.
func contextError(ctx context.Context) error {
	if ctx == nil {
		return nil
	}
	err := ctx.Err()
	if err == context.DeadlineExceeded {
		return &TimeoutError{Cause: context.Cause(ctx)}
	}
	return err
}
