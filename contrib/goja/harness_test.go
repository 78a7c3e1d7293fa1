package gojaloop_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/dop251/goja"
	"github.com/go-asyncio/asyncio"
	gojaloop "github.com/go-asyncio/asyncio/contrib/goja"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// stage is a loop under test, what its scripts have logged, and what was reported to
// its exception handler.
type stage struct {
	*testing.T
	loop asyncio.EventLoop

	mu       sync.Mutex
	logged   strings.Builder
	reported []asyncio.ExceptionContext
}

// over runs f as a coroutine on each kind of loop. What is reported and not asked for
// with reports fails the test.
func over(t *testing.T, f func(s *stage, ctx context.Context)) {
	t.Parallel()
	testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) {
		s := newStage(t, m)
		s.run(f)
		for _, c := range s.reports() {
			t.Errorf("reported: %s: %v", c.Message, c.Err)
		}
	})
}

// overBubble is over in the time of a test bubble, in which hours pass at once.
func overBubble(t *testing.T, f func(s *stage, ctx context.Context)) {
	t.Parallel()
	testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) {
		newStage(t, m) // the first loop looks at the machine's clock, which stands still in a bubble
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, m.Hooked(testkit.InBubble))
			s.run(f)
			for _, c := range s.reports() {
				t.Errorf("reported: %s: %v", c.Message, c.Err)
			}
		})
	})
}

func newStage(t *testing.T, m testkit.Mechanism) *stage {
	loop, err := loops.New(m, asyncio.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{T: t, loop: loop}
	s.must(loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reported = append(s.reported, c)
	}))
	t.Cleanup(func() { s.must(loop.Close()) })
	return s
}

// run runs f as a coroutine, and then the loop for as long as it takes to end what was
// closed.
func (s *stage) run(f func(s *stage, ctx context.Context)) {
	s.Helper()
	err := s.loop.RunUntilComplete(asyncio.CreateTaskErr(s.loop, func(ctx context.Context) error {
		f(s, ctx)
		return nil
	}))
	if err != nil {
		s.Errorf("the test's coroutine: %v", err)
	}
}

// must fails the test for an error.
func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// Write implements io.Writer for console.
func (s *stage) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logged.Write(p)
}

// log returns what was logged since the last call, on one line.
func (s *stage) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.Join(strings.Fields(s.logged.String()), " ")
	s.logged.Reset()
	return text
}

// reports returns what was reported since the last call.
func (s *stage) reports() []asyncio.ExceptionContext {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.reported
	s.reported = nil
	return all
}

// runtime makes a runtime that logs into the stage. It is closed at the end of the test.
func (s *stage) runtime(opts ...gojaloop.Option) *gojaloop.Runtime {
	s.Helper()
	r, err := gojaloop.New(s.loop, append([]gojaloop.Option{gojaloop.WithConsole(s, s)}, opts...)...)
	s.must(err)
	s.Cleanup(func() { s.must(r.Close()) })
	return r
}

// eval runs a script and returns its result.
func (s *stage) eval(ctx context.Context, r *gojaloop.Runtime, source string) any {
	s.Helper()
	v, err := r.Eval(ctx, source)
	s.must(err)
	return v
}

// wantLog fails the test if something else was logged.
func (s *stage) wantLog(want string) {
	s.Helper()
	if got := s.log(); got != want {
		s.Errorf("logged: %s\n  want: %s", got, want)
	}
}

// wantErr fails the test if err is not the error wanted.
func (s *stage) wantErr(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("error %v, want %v", err, want)
	}
}

// define makes a Go function a global one of the scripts.
func (s *stage) define(ctx context.Context, r *gojaloop.Runtime, name string, f func(call goja.FunctionCall) goja.Value) {
	s.Helper()
	_, err := r.Do(ctx, func(vm *goja.Runtime) (goja.Value, error) { return nil, vm.Set(name, f) })
	s.must(err)
}
