package asyncio_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestFullWakeup(t *testing.T) {
	t.Parallel()
	netRow(t, "selev.005a.wakeup-write-would-block", func(n *netTest) {
		for range 3000 { // more than the loop's socket holds while it is not read
			asyncio.Engine(n.l).Wake()
		}
		n.run(func(ctx context.Context) {
			n.passes(ctx)
			// It is empty now, and wakes the loop as before.
			f := asyncio.NewFuture[int](n.l)
			go func() {
				_, err := n.l.CallSoonThreadsafe(func() { n.check(f.SetResult(1)) })
				n.check(err)
			}()
			_, err := f.Await(ctx)
			n.check(err)
		})
	})
}
