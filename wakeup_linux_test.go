package asyncio_test

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/go-asyncio/asyncio"
	"golang.org/x/sys/unix"
)

func TestFullWakeup(t *testing.T) {
	t.Parallel()
	netRow(t, "selev.005a.wakeup-write-would-block", func(n *netTest) {
		// The largest value of an eventfd(2): a further write would block.
		fd := int(asyncio.Engine(n.l).(interface{ Descriptors() []uintptr }).Descriptors()[0])
		var full [8]byte
		binary.NativeEndian.PutUint64(full[:], 1<<64-2)
		if _, err := unix.Write(fd, full[:]); err != nil {
			n.Fatal(err)
		}
		binary.NativeEndian.PutUint64(full[:], 1)
		if _, err := unix.Write(fd, full[:]); err != unix.EAGAIN {
			n.Fatalf("a write to what is full: %v", err)
		}
		asyncio.Engine(n.l).Wake()
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
