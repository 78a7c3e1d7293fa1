package subprocess_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
	"github.com/go-asyncio/asyncio/internal/testkit/childprogram"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
	"github.com/go-asyncio/asyncio/subprocess"
)

func TestMain(m *testing.M) {
	childprogram.Main()
	testkit.Main(m)
}

// patience is when a test that waits for something gives up.
const patience = 30 * time.Second

// quiet is for loops that are closed while children run, which they log.
var quiet = asyncio.WithLogger(slog.New(slog.DiscardHandler))

// stage is a loop under test, and the coroutine that tests on it.
type stage struct {
	*testing.T
	ctx  context.Context
	loop asyncio.EventLoop
}

// row runs f, as the subtest named id, as a coroutine of each kind of loop on which a child
// can have pipes. What the loop reports fails it.
func row(t *testing.T, id string, f func(s *stage)) {
	t.Helper()
	rowOver(t, id, withPipes, f)
}

// plainRow is row for children without pipes, which every loop can have.
func plainRow(t *testing.T, id string, f func(s *stage)) {
	t.Helper()
	rowOver(t, id, testkit.Unpinned, f)
}

func rowOver(t *testing.T, id string, which func(testkit.Mechanism) bool, f func(s *stage)) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		t.Parallel()
		testkit.Over(t, which, func(t *testing.T, m testkit.Mechanism) {
			s := newStage(t, m)
			s.run(f)
		})
	})
}

// newStage makes a loop. What it reports fails the test.
func newStage(t *testing.T, m testkit.Mechanism) *stage {
	t.Helper()
	loop, err := loops.New(m)
	s := &stage{T: t, loop: loop}
	s.must(err)
	s.must(loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		t.Errorf("reported: %s: %v", c.Message, c.Err)
	}))
	t.Cleanup(func() { s.check(loop.Close()) })
	return s
}

// run runs f as a coroutine of the loop.
func (s *stage) run(f func(s *stage)) {
	s.Helper()
	task := asyncio.CreateTask(s.loop, func(ctx context.Context) (struct{}, error) {
		s.ctx = ctx
		f(s)
		return struct{}{}, nil
	})
	if err := s.loop.RunUntilComplete(task); err != nil && !(s.Failed() && errors.Is(err, asyncio.ErrGoexit)) {
		s.Errorf("the test's coroutine: %v", err)
	}
}

// check fails the test for an error, and goes on.
func (s *stage) check(err error) {
	s.Helper()
	if err != nil {
		s.Error(err)
	}
}

// must stops the test at an error.
func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// wantError fails the test if err is not target.
func (s *stage) wantError(err, target error) {
	s.Helper()
	if !errors.Is(err, target) {
		s.Errorf("error %v, want %v", err, target)
	}
}

// want fails the test if got is not want.
func want[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// options are those of a child, made what a test wants.
func options(change ...func(*subprocess.Options)) *subprocess.Options {
	o := &subprocess.Options{Env: append(os.Environ(), childprogram.Variable+"=1", "GORACE=atexit_sleep_ms=0")}
	for _, f := range change {
		f(o)
	}
	return o
}

// piped has a child have three pipes, silent none and nothing else.
func piped(o *subprocess.Options) {
	o.Stdin, o.Stdout, o.Stderr = subprocess.Pipe, subprocess.Pipe, subprocess.Pipe
}

func silent(o *subprocess.Options) {
	o.Stdin, o.Stdout, o.Stderr = subprocess.DevNull, subprocess.DevNull, subprocess.DevNull
}

// start starts a child that does these steps.
func (s *stage) start(o *subprocess.Options, steps ...string) *subprocess.Process {
	s.Helper()
	line := again.Line(steps...)
	p, err := subprocess.Exec(s.ctx, o, line[0], line[1:]...)
	s.must(err)
	return p
}

// wait waits for a child and returns its code.
func (s *stage) wait(p *subprocess.Process) int {
	s.Helper()
	code, err := p.Wait(s.ctx)
	s.check(err)
	return code
}

// ready waits until the child has said so.
func (s *stage) ready(p *subprocess.Process) {
	s.Helper()
	got, err := p.Stdout.ReadExactly(s.ctx, len("ready"))
	s.check(err)
	want(s, "first output", string(got), "ready")
}

// task runs f as another task.
func (s *stage) task(f func(ctx context.Context) error) *asyncio.Task[struct{}] {
	return asyncio.CreateTask(s.loop, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) })
}

// passes lets the loop turn a few times.
func (s *stage) passes() {
	s.Helper()
	for range 5 {
		s.check(asyncio.Sleep(s.ctx, 0))
	}
}

// killed is the return code of a child that was killed, terminated that of one which was
// asked to end.
func killed() int { return codeOfSignal(syscall.SIGKILL) }

func terminated() int { return codeOfSignal(syscall.SIGTERM) }
