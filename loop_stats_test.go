package asyncio_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestLoopStats: what a loop does is counted, and its sleep is measured once somebody asks.
func TestLoopStats(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Unpinned, func(t *testing.T) {
		n := newNetTest(t)
		n.run(func(ctx context.Context) {
			before, err := asyncio.ReadLoopStats(n.l)
			n.check(err)
			if before.Measured != 0 || before.Asleep != 0 || before.Polls == 0 || before.Callbacks == 0 {
				t.Errorf("at first: %+v", before)
			}
			timer, err := n.l.CallLater(time.Hour, func() {})
			n.check(err)
			n.check(asyncio.Sleep(ctx, 10*time.Millisecond))
			after, err := asyncio.ReadLoopStats(n.l)
			n.check(err)
			if after.Polls <= before.Polls || after.Callbacks <= before.Callbacks || after.Timers != 1 ||
				after.Asleep <= 0 || after.Measured < after.Asleep {
				t.Errorf("after a sleep: %+v", after)
			}
			timer.Cancel()
		})
	})
}

// TestLoopStatsMisuse: the loop's statistics are the loop's to read.
func TestLoopStatsMisuse(t *testing.T) {
	t.Parallel()
	_, err := asyncio.ReadLoopStats(nil)
	wantError(t, err, asyncio.ErrInvalidArgument)
	loop := mustLoop(t)
	must(t, loop.RunUntilComplete(asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
		return asyncio.ToThreadErr(ctx, func() error {
			_, err := asyncio.ReadLoopStats(loop)
			wantError(t, err, asyncio.ErrWrongGoroutine)
			return nil
		})
	})))
	_, err = asyncio.ReadLoopStats(loop)
	must(t, err)
	must(t, loop.Close())
	_, err = asyncio.ReadLoopStats(loop)
	wantError(t, err, asyncio.ErrLoopClosed)
}
