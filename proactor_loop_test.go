package asyncio_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/proactors"
)

// TestProactorLoop: the loop over completion, its wake-up and its end.
func TestProactorLoop(t *testing.T) {
	t.Parallel()
	idlePortRow(t, "proactor.036.loop-close", func(n *netTest, w *watchedProactor) {
		n.l.Stop()
		n.check(n.l.RunForever())
		for range 3 {
			n.check(n.l.Close())
		}
		if w.closes != 1 {
			n.Errorf("the proactor was closed %d times", w.closes)
		}
	})
	idlePortRow(t, "proactor.037a.self-reading", func(n *netTest, w *watchedProactor) {
		// A wake-up is used up, and the next one works as well: in one run and in the next.
		const each = 5
		woken := 0
		var wake func()
		wake = func() {
			w.sleeps = func() {
				callOnce := func() {
					if woken++; woken%each == 0 {
						n.l.Stop()
					} else {
						wake()
					}
				}
				go n.l.CallSoonThreadsafe(callOnce)
			}
		}
		for run := range 3 {
			wake()
			n.check(n.l.RunForever())
			if woken != each*(run+1) {
				n.Errorf("woken %d times after %d runs", woken, run+1)
			}
		}
	})
	idlePortRow(t, "proactor.037b.self-reading-error", func(n *netTest, w *watchedProactor) {
		// A proactor that cannot be waited for cannot be woken either: the run is
		// over, and its caller is told.
		w.broken = errOdd
		if err := n.l.RunForever(); !errors.Is(err, errOdd) {
			n.Errorf("the run ended with %v", err)
		}
		w.broken = nil
		ran := false
		_, err := n.l.CallSoon(func() { ran = true; n.l.Stop() })
		n.check(err)
		n.check(n.l.RunForever())
		if !ran {
			n.Error("the next run did nothing")
		}
	})
	idlePortRow(t, "proactor.038.write-to-self", func(n *netTest, w *watchedProactor) {
		for round := range 5 {
			ran, wakes := 0, w.wakes.Load()
			w.sleeps = func() {
				callFromMany(func() {
					_, err := n.l.CallSoonThreadsafe(func() {
						if ran++; ran == 400 {
							n.l.Stop()
						}
					})
					n.check(err)
				})
			}
			n.check(n.l.RunForever())
			if k := w.wakes.Load() - wakes; ran != 400 || k != 1 {
				n.Fatalf("round %d: %d callbacks, %d wake-ups", round, ran, k)
			}
		}
	})
	portRow(t, "proactor.039.process-events", func(ctx context.Context, n *netTest, w *watchedProactor) {
		// A wait that ends with nothing done has nothing processed: what is under way
		// stays so.
		c, r := n.raw(ctx)
		fd := socketOf(r.transport)
		n.until(ctx, "a receive", func() bool { return w.underway(proactors.Receive, fd) == 1 })
		w.idle = 3
		n.until(ctx, "waits that end with nothing", func() bool { return w.empty == 3 })
		if r.history() != "made" || w.posted[about(proactors.Receive, fd)] != 1 || w.undone[about(proactors.Receive, fd)] != 0 {
			n.Errorf("%s, posted %v, cancelled %v", r.history(), w.posted, w.undone)
		}
		c.Write([]byte("data"))
		n.until(ctx, "the data", func() bool { return string(r.data) == "data" })
		r.transport.Abort()
		n.until(ctx, "the end", func() bool { return r.lost })
	})
}

// TestProactorDescriptors is not parallel: it counts the descriptors of the process.
func TestProactorDescriptors(t *testing.T) {
	for _, row := range []string{"proactor.034.loop-ctor", "proactor.035.loop-close-self-pipe", "events.034.internal-fds", "selev.003a.close-releases"} {
		t.Run(row, func(t *testing.T) {
			for _, m := range testkit.Available(t, testkit.Proactors) {
				t.Run(m.Name, func(t *testing.T) { checkProactorDescriptors(t, m.Proactor) })
			}
		})
	}
}

func checkProactorDescriptors(t *testing.T, open func() (proactors.Proactor, error)) {
	before := testkit.OpenFiles()
	p, err := open()
	if err != nil {
		t.Fatal(err)
	}
	l, err := asyncio.NewProactorEventLoop(p)
	if err != nil {
		t.Fatal(err)
	}
	own := slices.Clone(p.Descriptors())
	if len(own) == 0 {
		t.Error("the loop has no descriptor of its own")
	}
	if during := testkit.OpenFiles(); !testkit.SocketsOnly && before >= 0 && during != before+len(own) {
		t.Errorf("%d descriptors, of which the loop has %v; %d before", during, own, before)
	}
	l.Stop()
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	for range 3 {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if left := p.Descriptors(); len(left) != 0 {
		t.Errorf("descriptors of a closed loop: %v", left)
	}
	if after := testkit.OpenFiles(); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

// TestProactorServing: listening sockets over completion.
func TestProactorServing(t *testing.T) {
	t.Parallel()
	portRow(t, "proactor.040a.start-serving", func(ctx context.Context, n *netTest, w *watchedProactor) {
		s, addr := n.serve(ctx, nil)
		fd := asyncio.Acceptor(s).FD()
		n.until(ctx, "an accept", func() bool { return w.underway(proactors.Accept, fd) == 1 })
		for i := range 4 {
			dialPlain(n, addr)
			n.until(ctx, "the connection", func() bool { return len(asyncio.TransportsOf(s)) == i+1 })
			if k := w.underway(proactors.Accept, fd); k != 1 {
				n.Errorf("%d accepts under way after %d connections", k, i+1)
			}
		}
		s.Close()
		s.AbortClients()
		n.check(s.WaitClosed(ctx))
	})
	portRow(t, "proactor.040b.start-serving-error", func(ctx context.Context, n *netTest, w *watchedProactor) {
		n.expectErrors = true
		s, addr := n.serve(ctx, nil)
		n.until(ctx, "an accept", func() bool { return w.underway(proactors.Accept, asyncio.Acceptor(s).FD()) == 1 })
		w.fail(proactors.Accept, asyncio.Acceptor(s).FD(), errIO)
		n.until(ctx, "the report", func() bool { return len(n.reported) == 1 })
		e := n.reported[0]
		if e.Message != "socket.accept() failed" || !errors.Is(e.Err, errIO) || e.Extra["socket"] != asyncio.Acceptor(s).String() {
			n.Errorf("reported %+v", e)
		}
		n.passes(ctx)
		if w.underway(proactors.Accept, asyncio.Acceptor(s).FD()) != 0 || !asyncio.Acceptor(s).Resting() {
			n.Error("it goes on accepting at once")
		}
		// The time is up: as if the timer were due.
		asyncio.Acceptor(s).Again()
		dialPlain(n, addr)
		n.until(ctx, "the connection", func() bool { return len(asyncio.TransportsOf(s)) == 1 })
		s.Close()
		s.AbortClients()
		n.check(s.WaitClosed(ctx))
	})
	portRow(t, "proactor.040c.start-serving-cancel", func(ctx context.Context, n *netTest, w *watchedProactor) {
		s, addr := n.serve(ctx, nil)
		fd := asyncio.Acceptor(s).FD()
		n.until(ctx, "an accept", func() bool { return w.underway(proactors.Accept, fd) == 1 })
		s.Close()
		n.until(ctx, "the end of the accept", func() bool { return len(w.flights) == 0 })
		if w.undone[about(proactors.Accept, fd)] != 1 {
			n.Errorf("cancelled %v", w.undone)
		}
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			n.Error("the listener is still open")
		}
		n.check(s.WaitClosed(ctx))
	})
	portRow(t, "proactor.041.stop-serving", func(ctx context.Context, n *netTest, w *watchedProactor) {
		one, gone := n.serve(ctx, nil)
		other, addr := n.serve(ctx, nil)
		fd, stays := asyncio.Acceptor(one).FD(), asyncio.Acceptor(other).FD()
		n.until(ctx, "accepts", func() bool {
			return w.underway(proactors.Accept, fd) == 1 && w.underway(proactors.Accept, stays) == 1
		})
		one.Close()
		n.passes(ctx)
		if w.undone[about(proactors.Accept, fd)] != 1 || w.undone[about(proactors.Accept, stays)] != 0 {
			n.Errorf("cancelled %v", w.undone)
		}
		if c, err := net.Dial("tcp", gone); err == nil {
			c.Close()
			n.Error("the listener is still open")
		}
		dialPlain(n, addr)
		n.until(ctx, "the connection", func() bool { return len(asyncio.TransportsOf(other)) == 1 })
		other.Close()
		other.AbortClients()
		n.check(errors.Join(one.WaitClosed(ctx), other.WaitClosed(ctx)))
	})
}

// TestProactorReaders: what a proactor can wait for, it watches; the others say so.
func TestProactorReaders(t *testing.T) {
	t.Parallel()
	watch := func(ctx context.Context, r *readerTest) {
		read, wrote := 0, 0
		r.check(r.l.AddReader(r.fd, func() { read++; sock.Read(r.fd, make([]byte, 8)) }))
		r.check(r.l.AddWriter(r.fd, func() { wrote++; r.l.RemoveWriter(r.fd) }))
		sock.Write(r.other, []byte("x"))
		r.until(ctx, "both callbacks", func() bool { return read > 0 && wrote > 0 })
		if was, err := r.l.RemoveReader(r.fd); !was || err != nil || wrote != 1 {
			r.Errorf("RemoveReader = %v, %v; called to write %d times", was, err, wrote)
		}
		before := read
		sock.Write(r.other, []byte("x"))
		r.passes(ctx)
		if read != before {
			r.Errorf("called to read %d times after RemoveReader", read-before)
		}
	}
	refuse := func(_ context.Context, r *readerTest) {
		for what, add := range map[string]func(uintptr, func()) error{"AddReader": r.l.AddReader, "AddWriter": r.l.AddWriter} {
			if err := add(r.fd, func() {}); !errors.Is(err, errors.ErrUnsupported) {
				r.Errorf("%s: %v", what, err)
			}
		}
	}
	t.Run("proactor.049.no-reader-writer-api", func(t *testing.T) {
		t.Parallel()
		overLoops(t, testkit.Proactors, func(t *testing.T) { (&readerTest{netTest: newNetTest(t)}).watch(watch) })
		t.Run("port", func(t *testing.T) {
			t.Parallel()
			n := newTestOf(t, func(o ...asyncio.LoopOption) (asyncio.EventLoop, error) {
				return asyncio.NewProactorEventLoop(newTryingProactor(), o...)
			})
			(&readerTest{netTest: n}).watch(refuse)
		})
	})
}
