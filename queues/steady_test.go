package queues_test

import (
	"context"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/queues"
)

// TestSteadyState: neither a put nor a get allocates, whether it waits or not. It is not
// parallel: AllocsPerRun counts the whole process.
func TestSteadyState(t *testing.T) {
	if testkit.RaceDetector {
		t.Skip("the race detector allocates")
	}
	s := newStage(t, testkit.Available(t, testkit.Kinds)[0])
	s.Run(func() {
		ctx := s.Ctx
		check := func(name string, f func()) {
			t.Helper()
			if n := testing.AllocsPerRun(1000, f); n != 0 {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
		for name, make := range kinds {
			q := make(0)
			check(name+", no wait", func() {
				s.Check(q.Put(ctx, 1))
				_, err := q.Get(ctx)
				s.Check(err)
				s.Check(q.TaskDone())
			})
		}
		there, back := queues.NewQueue[int](1), queues.NewQueue[int](1)
		other := asyncio.GoErr(ctx, func(ctx context.Context) error {
			for {
				item, err := there.Get(ctx)
				if err != nil {
					return nil
				}
				s.Check(back.Put(ctx, item))
			}
		})
		check("a get that waits", func() {
			s.Check(there.Put(ctx, 1))
			_, err := back.Get(ctx)
			s.Check(err)
		})
		there.Shutdown(true)
		result(s, other)
		full := queues.NewQueue[int](1)
		putter := asyncio.GoErr(ctx, func(ctx context.Context) error {
			for full.Put(ctx, 1) == nil {
				continue
			}
			return nil
		})
		check("a put that waits", func() {
			_, err := full.Get(ctx)
			s.Check(err)
		})
		full.Shutdown(true)
		result(s, putter)
	})
}
