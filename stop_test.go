package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// waysToEnd are how a callback can end.
var waysToEnd = map[string]func(){"returns": func() {}, "panics": panicsHere, "exits": runtime.Goexit}

// treadmills make something that runs in every pass from now on and ends so each
// time; ran counts.
var treadmills = map[string]func(t *testing.T, loop asyncio.EventLoop, ran *atomic.Int64, end func()){
	"reader": func(t *testing.T, loop asyncio.EventLoop, ran *atomic.Int64, end func()) {
		a, b := connected(t)
		_, err := a.Write([]byte("x"))
		must(t, err)
		must(t, loop.AddReader(descriptor(t, b), func() { ran.Add(1); end() }))
	},
	"writer": func(t *testing.T, loop asyncio.EventLoop, ran *atomic.Int64, end func()) {
		_, b := connected(t)
		must(t, loop.AddWriter(descriptor(t, b), func() { ran.Add(1); end() }))
	},
	"chain": func(t *testing.T, loop asyncio.EventLoop, ran *atomic.Int64, end func()) {
		var f func()
		f = func() {
			ran.Add(1)
			_, _ = loop.CallSoon(f)
			end()
		}
		soon(t, loop, f)
	},
	"threadsafe-chain": func(t *testing.T, loop asyncio.EventLoop, ran *atomic.Int64, end func()) {
		var f func()
		f = func() {
			ran.Add(1)
			_, _ = loop.CallSoonThreadsafe(f)
			end()
		}
		soon(t, loop, f)
	},
	"timers": func(t *testing.T, loop asyncio.EventLoop, ran *atomic.Int64, end func()) {
		var f func()
		f = func() {
			ran.Add(1)
			_, _ = loop.CallLater(0, f)
			end()
		}
		soon(t, loop, f)
	},
	"tasks": func(t *testing.T, loop asyncio.EventLoop, ran *atomic.Int64, end func()) {
		var f func(context.Context) (int, error)
		f = func(ctx context.Context) (int, error) {
			ran.Add(1)
			asyncio.Go(ctx, f)
			end()
			return 0, nil
		}
		asyncio.CreateTask(loop, f)
	},
}

// TestStopIsSeen: whatever runs last in each pass, and however it ends, the loop can be stopped.
func TestStopIsSeen(t *testing.T) {
	t.Parallel()
	stops := map[string]func(t *testing.T, loop asyncio.EventLoop, goesRound <-chan struct{}) error{
		"Stop": func(t *testing.T, loop asyncio.EventLoop, goesRound <-chan struct{}) error {
			go func() { <-goesRound; loop.Stop() }()
			return loop.RunForever()
		},
		"RunUntilComplete": func(t *testing.T, loop asyncio.EventLoop, goesRound <-chan struct{}) error {
			return loop.RunUntilComplete(asyncio.CreateTask(loop, sleeper(instant)))
		},
	}
	for on, start := range treadmills {
		for how, end := range waysToEnd {
			for by, run := range stops {
				plainRow(t, fmt.Sprintf("%s-that-%s/%s", on, how, by), func(t *testing.T) {
					loop := mustLoop(t, silent)
					must(t, loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) {}))
					var ran atomic.Int64
					goesRound := make(chan struct{})
					start(t, loop, &ran, func() {
						if ran.Load() == 100 {
							close(goesRound)
						}
						end()
					})
					ended := make(chan error, 1)
					go func() { ended <- run(t, loop, goesRound) }()
					select {
					case err := <-ended:
						must(t, err)
						must(t, loop.Close())
					case <-time.After(20 * time.Second):
						t.Errorf("the loop goes on for ever: %d times round, Close says %v", ran.Load(), loop.Close())
					}
				})
			}
		}
	}
}

// TestStopEndsThePass: what a callback schedules before it calls Stop is left for the next run, however
// the callback ends, and wherever in its pass it stood.
func TestStopEndsThePass(t *testing.T) {
	t.Parallel()
	for how, end := range waysToEnd {
		for behind := range 2 {
			plainRow(t, fmt.Sprintf("callback-that-%s/%d-behind-it", how, behind), func(t *testing.T) {
				loop := newLoop(t, silent)
				var order []string
				soon(t, loop, func() {
					order = append(order, "stops")
					soon(t, loop, func() { order = append(order, "next run") })
					loop.Stop()
					end()
				})
				for range behind {
					soon(t, loop, func() { order = append(order, "same pass") })
				}
				must(t, loop.RunForever())
				wanted := []string{"stops", "same pass"}[:1+behind]
				if !slices.Equal(order, wanted) {
					t.Errorf("the first run did %q", order)
				}
				onePass(t, loop)
				if wanted = append(wanted, "next run"); !slices.Equal(order, wanted) {
					t.Errorf("both runs did %q", order)
				}
			})
		}
		plainRow(t, "task-that-"+how, func(t *testing.T) {
			loop := newLoop(t, silent)
			var order []string
			task := asyncio.CreateTask(loop, func(context.Context) (int, error) {
				order = append(order, "stops")
				soon(t, loop, func() { order = append(order, "next run") })
				loop.Stop()
				end()
				return 0, nil
			})
			task.AddDoneCallback(func(f *asyncio.Task[int]) { _ = f.Exception() })
			must(t, loop.RunForever())
			if !slices.Equal(order, []string{"stops"}) {
				t.Errorf("the first run did %q", order)
			}
		})
		plainRow(t, "reader-that-"+how, func(t *testing.T) {
			loop := newLoop(t, silent)
			var order []string
			a, b := connected(t)
			_, err := a.Write([]byte("x"))
			must(t, err)
			must(t, loop.AddReader(descriptor(t, b), func() {
				order = append(order, "stops")
				soon(t, loop, func() { order = append(order, "next run") })
				loop.Stop()
				end()
			}))
			must(t, loop.RunForever())
			if !slices.Equal(order, []string{"stops"}) {
				t.Errorf("the first run did %q", order)
			}
		})
	}
}

// TestWaitThatFails: a selector or proactor that does not return from its wait ends the run, which
// says so: the next wait would be no better.
func TestWaitThatFails(t *testing.T) {
	t.Parallel()
	for how, end := range waysToEnd {
		if how == "returns" {
			continue
		}
		plainRow(t, how, func(t *testing.T) {
			failing := false
			loop := openHooked(t, func(wait func(time.Duration) (bool, error), timeout time.Duration) error {
				if failing {
					failing = false
					end()
				}
				_, err := wait(timeout)
				return err
			}, silent)
			failing = true
			err := loop.RunForever()
			var p *asyncio.PanicError
			if !errors.As(err, &p) && !errors.Is(err, asyncio.ErrGoexit) {
				t.Errorf("the run ended with %v", err)
			}
			ran := false
			soon(t, loop, func() { ran = true })
			onePass(t, loop)
			want(t, "the next run did its work", ran, true)
			must(t, loop.Close())
		})
	}
}

// TestOrderInAPass: one descriptor that is ready, one timer that is due, one callback: in which
// order they run, and what each schedules after that, however many passes the
// loop has gone without a poll. A proactor's system may take a moment to say that
// the descriptor is ready, and then it comes later.
func TestOrderInAPass(t *testing.T) {
	t.Parallel()
	wanted := []string{"soon", "io", "timer", "soon-next", "io-next", "timer-next"}
	overLoops(t, testkit.Unpinned, func(t *testing.T) {
		loop := newLoop(t)
		a, b := connected(t)
		m, _ := mechanismOf(t)
		tells := m.Selector != nil && !testkit.UnderWine() // its server passes on what was sent
		inOrder := 0
		var order []string
		note := func(name string) {
			order = append(order, name)
			soon(t, loop, func() { order = append(order, name+"-next") })
		}
		must(t, loop.AddReader(descriptor(t, b), func() {
			// It may be called for nothing: then there is nothing to read, and no blocking.
			must(t, b.SetReadDeadline(time.Now().Add(instant)))
			if _, err := b.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
				return
			} else {
				must(t, err)
			}
			note("io")
		}))
		const rounds = 200
		least := 1
		if tells { // but for a moment in which the machine has other things to do
			least = rounds / 2
		}
		end := time.Now().Add(patience) // while the loop is on another thread than its proactor, it is always late
		for round := 0; round < rounds || inOrder < least && time.Now().Before(end); round++ {
			before := round % rounds
			order = nil
			left := before
			var busy func()
			busy = func() {
				if left--; left >= 0 {
					soon(t, loop, busy)
					return
				}
				_, err := a.Write([]byte("x"))
				must(t, err)
				soon(t, loop, func() { note("soon") })
				_, err = loop.CallLater(0, func() {
					note("timer")
					soon(t, loop, loop.Stop)
				})
				must(t, err)
			}
			soon(t, loop, busy)
			must(t, loop.RunForever())
			switch {
			case slices.Equal(order, wanted):
				inOrder++
			case !slices.Equal(late(order), late(wanted)):
				t.Fatalf("after %d passes: %q", before, order)
			}
		}
		if inOrder < least {
			t.Errorf("only %d times in order, in the end %q", inOrder, order)
		}
	})
}

// late is an order without what the descriptor has done, which the system told of late.
func late(order []string) []string {
	return slices.DeleteFunc(slices.Clone(order), func(s string) bool { return strings.HasPrefix(s, "io") })
}

// TestBusyNeighbours: goroutines that keep a loop from sleeping do not keep it from its descriptors
// and timers: it polls after so many passes, whoever makes it busy.
func TestBusyNeighbours(t *testing.T) {
	t.Parallel()
	overLoops(t, testkit.Kinds, func(t *testing.T) {
		const rounds, most = 20_000, 100
		round, polled, longest := 0, 0, 0
		loop := openHooked(t, func(wait func(time.Duration) (bool, error), timeout time.Duration) error {
			polled = round
			_, err := wait(timeout)
			return err
		})
		ask := make(chan struct{})
		answer := func() {
			longest = max(longest, round-polled)
			if round++; round == rounds {
				loop.Stop()
				return
			}
			ask <- struct{}{}
		}
		go func() {
			for range ask {
				_, _ = loop.CallSoonThreadsafe(answer)
			}
		}()
		defer close(ask)
		soon(t, loop, answer)
		must(t, loop.RunForever())
		must(t, loop.Close())
		if longest > most {
			t.Errorf("%d passes without a poll", longest)
		}
	})
}
