// Package golden_test plays the scenarios of testdata/golden/py in Go: each
// must print the lines that CPython printed, 3.11 and 3.14 or, where they differ,
// 3.14, as testdata/golden/*.txt recorded them. A scenario has the same name there and here, in the spelling
// of each language, and the same steps; read the two side by side.
package golden_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
	"github.com/go-asyncio/asyncio/simulation"
)

// tick is the unit of a scenario's time.
const tick = 10 * time.Millisecond

// stage is where a scenario plays: its loop, and the lines it printed.
type stage struct {
	t       *testing.T
	newLoop func() (asyncio.EventLoop, error)
	loop    asyncio.EventLoop
	lines   []string
	lacking error // what a simulated loop cannot do
}

// out prints a line of words, spelled as the Python side spells them.
func (s *stage) out(words ...any) {
	line := make([]string, len(words))
	for i, w := range words {
		if w == nil {
			w = "none"
		}
		line[i] = fmt.Sprint(w)
	}
	s.lines = append(s.lines, strings.Join(line, " "))
}

// must stops the scenario at an error that it does not speak of.
func (s *stage) must(err error) {
	if asyncio.IsSimulated(s.loop) && errors.Is(err, errors.ErrUnsupported) {
		s.lacking = err
		panic(err)
	}
	if err != nil {
		s.t.Errorf("unexpected error: %v", err)
		panic(err)
	}
}

// needsSystem ends a scenario that needs something of the system's, if its loop is simulated.
func (s *stage) needsSystem(what string) {
	if asyncio.IsSimulated(s.loop) {
		s.must(fmt.Errorf("%w: it needs %s of the system's", errors.ErrUnsupported, what))
	}
}

// boom is the error that scenarios fail with.
type boom string

func (b boom) Error() string { return "boom " + string(b) }

// refused says whether err is there and one of kinds; without kinds any will do.
func refused(err error, kinds ...error) string {
	switch {
	case err == nil:
		return "allowed"
	case len(kinds) == 0 || slices.ContainsFunc(kinds, func(k error) bool { return errors.Is(err, k) }):
		return "refused"
	}
	return "failed: " + err.Error()
}

// describe has the same words for an error as the Python side. What counts is
// what the error is, not what a group or a timeout holds.
func describe(err error) string {
	for e := err; e != nil; e = errors.Unwrap(e) {
		switch e := e.(type) {
		case boom:
			return e.Error()
		case *asyncio.TimeoutError:
			return "timeout"
		case *asyncio.CancelledError:
			if e.Message != nil {
				return fmt.Sprintf("cancelled (%v)", e.Message)
			}
			return "cancelled"
		case *asyncio.GroupError:
			var parts []string
			for _, part := range e.Errors {
				parts = append(parts, describe(part))
			}
			slices.Sort(parts)
			return "group(" + strings.Join(parts, ", ") + ")"
		}
	}
	return fmt.Sprintf("no words for %T: %v", err, err)
}

// finished is what a future or task of any kind tells of its end.
type finished interface {
	Cancelled() bool
	Exception() error
	Result() (any, error)
}

// outcome says in words what a finished future holds.
func outcome(f finished) string {
	if f.Cancelled() {
		return "cancelled"
	}
	if err := f.Exception(); err != nil {
		return describe(err)
	}
	v, _ := f.Result()
	return fmt.Sprint("result ", v)
}

// ticks sleeps n ticks; 0 gives way to the loop once.
func ticks(ctx context.Context, n int) error { return asyncio.Sleep(ctx, tickTimes(n)) }

func tickTimes(n int) time.Duration { return time.Duration(n) * tick }

// Short forms of the loop's calls, for scenarios that do not speak of their errors.

func (s *stage) soon(f func()) asyncio.Handle {
	h, err := s.loop.CallSoon(f)
	s.must(err)
	return h
}

func (s *stage) say(words ...any) func() { return func() { s.out(words...) } }

func (s *stage) later(n float64, f func()) asyncio.TimerHandle {
	h, err := s.loop.CallLater(time.Duration(n*float64(tick)), f)
	s.must(err)
	return h
}

func (s *stage) at(when time.Duration, f func()) asyncio.TimerHandle {
	h, err := s.loop.CallAt(when, f)
	s.must(err)
	return h
}

type coroutine = func(context.Context) (any, error)

func (s *stage) task(f coroutine, opts ...asyncio.TaskOption) *asyncio.Task[any] {
	return asyncio.CreateTask(s.loop, f, opts...)
}

func (s *stage) named(name string, f coroutine) *asyncio.Task[any] {
	return s.task(f, asyncio.WithName(name))
}

func (s *stage) future() *asyncio.Future[any] { return asyncio.NewFuture[any](s.loop) }

// wait waits until all tasks are done, however they end.
func (s *stage) wait(ctx context.Context, tasks ...*asyncio.Task[any]) {
	_, _, err := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{})
	s.must(err)
}

// play runs one scenario on a loop of its own and returns its stage, with what it has printed. A
// scenario that takes a context is run as the main task.
func play(t *testing.T, newLoop func() (asyncio.EventLoop, error), scenario any) *stage {
	loop, err := newLoop()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := loop.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := &stage{t: t, newLoop: newLoop, loop: loop}
	switch scenario := scenario.(type) {
	case func(*stage):
		scenario(s)
	case func(context.Context, *stage) error:
		err := loop.RunUntilComplete(s.task(func(ctx context.Context) (any, error) { return nil, scenario(ctx, s) }))
		if err != nil && s.lacking == nil {
			t.Errorf("main ended with %v", err)
		}
	default:
		t.Fatalf("%T is no scenario", scenario)
	}
	return s
}

// playInBubble plays in the time of a test bubble.
func playInBubble(t *testing.T, m testkit.Mechanism, scenario any) (s *stage) {
	newLoop := func() (asyncio.EventLoop, error) { return loops.New(m.Hooked(testkit.InBubble)) }
	synctest.Test(t, func(t *testing.T) { s = play(t, newLoop, scenario) })
	return s
}

// playInWorld plays on the only host of a simulated world, as its main function.
func playInWorld(t *testing.T, scenario func(context.Context, *stage) error) *stage {
	s := &stage{t: t, newLoop: func() (asyncio.EventLoop, error) {
		return nil, fmt.Errorf("%w: a host has one loop", errors.ErrUnsupported)
	}}
	simulation.Test(t, func(w *simulation.World) {
		h := w.Host("host")
		h.Start(func(ctx context.Context) error {
			s.loop = h.Loop()
			return scenario(ctx, s)
		})
		if err := w.Run(); err != nil && s.lacking == nil {
			t.Errorf("the world ended with %v", err)
		}
	})
	return s
}

// playInTime plays in the machine's own time, for which the system may need some: a proactor's
// may say a moment later what is ready, and a bubble has no moments.
// A simulated network needs none.
func playInTime(t *testing.T, m testkit.Mechanism, scenario any) *stage {
	if m.Simulated {
		return playInBubble(t, m, scenario)
	}
	return play(t, func() (asyncio.EventLoop, error) { return loops.New(m) }, scenario)
}

// compare plays the scenarios of one part in a bubble and compares each with what was
// recorded. Those that are a main task are played in a world, too.
func compare(t *testing.T, part string, scenarios ...any) {
	compareBy(t, playInBubble, part, scenarios)
	t.Run("world", func(t *testing.T) {
		t.Parallel()
		recorded := recording(t, part)
		for _, scenario := range scenarios {
			if main, ok := scenario.(func(context.Context, *stage) error); ok {
				name := nameOf(scenario)
				t.Run(name, func(t *testing.T) { recorded.compare(t, name, playInWorld(t, main)) })
			}
		}
	})
}

// compareBy compares what a way to play has for the scenarios of one part, over the mechanisms
// of the system and over a simulated network that has no surprises. In a world, which draws
// how much goes through a socket at once, one that speaks of that would not print the same.
func compareBy(t *testing.T, play func(*testing.T, testkit.Mechanism, any) *stage, part string, scenarios []any) {
	t.Parallel()
	recorded := recording(t, part)
	var names []string
	for _, scenario := range scenarios {
		name := nameOf(scenario)
		names = append(names, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Over(t, testkit.OrSimulated(testkit.Unpinned), func(t *testing.T, m testkit.Mechanism) {
				recorded.compare(t, name, play(t, m, scenario))
			})
		})
	}
	if !slices.Equal(names, recorded.names) {
		t.Errorf("scenarios here: %q\nrecorded:       %q", names, recorded.names)
	}
}

// recorded is what testdata/golden holds of one part.
type recorded struct {
	names    []string
	lines    map[string][]string
	versions map[string]string // under which each was recorded
}

// compare compares what a scenario has printed with what was recorded.
func (r recorded) compare(t *testing.T, name string, s *stage) {
	if s.lacking != nil {
		t.Skip("a simulated host cannot play it:", s.lacking) // the scenario asks for what the system alone has
	}
	if got, want := s.lines, r.lines[name]; !slices.Equal(got, want) {
		t.Errorf("it printed:\n  %s\nCPython %s printed:\n  %s",
			strings.Join(got, "\n  "), r.versions[name], strings.Join(want, "\n  "))
	}
}

// recording reads what was recorded of one part.
func recording(t *testing.T, part string) recorded {
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "golden", part+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	r := recorded{lines: map[string][]string{}, versions: map[string]string{}}
	var name string
	first, rest, _ := strings.Cut(strings.TrimSuffix(string(text), "\n"), "\n")
	if !strings.HasPrefix(first, "# CPython ") {
		t.Fatalf("%s.txt does not begin with the versions that it was recorded under", part)
	}
	for _, line := range strings.Split(rest, "\n") {
		if head, ok := strings.CutPrefix(line, "-- "); ok {
			var versions string
			name, versions, _ = strings.Cut(head, " -- ")
			r.names = append(r.names, name)
			r.versions[name] = strings.ReplaceAll(versions, " ", " and ")
			continue
		}
		r.lines[name] = append(r.lines[name], line)
	}
	return r
}

// nameOf is a scenario's name as Python spells it.
func nameOf(scenario any) string {
	full := runtime.FuncForPC(reflect.ValueOf(scenario).Pointer()).Name()
	var b strings.Builder
	for _, r := range full[strings.LastIndexByte(full, '.')+1:] {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// TestMain makes one loop in the machine's own time first: what is measured
// once for all loops, the step of the clock, cannot be measured in a bubble.
func TestMain(m *testing.M) {
	loop, err := asyncio.NewEventLoop()
	if err == nil {
		err = loop.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	testkit.Main(m)
}
