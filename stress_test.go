package asyncio_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestRandomHistories lets tasks wait for each other in every way there is, while
// they and other goroutines cancel and complete things at random. Whatever comes
// of it, each wait ends, with a result or an error that belongs there; a loop that
// is closed in the middle of it leaves nothing behind.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run("to the end", func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, seed)
			runIn(t, h.loop, func(ctx context.Context) {
				for _, err := range asyncio.AsCompleted(ctx, h.tasks...) {
					h.check(err)
				}
				_, err := asyncio.ToThread(ctx, func() (int, error) { h.others.Wait(); return 0, nil })
				must(t, err)
			})
			want(t, "tasks left", len(asyncio.AllTasks(h.loop)), 0)
		})
		t.Run("closed", func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, seed)
			wantError(t, h.loop.RunUntilComplete(asyncio.CreateTask(h.loop, func(ctx context.Context) (int, error) {
				passes(t, ctx, 5)
				h.loop.Stop()
				return 0, asyncio.Sleep(ctx, forever)
			})), asyncio.ErrLoopStopped)
			must(t, h.loop.Close())
			h.others.Wait()
			for _, task := range h.tasks {
				want(t, "done", task.Done(), true)
			}
		})
	}
}

// history is what the tasks and goroutines of one seed share.
type history struct {
	t       *testing.T
	loop    asyncio.EventLoop
	futures []*asyncio.Future[int]
	tasks   []asyncio.AwaitableOf[int]
	others  sync.WaitGroup
}

func newHistory(t *testing.T, seed uint64) *history {
	t.Helper()
	h := &history{t: t, loop: newLoop(t)}
	collectReports(t, h.loop) // failures may be left when the loop is closed
	h.futures, _ = futures(h.loop, 200)
	for i := range 60 {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		h.tasks = append(h.tasks, asyncio.CreateTask(h.loop, func(ctx context.Context) (int, error) {
			for range 8 {
				if err := h.step(ctx, random, i); err != nil {
					return i, err
				}
			}
			return i, nil
		}))
	}
	for g := range 3 {
		random := rand.New(rand.NewPCG(seed, uint64(1000+g)))
		h.others.Go(func() { h.interfere(random, g) })
	}
	return h
}

// interfere completes every third future, and does more.
func (h *history) interfere(random *rand.Rand, g int) {
	for i := g; i < len(h.futures); i += 3 {
		f := h.futures[i]
		switch random.IntN(4) {
		case 0:
			f.Cancel(i)
		case 1:
			_ = f.SetException(errBoom) // a task may have cancelled it, here and below
		default:
			_ = f.SetResult(i)
		}
		switch random.IntN(12) {
		case 0:
			h.tasks[random.IntN(len(h.tasks))].Cancel("from elsewhere")
		case 1:
			_, err := asyncio.RunCoroutineThreadsafe(h.loop, value(i)).Await(context.Background())
			h.check(err)
		case 2:
			ctx, cancel := context.WithTimeout(context.Background(), instant)
			_, err := h.futures[random.IntN(len(h.futures))].Await(ctx)
			h.check(err)
			cancel()
		}
	}
}

// step is one wait of a task.
func (h *history) step(ctx context.Context, random *rand.Rand, self int) error {
	pick := func() *asyncio.Future[int] { return h.futures[random.IntN(len(h.futures))] }
	before := func() asyncio.AwaitableOf[int] { // no circles
		if self == 0 {
			return pick()
		}
		return h.tasks[random.IntN(self)]
	}
	derived, cancel := context.WithCancel(ctx)
	defer cancel()
	var err error
	switch random.IntN(9) {
	case 0:
		_, err = pick().Await(ctx)
	case 1:
		_, err = asyncio.GatherOf(ctx, []asyncio.AwaitableOf[int]{pick(), pick(), before()}...)
	case 2:
		_, err = asyncio.GatherResults(ctx, value(1), failing(errBoom), pick().Await)
	case 3:
		_, err = asyncio.Shield(ctx, before())
	case 4:
		opts := asyncio.WaitOptions{ReturnWhen: asyncio.ReturnWhen(random.IntN(3)), Timeout: instant}
		_, _, err = asyncio.Wait(ctx, []asyncio.Awaitable{pick(), before(), pick()}, opts)
	case 5:
		go cancel()
		_, err = pick().Await(derived)
		if err == context.Canceled {
			err = nil // by cancel, not with the task
		}
	case 6:
		_, err = asyncio.WaitFor(ctx, instant, pick().Await)
	case 7:
		h.tasks[random.IntN(len(h.tasks))].Cancel("by a task")
		err = asyncio.Sleep(context.WithoutCancel(ctx), 0)
	default:
		err = asyncio.Sleep(ctx, 0)
	}
	h.check(err)
	if random.IntN(2) == 0 {
		return nil // go on all the same
	}
	return err
}

// check fails the test for an error that does not belong here.
func (h *history) check(err error) {
	for _, known := range []error{nil, errBoom, asyncio.ErrCancelled, context.DeadlineExceeded, asyncio.ErrLoopClosed} {
		if errors.Is(err, known) {
			return
		}
	}
	h.t.Errorf("unexpected error: %v", err)
}
