package queues_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/queues"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

var inLine = regexp.MustCompile(`(getters|putters)\[`)

// leftBehind finds items that nobody got and places that nobody is at.
func (s *stage) leftBehind(q queue, what string) {
	s.Helper()
	if q.Len() > 0 || inLine.MatchString(q.String()) {
		s.Errorf("%s: left behind: %s", what, q)
	}
	q.Shutdown(true)
}

// visitor is a coroutine that gets or puts in a sweep.
type visitor struct {
	task   *asyncio.Task[int]
	cancel context.CancelFunc // of the context that it comes with
}

// ends are the ways in which a visitor's wait may end before its turn.
var ends = map[string]func(v *visitor){
	"cancel":       func(v *visitor) { v.task.Cancel() },
	"cancel twice": func(v *visitor) { v.task.Cancel(); v.task.Cancel() },
	"context":      func(v *visitor) { v.cancel() },
	"both":         func(v *visitor) { v.cancel(); v.task.Cancel() },
	"uncancelled":  func(v *visitor) { v.task.Cancel(); v.task.Uncancel() },
}

// sweep plays one instant after the other: of three visitors one is ended in each pass,
// before and after act is called in each pass.
func sweep(s *stage, end func(v *visitor), visit func(q queue, i int) func(ctx context.Context) (int, error), act func(q queue), setUp func() queue, check func(q queue, which int, vs []*visitor, what string)) {
	const most = 5
	for which := range 3 {
		for acted := range most {
			for ended := range most {
				for _, first := range []bool{false, true} {
					q := setUp()
					vs := visitors(s, q, visit)
					for pass := range most {
						if first && pass == ended {
							end(vs[which])
						}
						if pass == acted {
							act(q)
						}
						if !first && pass == ended {
							end(vs[which])
						}
						s.Passes(1)
					}
					check(q, which, vs, fmt.Sprintf("visitor %d ended in pass %d, acted in pass %d, ended first %v", which, ended, acted, first))
				}
			}
		}
	}
}

func visitors(s *stage, q queue, visit func(q queue, i int) func(ctx context.Context) (int, error)) []*visitor {
	vs := make([]*visitor, 3)
	for i := range vs {
		v := &visitor{}
		vs[i] = v
		f := visit(q, i)
		v.task = asyncio.Go(s.Ctx, func(ctx context.Context) (int, error) {
			ctx, v.cancel = context.WithCancel(ctx)
			defer v.cancel()
			return f(ctx)
		})
		v.cancel = func() { v.task.Cancel() } // until it has a context of its own
	}
	return vs
}

// TestGetSweep ends the wait of each of three getters in each pass, before and after three
// items are put in each pass. Whoever was not ended gets an item, in order, and none
// is lost.
func TestGetSweep(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		row(t, name, func(s *stage) {
			sweep(s, end,
				func(q queue, _ int) func(ctx context.Context) (int, error) { return q.Get },
				func(q queue) { s.puts(q, 1, 2, 3) },
				func() queue { return kinds["Queue"](0) },
				func(q queue, which int, vs []*visitor, what string) {
					var got []int
					for i, v := range vs {
						item, err := v.task.Await(s.Ctx)
						if err == nil {
							got = append(got, item)
						} else if i != which {
							s.Errorf("%s: getter %d: %v", what, i, err)
						}
					}
					for !q.Empty() {
						item, err := q.GetNowait()
						s.Must(err)
						got = append(got, item)
					}
					if !slices.Equal(got, []int{1, 2, 3}) {
						s.Errorf("%s: got %v", what, got)
					}
					s.leftBehind(q, what)
				})
		})
	}
}

// TestPutSweep ends the wait of each of three putters in each pass, before and after room is
// made in each pass. Whoever was not ended puts its item, in order, once.
func TestPutSweep(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		row(t, name, func(s *stage) {
			sweep(s, end,
				func(q queue, i int) func(ctx context.Context) (int, error) {
					return func(ctx context.Context) (int, error) { return i, q.Put(ctx, i) }
				},
				func(q queue) { s.gets(q, -1) },
				func() queue {
					q := kinds["Queue"](1)
					s.puts(q, -1)
					return q
				},
				func(q queue, which int, vs []*visitor, what string) {
					var put, got []int
					// One of them is in, or all that were not ended were; who waits has its turn now.
					for range 3 {
						if item, err := q.GetNowait(); err == nil {
							got = append(got, item)
						}
						s.Passes(2)
					}
					for i, v := range vs {
						item, err := v.task.Await(s.Ctx)
						if err == nil {
							put = append(put, item)
						} else if i != which {
							s.Errorf("%s: putter %d: %v", what, i, err)
						}
					}
					if !slices.Equal(got, put) {
						s.Errorf("%s: put %v, got %v", what, put, got)
					}
					s.leftBehind(q, what)
				})
		})
	}
}

// TestShutDownSweep ends the wait of each of three getters in each pass, before and after
// the queue is shut down in each pass with one item in it that somebody was woken for.
func TestShutDownSweep(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		row(t, name, func(s *stage) {
			sweep(s, end,
				func(q queue, _ int) func(ctx context.Context) (int, error) { return q.Get },
				func(q queue) {
					s.puts(q, 1)
					q.Shutdown(false)
				},
				func() queue { return kinds["Queue"](0) },
				func(q queue, which int, vs []*visitor, what string) {
					got := q.Len()
					for i, v := range vs {
						_, err := v.task.Await(s.Ctx)
						if err == nil {
							got++
						} else if i != which && !errors.Is(err, queues.ErrShutDown) {
							s.Errorf("%s: getter %d: %v", what, i, err)
						}
					}
					onloop.Want(s, what+": items", got, 1)
					_, _ = q.GetNowait()
					s.leftBehind(q, what)
				})
		})
	}
}

// TestCloseSweep closes the loop after each number of passes, with coroutines that put and
// get, that wait and that were woken, and goroutines elsewhere. All end, the deferred
// functions of all coroutines run, and nobody is left in a line.
func TestCloseSweep(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) {
		for n := range 10 {
			closedAfter(t, m, n)
		}
	})
}

func closedAfter(t *testing.T, m testkit.Mechanism, n int) {
	t.Helper()
	s := newStage(t, m)
	s.Quiet() // of tasks that are destroyed
	q := queues.NewQueue[int](1)
	s.Must(q.Bind(s.Loop))
	var begun, ended int
	on := func(ctx context.Context, what func(ctx context.Context) error) error {
		for !s.Loop.IsClosed() {
			if err := what(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	put := func(ctx context.Context) error { return q.Put(ctx, 1) }
	get := func(ctx context.Context) error { _, err := q.Get(ctx); return err }
	var there sync.WaitGroup
	for i := range 6 {
		what := get
		if i%2 == 0 {
			what = put
		}
		if i >= 4 {
			there.Go(func() {
				if err := on(context.Background(), what); err != nil && !errors.Is(err, asyncio.ErrLoopClosed) {
					t.Error(err)
				}
			})
			continue
		}
		asyncio.CreateTaskErr(s.Loop, func(ctx context.Context) error {
			begun++
			defer func() { ended++ }()
			return on(ctx, what)
		})
	}
	s.Run(func() { s.Passes(n) })
	s.Must(s.Loop.Close())
	there.Wait()
	onloop.Want(s, fmt.Sprintf("closed after %d passes: coroutines that have ended", n), ended, begun)
	_, _ = q.GetNowait() // one may be in it
	s.leftBehind(q, fmt.Sprintf("closed after %d passes", n))
}

// TestGoexitSweep: a getter that was woken leaves by Goexit or by a panic after any number of
// passes, with an item or without; the others are served.
func TestGoexitSweep(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(){"goexit": runtime.Goexit, "panic": func() { panic("boom") }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) {
				s := newStage(t, m)
				s.Quiet() // of panics
				s.Run(func() {
					for n := range 6 {
						q := kinds["Queue"](1)
						bad := asyncio.GoErr(s.Ctx, func(ctx context.Context) error {
							item, err := q.Get(ctx)
							if err != nil {
								return err
							}
							defer func() { _ = q.Put(ctx, item) }() // there is room
							s.Passes(n)
							leave()
							return nil
						})
						s.Passes(1)
						first, second := s.get(q), s.get(q)
						s.Passes(1)
						s.puts(q, 1)
						onloop.Want(s, "item", result(s, first), 1)
						s.Must(q.Put(s.Ctx, 2))
						onloop.Want(s, "item", result(s, second), 2)
						onloop.Want(s, "the bad one failed", bad.Exception() != nil, true)
						s.leftBehind(q, fmt.Sprintf("left in pass %d", n))
					}
				})
			})
		})
	}
}
