package gojaloop_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/dop251/goja"
	"github.com/go-asyncio/asyncio"
	gojaloop "github.com/go-asyncio/asyncio/contrib/goja"
)

// TestStart: JavaScript awaits coroutines of Go's: results, errors, panics.
func TestStart(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		r := s.runtime()
		s.define(ctx, r, "double", func(call goja.FunctionCall) goja.Value {
			n := call.Argument(0).ToInteger()
			return gojaloop.Start(r, func(ctx context.Context) (int64, error) {
				if n < 0 {
					return 0, io.ErrUnexpectedEOF
				}
				if n == 0 {
					panic("zero")
				}
				return 2 * n, asyncio.Sleep(ctx, 1)
			})
		})
		if got := s.eval(ctx, r, "(async () => await double(2) + await double(3))()"); got != int64(10) {
			s.Errorf("%v", got)
		}
		if got := s.eval(ctx, r, "double(-1).catch(e => [e instanceof Error, e.message].join())"); got != "true,unexpected EOF" {
			s.Errorf("%v", got)
		}
		_, err := r.Eval(ctx, "double(-1)")
		s.wantErr(err, io.ErrUnexpectedEOF)
		var panicked *asyncio.PanicError
		if _, err = r.Eval(ctx, "double(0)"); !errors.As(err, &panicked) {
			s.Errorf("error %v", err)
		}
	})
}

// TestPromise: JavaScript awaits a future of Go's, which goes on if the script ends.
func TestPromise(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		r := s.runtime()
		future := asyncio.NewFuture[string](s.loop)
		s.define(ctx, r, "future", func(goja.FunctionCall) goja.Value { return gojaloop.Promise(r, future) })
		left, cancel := context.WithCancel(ctx)
		call := asyncio.Go(ctx, func(context.Context) (any, error) { return r.Eval(left, "future()") })
		second := asyncio.Go(ctx, func(ctx context.Context) (any, error) { return r.Eval(ctx, "future().then(v => v + '!')") })
		for range 5 {
			s.must(asyncio.Yield(ctx))
		}
		cancel()
		_, err := call.Await(ctx)
		s.wantErr(err, context.Canceled)
		s.must(future.SetResult("set"))
		if got, err := second.Await(ctx); err != nil || got != "set!" {
			s.Errorf("%v, %v", got, err)
		}
	})
}

// TestFuture: Go awaits promises of JavaScript's, and other values.
func TestFuture(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		r := s.runtime()
		futures := map[string]*asyncio.Future[any]{}
		take := func(script string) *asyncio.Future[any] {
			_, err := r.Do(ctx, func(vm *goja.Runtime) (goja.Value, error) {
				v, err := vm.RunString(script)
				if err == nil {
					futures[script] = r.Future(v)
				}
				return nil, err
			})
			s.must(err)
			return futures[script]
		}
		if v, err := take("new Promise(f => setTimeout(f, 1, 7))").Await(ctx); err != nil || v != int64(7) {
			s.Errorf("%v, %v", v, err)
		}
		if v, err := take("8").Await(ctx); err != nil || v != int64(8) {
			s.Errorf("%v, %v", v, err)
		}
		_, err := take("Promise.reject(new Error('no'))").Await(ctx)
		var script *gojaloop.ScriptError
		if !errors.As(err, &script) || script.Message != "no" {
			s.Errorf("error %v", err)
		}
		pending := take("var f; new Promise(g => { f = g })")
		s.eval(ctx, r, "f(9)")
		if v, err := pending.Await(ctx); err != nil || v != int64(9) {
			s.Errorf("%v, %v", v, err)
		}
		never := take("new Promise(() => {})")
		s.must(r.Close())
		_, err = never.Await(ctx)
		s.wantErr(err, asyncio.ErrCancelled)
	})
}

// TestHold: a promise that a goroutine settles by Post.
func TestHold(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		r := s.runtime()
		v, err := r.Do(ctx, func(vm *goja.Runtime) (goja.Value, error) {
			promise, resolve, _ := vm.NewPromise()
			release := r.Hold()
			go func() {
				defer release()
				_ = r.Post(func(*goja.Runtime) error { return resolve("posted") })
			}()
			return vm.ToValue(promise), nil
		})
		if err != nil || v != "posted" {
			s.Errorf("%v, %v", v, err)
		}
		_, err = r.Do(ctx, func(vm *goja.Runtime) (goja.Value, error) {
			promise, _, _ := vm.NewPromise()
			release := r.Hold()
			go func() { release(); release() }()
			return vm.ToValue(promise), nil
		})
		s.wantErr(err, gojaloop.ErrNeverSettled)
	})
}

// TestFromAnywhere: Eval from a goroutine, and from a coroutine of another loop.
func TestFromAnywhere(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		r := s.runtime()
		const script = "new Promise(f => setTimeout(f, 1, 'there'))"
		v, err := asyncio.ToThread(ctx, func() (any, error) { return r.Eval(context.Background(), script) })
		if err != nil || v != "there" {
			s.Errorf("a goroutine: %v, %v", v, err)
		}
		v, err = asyncio.ToThread(ctx, func() (any, error) {
			return asyncio.Run(context.Background(), func(ctx context.Context) (any, error) { return r.Eval(ctx, script) })
		})
		if err != nil || v != "there" {
			s.Errorf("another loop: %v, %v", v, err)
		}
	})
}

// TestMisuse: each wrong call is one clear error.
func TestMisuse(t *testing.T) {
	over(t, func(s *stage, ctx context.Context) {
		r := s.runtime()
		_, err := r.Do(ctx, nil)
		s.wantErr(err, gojaloop.ErrInvalidArgument)
		_, err = r.Run(ctx, nil)
		s.wantErr(err, gojaloop.ErrInvalidArgument)
		s.wantErr(r.Post(nil), gojaloop.ErrInvalidArgument)
		for _, opt := range []gojaloop.Option{nil, gojaloop.WithConsole(nil, nil), gojaloop.WithTransport(nil),
			gojaloop.WithMaxResponse(-1), gojaloop.WithExceptionHandler(nil)} {
			_, err := gojaloop.New(s.loop, opt)
			s.wantErr(err, gojaloop.ErrInvalidArgument)
		}
		_, err = asyncio.ToThread(ctx, func() (any, error) { return gojaloop.New(nil) })
		s.wantErr(err, asyncio.ErrNoRunningLoop)
		s.define(ctx, r, "evalAgain", func(goja.FunctionCall) goja.Value {
			_, err := r.Eval(ctx, "1")
			s.wantErr(err, asyncio.ErrAwaitInCallback)
			return nil
		})
		s.eval(ctx, r, "evalAgain()")
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, gojaloop.ErrNotInMacrotask) {
				s.Errorf("panic %v", err)
			}
		}()
		r.Hold()
	})
}
