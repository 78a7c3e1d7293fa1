package subprocess_test

import (
	"log/slog"
	"os"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
	"github.com/go-asyncio/asyncio/internal/testkit/childprogram"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/subprocess"
)

func TestMain(m *testing.M) {
	childprogram.Main()
	testkit.Main(m)
}

// quiet is for loops that are closed while children run, which they log.
var quiet = asyncio.WithLogger(slog.New(slog.DiscardHandler))

// stage is a loop under test, and the coroutine that tests on it.
type stage struct{ *onloop.Stage }

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

func newStage(t *testing.T, m testkit.Mechanism, opts ...asyncio.LoopOption) *stage {
	t.Helper()
	return &stage{onloop.New(t, m, opts...)}
}

// run runs f as a coroutine of the loop.
func (s *stage) run(f func(s *stage)) {
	s.Helper()
	s.Run(func() { f(s) })
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
	p, err := subprocess.Exec(s.Ctx, o, line[0], line[1:]...)
	s.Must(err)
	return p
}

// wait waits for a child and returns its code.
func (s *stage) wait(p *subprocess.Process) int {
	s.Helper()
	code, err := p.Wait(s.Ctx)
	s.Check(err)
	return code
}

// ready waits until the child has said so.
func (s *stage) ready(p *subprocess.Process) {
	s.Helper()
	got, err := p.Stdout.ReadExactly(s.Ctx, len("ready"))
	s.Check(err)
	onloop.Want(s, "first output", string(got), "ready")
}

// killed is the return code of a child that was killed, terminated that of one which was
// asked to end.
func killed() int { return codeOfSignal(syscall.SIGKILL) }

func terminated() int { return codeOfSignal(syscall.SIGTERM) }
