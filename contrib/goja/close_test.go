package gojaloop_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/dop251/goja"
	"github.com/go-asyncio/asyncio"
	gojaloop "github.com/go-asyncio/asyncio/contrib/goja"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestInterrupt: a script in an endless loop is ended from another goroutine, by the end
// of its context and by Close, and so is one whose microtasks never end; the loop goes on, and
// after a context's end the runtime, too.
func TestInterrupt(t *testing.T) {
	for _, script := range []string{
		"started(); for (;;) {}",
		"started(); (function f() { queueMicrotask(f) })()",
		"started(); Promise.reject({toString() { for (;;) {} }}); undefined",
		"setTimeout(() => { started(); for (;;) {} }, 0); new Promise(() => {})",
		"started(); (async () => { for (;;) await null })()",
		"try { started(); for (;;) {} } catch (e) { console.log('caught') } finally { console.log('finally') }",
	} {
		t.Run(script, func(t *testing.T) {
			over(t, func(s *stage, ctx context.Context) {
				r := s.runtime()
				started := make(chan func(), 1)
				go func() {
					for end := range started {
						end()
					}
				}()
				defer close(started)
				var end func()
				s.define(ctx, r, "started", func(goja.FunctionCall) goja.Value { started <- end; return nil })
				why := errors.New("why")
				ended, cancel := context.WithCancelCause(ctx)
				end = func() { cancel(why) }
				_, err := r.Eval(ended, script)
				if !errors.Is(err, why) && !errors.Is(err, context.Canceled) {
					s.Errorf("error %v", err)
				}
				if got := s.eval(ctx, r, "1 + 1"); got != int64(2) {
					s.Errorf("afterwards %v", got)
				}
				end = func() { s.must(r.Close()) }
				_, err = r.Eval(ctx, script)
				s.wantErr(err, gojaloop.ErrClosed)
				_, err = r.Eval(ctx, "1")
				s.wantErr(err, gojaloop.ErrClosed)
				s.wantErr(r.Post(func(*goja.Runtime) error { return nil }), gojaloop.ErrClosed)
				s.wantLog("")
			})
		})
	}
}

// TestInterruptSparesOthers: the end of one call's context does not interrupt what is
// another's.
func TestInterruptSparesOthers(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		r := s.runtime()
		ended, cancel := context.WithCancel(ctx)
		s.define(ctx, r, "endOther", func(goja.FunctionCall) goja.Value { cancel(); return nil })
		other := asyncio.Go(ctx, func(ctx context.Context) (any, error) {
			return r.Eval(ended, "setTimeout(() => console.log('other'), 3600e3); 0")
		})
		s.must(asyncio.Yield(ctx))
		s.must(asyncio.Yield(ctx))
		if got := s.eval(ctx, r, "endOther(); let n = 0; for (let i = 0; i < 100000; i++) n++; n"); got != int64(100000) {
			s.Errorf("came to %v", got)
		}
		_, err := other.Await(ctx)
		s.wantErr(err, context.Canceled)
	})
}

// closers are the places that Close is called from.
var closers = []string{"JavaScript", "microtask", "timer", "callback", "coroutine", "goroutine", "goroutine that waits", "handler"}

// TestCloseFrom: Close ends all that is under way and blocks nowhere, whoever calls it.
func TestCloseFrom(t *testing.T) {
	for _, from := range closers {
		t.Run(from, func(t *testing.T) {
			over(t, func(s *stage, ctx context.Context) {
				r := s.runtime()
				s.define(ctx, r, "close", func(goja.FunctionCall) goja.Value { s.must(r.Close()); s.must(r.Close()); return nil })
				waiting := asyncio.Go(ctx, func(ctx context.Context) (any, error) {
					return r.Eval(ctx, "setInterval(() => {}, 1); setTimeout(() => console.log('late'), 3600e3); new Promise(() => {})")
				})
				s.must(asyncio.Yield(ctx))
				s.must(closeFrom(s, ctx, r, from))
				_, err := waiting.Await(ctx)
				s.wantErr(err, gojaloop.ErrClosed)
				_, err = r.Eval(ctx, "1")
				s.wantErr(err, gojaloop.ErrClosed)
				s.must(r.Close())
				s.wantLog("")
				s.reports()
			})
		})
	}
}

// closeFrom closes the runtime from one of the places.
func closeFrom(s *stage, ctx context.Context, r *gojaloop.Runtime, from string) error {
	post := func(script string) error {
		return r.Post(func(vm *goja.Runtime) error { _, err := vm.RunString(script); return err })
	}
	switch from {
	case "JavaScript":
		return post("close(); console.log('after close')")
	case "microtask":
		return post("queueMicrotask(() => { close(); console.log('after close') })")
	case "timer":
		return post("setTimeout(() => { close(); console.log('after close') }, 1)")
	case "callback":
		_, err := s.loop.CallSoon(func() { s.must(r.Close()) })
		return err
	case "coroutine":
		return r.Close()
	case "goroutine":
		go r.Close()
		return nil
	case "goroutine that waits":
		_, err := asyncio.ToThread(ctx, func() (any, error) { return nil, r.Close() })
		return err
	}
	s.must(s.loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) { s.must(r.Close()) }))
	return post("throw new Error('reported')")
}

// TestCloseSweep closes a runtime, ends the context of a call and closes the loop in each pass of a
// script that has timers, promises, immediates and coroutines under way: every call
// ends, nothing is left, nothing runs afterwards.
func TestCloseSweep(t *testing.T) {
	t.Parallel()
	const script = `
		const busy = async (n) => { for (let i = 0; i < n; i++) { await go(); await new Promise((f) => setImmediate(f)); await new Promise((f) => setTimeout(f, 0)) } }
		setInterval(() => console.log('tick'), 1);
		busy(3)`
	testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) {
		for _, how := range []string{"close", "context", "task", "loop", "goexit"} {
			for pass := range 16 {
				s := newStage(t, m)
				r := s.runtime()
				sweepOnce(s, r, script, how, pass)
				s.must(r.Close())
				s.must(s.loop.Close())
			}
		}
	})
}

func sweepOnce(s *stage, r *gojaloop.Runtime, script, how string, pass int) {
	var left error
	s.run(func(s *stage, ctx context.Context) {
		s.define(ctx, r, "go", func(goja.FunctionCall) goja.Value {
			return gojaloop.Start(r, func(ctx context.Context) (any, error) { return nil, asyncio.Yield(ctx) })
		})
		ended, cancel := context.WithCancel(ctx)
		defer cancel()
		call := asyncio.Go(ctx, func(context.Context) (any, error) { return r.Eval(ended, script) })
		for range pass {
			s.must(asyncio.Sleep(ctx, 0))
		}
		switch how {
		case "close":
			s.must(r.Close())
			s.log()
		case "context":
			cancel()
		case "task":
			call.Cancel()
		case "loop":
			return // closed with all under way
		case "goexit":
			_, left = r.Do(ctx, func(*goja.Runtime) (goja.Value, error) { runtime.Goexit(); return nil, nil })
		}
		_, err := call.Await(ctx)
		want := map[string]error{"close": gojaloop.ErrClosed, "context": context.Canceled, "task": asyncio.ErrCancelled}[how]
		if !errors.Is(err, want) || err == nil {
			s.Errorf("%s in pass %d: error %v, want %v", how, pass, err, want)
		}
		if how == "goexit" && left == nil {
			s.Errorf("%s in pass %d: no error", how, pass)
		}
		if how == "close" {
			s.must(asyncio.Sleep(ctx, 2*time.Millisecond))
			s.wantLog("")
		}
	})
	for _, c := range s.reports() {
		if how != "goexit" {
			s.Errorf("%s in pass %d: reported %s: %v", how, pass, c.Message, c.Err)
		}
	}
}

// TestCloseRace: Close, Eval, Post and the end of contexts at the same time, from many goroutines.
func TestCloseRace(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		for range 20 {
			r := s.runtime()
			done := make([]*asyncio.Future[any], 0, 9)
			start := make(chan struct{})
			run := func(f func() error) {
				future := asyncio.NewFuture[any](s.loop)
				done = append(done, future)
				go func() {
					<-start
					s.must(future.SetResult(f()))
				}()
			}
			for i := range 4 {
				run(func() error {
					ended, cancel := context.WithTimeout(context.Background(), time.Duration(i)*100*time.Microsecond)
					defer cancel()
					_, err := r.Eval(ended, "setInterval(() => {}, 1); new Promise(f => setTimeout(f, 3600e3))")
					return err
				})
				run(func() error { return r.Post(func(*goja.Runtime) error { return nil }) })
			}
			run(r.Close)
			close(start)
			for i, future := range done {
				err, _ := must(future.Await(ctx)).(error)
				if i%2 == 0 && i < 8 && !errors.Is(err, gojaloop.ErrClosed) && !errors.Is(err, context.DeadlineExceeded) {
					s.Errorf("call %d: %v", i, err)
				}
			}
		}
	})
}

// must panics for an error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprint("must: ", err))
	}
	return v
}

// TestManyRuntimes: each has its own names and timers; closing one leaves the others.
func TestManyRuntimes(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		first := s.runtime()
		s.must(asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			for i := range 50 {
				r := s.runtime()
				g.Go(func(ctx context.Context) error {
					v, err := r.Eval(ctx, fmt.Sprintf("var own = %d; new Promise(f => { const id = setTimeout(() => f([own, id]), 1) })", i))
					if err == nil && fmt.Sprint(v) != fmt.Sprintf("[%d 1]", i) {
						s.Errorf("runtime %d: %v", i, v)
					}
					return err
				})
			}
			return first.Close()
		}))
	})
}

// TestLoopClosed: calls on a closed loop.
func TestLoopClosed(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) {
		s := newStage(t, m)
		r := s.runtime()
		s.must(s.loop.Close())
		_, err := r.Eval(context.Background(), "1")
		s.wantErr(err, asyncio.ErrLoopClosed)
		s.wantErr(r.Post(func(*goja.Runtime) error { return nil }), asyncio.ErrLoopClosed)
		s.must(r.Close())
	})
}
