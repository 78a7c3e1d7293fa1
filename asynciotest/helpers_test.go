package asynciotest_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/asynciotest"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// recorded is a test that writes down what is found wrong, and whose end the
// caller decides.
type recorded struct {
	testing.TB
	failures []string
	cleanups []func()
}

func (r *recorded) Helper()          {}
func (r *recorded) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorded) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}
func (r *recorded) Error(args ...any) { r.failures = append(r.failures, fmt.Sprint(args...)) }
func (r *recorded) Failed() bool      { return len(r.failures) > 0 }

func (r *recorded) end() string {
	for _, f := range r.cleanups {
		f()
	}
	return strings.Join(r.failures, "\n")
}

// TestLeavesNothing is not parallel: it looks at all goroutines.
func TestLeavesNothing(t *testing.T) {
	asynciotest.LeavesNothing(t)
	t.Run("nothing-left", func(t *testing.T) {
		r := &recorded{TB: t}
		asynciotest.LeavesNothing(r)
		release := make(chan struct{})
		go func() { <-release }()
		time.AfterFunc(5*time.Millisecond, func() { close(release) })
		if got := r.end(); got != "" {
			t.Error(got)
		}
	})
	t.Run("goroutine", func(t *testing.T) {
		defer asynciotest.SetPatience(asynciotest.SetPatience(10 * time.Millisecond))
		r := &recorded{TB: t}
		asynciotest.LeavesNothing(r)
		release := make(chan struct{})
		go leftBehind(release)
		got := r.end()
		close(release)
		if !strings.Contains(got, "leftBehind") {
			t.Error(got)
		}
	})
	t.Run("descriptor", func(t *testing.T) {
		if testkit.OpenFiles() < 0 {
			// Nothing can be counted then, and the suite counts nothing.
			t.Skip("the system does not list descriptors") // what the suite cannot count it cannot miss
		}
		defer asynciotest.SetPatience(asynciotest.SetPatience(10 * time.Millisecond))
		r := &recorded{TB: t}
		asynciotest.LeavesNothing(r)
		f, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		got := r.end()
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if !strings.Contains(got, "descriptors are left behind") {
			t.Errorf("%q", got)
		}
	})
}

func leftBehind(release chan struct{}) { <-release }

func TestRun(t *testing.T) {
	t.Parallel()
	t.Run("runs", func(t *testing.T) {
		t.Parallel()
		ran := false
		asynciotest.Run(t, func(ctx context.Context) {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				t.Error(err)
			}
			ran = true
		})
		if !ran {
			t.Error("it did not run")
		}
	})
	for name, c := range map[string]struct {
		f    func(ctx context.Context)
		says string
	}{
		"task-left": {func(ctx context.Context) {
			asyncio.Go(ctx, func(ctx context.Context) (int, error) { return 0, asyncio.Sleep(ctx, time.Hour) }, asyncio.WithName("forgotten"))
		}, "forgotten"},
		"report": {func(ctx context.Context) {
			loop, err := asyncio.GetRunningLoop()
			if err == nil {
				loop.CallExceptionHandler(asyncio.ExceptionContext{Message: "went wrong"})
			}
		}, "went wrong"},
		"panic": {func(context.Context) { panic("odd") }, "odd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &recorded{TB: t}
			asynciotest.Run(r, c.f)
			if got := r.end(); !strings.Contains(got, c.says) {
				t.Errorf("it was said: %q", got)
			}
		})
	}
}
