package asyncio_test

import (
	"context"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio"
)

func TestPinnedThread(t *testing.T) {
	t.Parallel()
	plainRow(t, "one-thread-for-good", func(t *testing.T) {
		loop := newLoop(t, asyncio.WithPinnedThread())
		seen := map[int]int{}
		note := func() { seen[unix.Gettid()]++ }
		step := func(ctx context.Context) (int, error) {
			note()
			err := asyncio.Sleep(ctx, instant)
			note()
			return 0, err
		}
		for range 3 {
			elsewhere(func() {
				soon(t, loop, note)
				_, err := loop.CallLater(0, note)
				must(t, err)
				runIn(t, loop, func(ctx context.Context) {
					_, err := asyncio.Gather(ctx, step, step)
					must(t, err)
				})
			})
		}
		want(t, "threads", len(seen), 1)
		want(t, "it is not the thread of others", seen[unix.Gettid()], 0)
	})
	plainRow(t, "chosen-processor", func(t *testing.T) {
		var allowed unix.CPUSet
		must(t, unix.SchedGetaffinity(0, &allowed))
		cpu := 0
		for !allowed.IsSet(cpu) {
			cpu++
		}
		loop := newLoop(t, asyncio.WithPinnedThread(cpu))
		runIn(t, loop, func(context.Context) {
			var set unix.CPUSet
			must(t, unix.SchedGetaffinity(0, &set))
			want(t, "processors", set.Count(), 1)
			want(t, "the one chosen", set.IsSet(cpu), true)
		})
	})
	plainRow(t, "processor-that-there-is-not", func(t *testing.T) {
		for cpu, reason := range map[int]error{-1: asyncio.ErrInvalidArgument, 1 << 20: asyncio.ErrInvalidArgument, 1023: unix.EINVAL} {
			loop := newLoop(t, asyncio.WithPinnedThread(cpu))
			for range 2 {
				wantError(t, loop.RunForever(), reason)
			}
		}
	})
}
