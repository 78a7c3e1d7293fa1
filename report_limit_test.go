package asyncio_test

import (
	"context"
	"errors"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// repeaters make a loop report the same without end; again is called before each
// report and says when it is enough.
var repeaters = map[string]struct {
	message string
	start   func(t *testing.T, loop asyncio.EventLoop, again func() bool)
}{
	"reader-panics": {"Exception in callback", func(t *testing.T, loop asyncio.EventLoop, again func() bool) {
		a, b := connected(t)
		_, err := a.Write([]byte("x"))
		must(t, err)
		fd := descriptor(t, b)
		must(t, loop.AddReader(fd, func() {
			if again() {
				panicsHere()
			}
		}))
	}},
	"writer-exits": {"Goexit in callback", func(t *testing.T, loop asyncio.EventLoop, again func() bool) {
		_, b := connected(t)
		must(t, loop.AddWriter(descriptor(t, b), func() {
			if again() {
				runtime.Goexit()
			}
		}))
	}},
	"chain-panics": {"Exception in callback", func(t *testing.T, loop asyncio.EventLoop, again func() bool) {
		var f func()
		f = func() {
			if again() {
				soon(t, loop, f)
				panicsHere()
			}
		}
		soon(t, loop, f)
	}},
	"tasks-fail": {"Task exception was never retrieved", func(t *testing.T, loop asyncio.EventLoop, again func() bool) {
		var f func(ctx context.Context) (int, error)
		f = func(ctx context.Context) (int, error) {
			if !again() {
				return 0, nil
			}
			runtime.GC() // what nobody looks at is found by the collector
			asyncio.Go(ctx, f)
			return 0, errBoom
		}
		asyncio.CreateTask(loop, f)
	}},
	"handler-panics": {"Unhandled error in exception handler", func(t *testing.T, loop asyncio.EventLoop, again func() bool) {
		must(t, loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) { panic("handler") }))
		var f func()
		f = func() {
			if again() {
				soon(t, loop, f)
				panicsHere()
			}
		}
		soon(t, loop, f)
	}},
	"reported-from-elsewhere": {"from elsewhere", func(t *testing.T, loop asyncio.EventLoop, again func() bool) {
		soon(t, loop, func() {
			go func() {
				for again() {
					loop.DefaultExceptionHandler(asyncio.ExceptionContext{Message: "from elsewhere", Err: errBoom})
				}
			}()
		})
	}},
}

var moreOf = regexp.MustCompile(`\.\.\. and ([\d,]+) more in the last `)

// told adds up what the lines of a message tell: those in full, those that are sums
// and how many reports stand for these.
func told(t *testing.T, log *testkit.LogBook, message string) (full, sums, counted int) {
	t.Helper()
	for _, line := range log.Lines(message) {
		if m := moreOf.FindStringSubmatch(line); m == nil {
			full++
		} else {
			n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
			must(t, err)
			sums++
			counted += n
		}
	}
	return full, sums, counted
}

// TestReportsInNumbers: what repeats without limit is told some times and then counted, and nothing is
// left out of the count.
func TestReportsInNumbers(t *testing.T) {
	t.Parallel()
	for name, r := range repeaters {
		plainRow(t, name, func(t *testing.T) {
			n := 3000
			if name == "tasks-fail" {
				n = 100
			}
			var log testkit.LogBook
			loop := mustLoop(t, logTo(&log))
			var made atomic.Int64
			r.start(t, loop, func() bool {
				if made.Add(1) > int64(n) {
					made.Store(int64(n))
					loop.Stop()
					return false
				}
				return true
			})
			began := time.Now()
			must(t, loop.RunForever())
			must(t, loop.Close())
			periods := 2 + int(time.Since(began)/time.Second)
			full, sums, counted := told(t, &log, r.message)
			if full+counted != n {
				t.Errorf("%d in full and %d counted of %d", full, counted, n)
			}
			if most := 11 * periods; full+sums > most {
				t.Errorf("%d lines for %d reports in %d s", full+sums, n, periods)
			}
		})
	}
	plainRow(t, "a-handler-of-ones-own-hears-each", func(t *testing.T) {
		loop := newLoop(t)
		r := collectReports(t, loop)
		for range 100 {
			soon(t, loop, panicsHere)
		}
		onePass(t, loop)
		want(t, "reports", len(r.all()), 100)
	})
	plainRow(t, "kinds-are-told-apart", func(t *testing.T) {
		var log testkit.LogBook
		loop := mustLoop(t, logTo(&log))
		for i := range 100 {
			for range 20 {
				loop.DefaultExceptionHandler(asyncio.ExceptionContext{Message: "kind " + strconv.Itoa(i) + ";"})
			}
			loop.DefaultExceptionHandler(asyncio.ExceptionContext{Message: "kind " + strconv.Itoa(i) + ";", Err: errors.New("another")})
		}
		must(t, loop.Close())
		for i := range 100 {
			full, _, counted := told(t, &log, "kind "+strconv.Itoa(i)+";")
			if full < 11 || full+counted != 21 {
				t.Fatalf("kind %d: %d in full, %d counted", i, full, counted)
			}
		}
	})
	plainRow(t, "an-embedder-sees-no-timer", func(t *testing.T) {
		var log testkit.LogBook
		loop := &timerSeer{}
		loop.EventLoop = mustLoop(t, logTo(&log), asyncio.WithSelf(loop))
		for range 20 {
			loop.DefaultExceptionHandler(asyncio.ExceptionContext{Message: "again"})
		}
		must(t, loop.Close())
		full, sums, counted := told(t, &log, "again")
		want(t, "in full", full, 10)
		want(t, "sums", sums, 1)
		want(t, "counted", counted, 10)
		want(t, "timers", loop.seen, 0)
	})
}

// timerSeer is a loop that sees each timer.
type timerSeer struct {
	asyncio.EventLoop
	seen int
}

func (l *timerSeer) CallAt(when time.Duration, f func()) (asyncio.TimerHandle, error) {
	l.seen++
	return l.EventLoop.CallAt(when, f)
}

// TestReportsAreSummedUp: the sum is told when the period is over, by a loop that has nothing else to do;
// then reports are told in full again.
func TestReportsAreSummedUp(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Kinds, func(t *testing.T) {
		measureClock(t)
		synctest.Test(t, testSums)
	})
}

func testSums(t *testing.T) {
	var log testkit.LogBook
	loop := openHooked(t, testkit.InBubble, logTo(&log))
	runIn(t, loop, func(ctx context.Context) {
		for range 1244 {
			loop.DefaultExceptionHandler(asyncio.ExceptionContext{Message: "again", Err: errBoom})
		}
		full, sums, _ := told(t, &log, "again")
		want(t, "in full at first", full, 10)
		want(t, "sums at first", sums, 0)
		must(t, asyncio.Sleep(ctx, 1100*time.Millisecond))
		if got := log.Lines(`level=ERROR msg="again ... and 1,234 more in the last second" error=boom`); len(got) != 1 {
			t.Errorf("after a second: %s", log.String())
		}
		loop.DefaultExceptionHandler(asyncio.ExceptionContext{Message: "again", Err: errBoom})
		must(t, asyncio.Sleep(ctx, 1100*time.Millisecond))
		want(t, "after a period with one", len(log.Lines("and 1 more in the last second")), 1)
		must(t, asyncio.Sleep(ctx, 1100*time.Millisecond))
		loop.DefaultExceptionHandler(asyncio.ExceptionContext{Message: "again", Err: errBoom})
		full, _, _ = told(t, &log, "again")
		want(t, "in full after a period without any", full, 11)
	})
	must(t, loop.Close())
}
