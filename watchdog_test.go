package asyncio_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/streams"
)

// soonBlocked has a loop reported after a very short time.
var soonBlocked = asyncio.WithBlockedReport(5 * time.Millisecond)

// untilTold waits until a book has so many lines with a text.
func untilTold(t *testing.T, log *testkit.LogBook, text string, n int) {
	t.Helper()
	for began := time.Now(); len(log.Lines(text)) < n; time.Sleep(time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Errorf("%d of %d lines with %q: %s", len(log.Lines(text)), n, text, log)
			return
		}
	}
}

// TestBlockedReport: what holds a loop is reported while it does, with its stack, once, and
// once more when the loop goes on; debug mode is off.
func TestBlockedReport(t *testing.T) {
	t.Parallel()
	holders := map[string]struct {
		hold  func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook)
		texts []string // in the report
	}{
		"callback": {func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook) {
			soon(t, loop, func() { untilTold(t, log, "Event loop blocked", 1) })
			soon(t, loop, loop.Stop)
			must(t, loop.RunForever())
		}, []string{"watchdog_test.go:", "untilTold"}},
		"channel": {func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook) {
			told := make(chan struct{})
			go func() { untilTold(t, log, "Event loop blocked", 1); close(told) }()
			runIn(t, loop, func(ctx context.Context) { must(t, asyncio.Sleep(ctx, 0)); <-told })
		}, []string{"watchdog_test.go:", "it waits (chan receive)", "ToThread"}},
		"mutex-held-over-a-wait": {func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook) {
			var mu sync.Mutex
			mu.Lock()
			go func() { untilTold(t, log, "Event loop blocked", 1); mu.Unlock() }()
			runIn(t, loop, func(context.Context) { mu.Lock(); defer mu.Unlock() })
		}, []string{"watchdog_test.go:", "it waits (sync.Mutex.Lock)"}},
		"exception-handler": {func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook) {
			must(t, loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) {
				untilTold(t, log, "Event loop blocked", 1)
			}))
			soon(t, loop, panicsHere)
			onePass(t, loop)
		}, []string{"watchdog_test.go:", "untilTold"}},
		"deferred-while-closing": {func(t *testing.T, loop asyncio.EventLoop, log *testkit.LogBook) {
			asyncio.CreateTask(loop, func(ctx context.Context) (int, error) {
				defer untilTold(t, log, "Event loop blocked", 1)
				return 0, asyncio.Sleep(ctx, forever)
			})
			onePass(t, loop)
			must(t, loop.Close())
		}, []string{"watchdog_test.go:", "untilTold"}},
	}
	for name, h := range holders {
		plainRow(t, name, func(t *testing.T) {
			// A machine that is busy may hold the loop before the test does; that is reported, too.
			for end := time.Now().Add(patience); ; {
				log := &testkit.LogBook{}
				h.hold(t, newLoop(t, logTo(log), soonBlocked), log)
				if len(log.Lines("Event loop blocked")) != len(log.Lines("Event loop goes on after ")) {
					t.Fatal(log)
				}
				if len(log.Lines(append(h.texts, "level=WARN", "Event loop blocked for ", " seconds", "stack=")...)) > 0 {
					return
				}
				if time.Now().After(end) {
					t.Fatal(log)
				}
			}
		})
	}
	plainRow(t, "each-blockage-once", func(t *testing.T) {
		log, other := &testkit.LogBook{}, &testkit.LogBook{}
		loop, witness := newLoop(t, logTo(log), soonBlocked), newLoop(t, logTo(other), soonBlocked)
		ended := make(chan struct{})
		for range 3 {
			before := len(log.Lines("Event loop blocked"))
			soon(t, loop, func() {
				untilTold(t, log, "Event loop blocked", before+1)
				seen := len(other.Lines("Event loop blocked"))
				untilTold(t, other, "Event loop blocked", seen+2) // while this one is held on
				want(t, "reports of one blockage", len(log.Lines("Event loop blocked")), before+1)
			})
			soon(t, loop, loop.Stop)
			go func() {
				defer func() { ended <- struct{}{} }()
				for range 4 {
					again := len(other.Lines("Event loop blocked"))
					soon(t, witness, func() { untilTold(t, other, "Event loop blocked", again+1) })
					soon(t, witness, witness.Stop)
					must(t, witness.RunForever())
				}
			}()
			must(t, loop.RunForever())
			<-ended
		}
	})
	plainRow(t, "not-one-that-sleeps-nor-one-that-is-not-to-be", func(t *testing.T) {
		witnessed, asleep, off := &testkit.LogBook{}, &testkit.LogBook{}, &testkit.LogBook{}
		witness := newLoop(t, logTo(witnessed), soonBlocked)
		sleeping := newLoop(t, logTo(asleep), soonBlocked)
		held := newLoop(t, logTo(off), asyncio.WithBlockedReport(0))
		var all sync.WaitGroup
		all.Go(func() { _ = sleeping.RunForever() })
		soon(t, held, func() {
			for n := range 3 {
				untilTold(t, witnessed, "Event loop blocked", n+1)
			}
			held.Stop()
		})
		all.Go(func() { _ = held.RunForever() })
		for n := range 3 {
			soon(t, witness, func() { untilTold(t, witnessed, "Event loop blocked", n+1) })
			soon(t, witness, witness.Stop)
			must(t, witness.RunForever())
		}
		sleeping.Stop()
		all.Wait()
		want(t, "said of the one that is not watched", off.String(), "")
		if lines := asleep.Lines("pollIdle"); len(lines) > 0 {
			t.Errorf("said of the one that sleeps: %q", lines)
		}
	})
}

// TestBlockedByHTTP: a client of net/http in a coroutine waits for goroutines that wait
// for its loop: the report says what works, and it does. It is not parallel to other
// tests, which would hear of its goroutines.
func TestBlockedByHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	t.Cleanup(server.Close)
	overLoops(t, testkit.Kinds, func(t *testing.T) {
		log := &testkit.LogBook{}
		loop := newLoop(t, logTo(log), soonBlocked)
		get := func(ctx, request context.Context) error {
			r, w, err := streams.OpenConnection(ctx, "tcp", server.Listener.Addr().String(), nil)
			if err != nil {
				return err
			}
			conn := streams.Conn(context.Background(), r, w)
			client := &http.Client{Transport: &http.Transport{
				DisableKeepAlives: true,
				DialContext:       func(context.Context, string, string) (net.Conn, error) { return conn, nil },
			}}
			call := func() (int, error) {
				req, err := http.NewRequestWithContext(request, http.MethodGet, server.URL, nil)
				if err != nil {
					return 0, err
				}
				answer, err := client.Do(req)
				if err != nil {
					return 0, err
				}
				return 0, answer.Body.Close()
			}
			if request.Done() != nil {
				_, err = call()
			} else {
				_, err = asyncio.ToThread(ctx, call)
			}
			return errors.Join(err, conn.Close())
		}
		// A machine that is busy may hold the loop before the client waits; that is reported, too.
		const hint = "net/http uses a streams.Conn"
		for end := time.Now().Add(patience); len(log.Lines(hint)) == 0 && time.Now().Before(end); {
			request, cancel := context.WithCancel(context.Background())
			before := len(log.Lines("Event loop blocked"))
			go func() { untilTold(t, log, "Event loop blocked", before+1); cancel() }()
			runIn(t, loop, func(ctx context.Context) { wantError(t, get(ctx, request), context.Canceled) })
		}
		runIn(t, loop, func(ctx context.Context) { must(t, get(ctx, context.Background())) })
		if len(log.Lines("Event loop blocked", hint, "hint=", "make the call by ToThread", "stack=", "net/http.")) == 0 {
			t.Error(log)
		}
	})
}

// blockedProgram hears of no Ctrl-C, for it holds its loop.
var blockedProgram = program("blocked", func() error {
	_, err := asyncio.Run(context.Background(), func(context.Context) (int, error) {
		fmt.Println("running")
		holdsTheLoop()
		return 0, nil
	})
	return err
})

func holdsTheLoop() { time.Sleep(forever) }

// TestInterruptOfBlockedLoop: the first Ctrl-C says that the loop cannot hear it
// and what holds it, the second ends the program.
func TestInterruptOfBlockedLoop(t *testing.T) {
	t.Parallel()
	needsInterrupt(t)
	overLoops(t, testkit.Kinds, func(t *testing.T) {
		must(t, newLoop(t).Close())
		cmd := programCommand(blockedProgram)
		out, err := cmd.StdoutPipe()
		must(t, err)
		cmd.Stderr = cmd.Stdout
		must(t, cmd.Start())
		deadline := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
		defer deadline.Stop()
		lines := bufio.NewScanner(out)
		for lines.Scan() && lines.Text() != "running" {
			continue // the loop may have something to say first
		}
		must(t, interrupt(cmd))
		said := ""
		for !strings.Contains(said, "holdsTheLoop") && lines.Scan() {
			said += lines.Text() + "\n"
		}
		if !strings.Contains(said, "Interrupted, but the event loop is blocked") || !strings.Contains(said, "interrupt again") {
			t.Errorf("it said %q", said)
		}
		must(t, interrupt(cmd))
		for lines.Scan() {
			continue
		}
		_ = cmd.Wait() // the state says it all
		if !endedByInterrupt(cmd.ProcessState) {
			t.Errorf("it ended with %v, want the signal", cmd.ProcessState)
		}
	})
}
