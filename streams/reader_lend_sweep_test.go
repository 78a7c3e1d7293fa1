package streams

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// lentReads are the reads that what comes is lent memory for.
var lentReads = map[string]func(ctx context.Context, r *StreamReader, room []byte) ([]byte, error){
	"ReadInto": func(ctx context.Context, r *StreamReader, room []byte) ([]byte, error) {
		n, err := r.ReadInto(ctx, room)
		return room[:n], err
	},
	"Next":     func(ctx context.Context, r *StreamReader, _ []byte) ([]byte, error) { return r.Next(ctx) },
	"Read":     func(ctx context.Context, r *StreamReader, _ []byte) ([]byte, error) { return r.Read(ctx, 100) },
	"ReadLine": func(ctx context.Context, r *StreamReader, _ []byte) ([]byte, error) { return r.ReadLine(ctx) },
}

// TestLentSweep: what has come for a coroutine that waits is there once, whatever happens in
// each of the passes until it goes on and behind that, and nobody writes to its memory then.
func TestLentSweep(t *testing.T) {
	t.Parallel()
	for event, happens := range map[string]func(s *stage, r *StreamReader, w *wire, task *asyncio.Task[string]){
		"cancel":     func(_ *stage, _ *StreamReader, _ *wire, task *asyncio.Task[string]) { task.Cancel() },
		"exception":  func(_ *stage, r *StreamReader, _ *wire, _ *asyncio.Task[string]) { r.SetException(errBoom) },
		"end":        func(_ *stage, _ *StreamReader, w *wire, _ *asyncio.Task[string]) { w.p.EOFReceived() },
		"connection": func(_ *stage, _ *StreamReader, w *wire, _ *asyncio.Task[string]) { w.p.ConnectionLost(nil) },
		"reset":      func(_ *stage, _ *StreamReader, w *wire, _ *asyncio.Task[string]) { w.p.ConnectionLost(errBoom) },
		"protocol": func(_ *stage, _ *StreamReader, w *wire, _ *asyncio.Task[string]) {
			w.p = &overriding{StreamReaderProtocol: w.p.(*StreamReaderProtocol)}
		},
		"upgrade": func(s *stage, r *StreamReader, w *wire, _ *asyncio.Task[string]) {
			over := r.handOver()
			r.upgraded(w)
			if len(over) > 0 {
				s.check(r.FeedData(over))
			}
		},
	} {
		overLoops(t, event, func(s *stage) {
			for kind, read := range lentReads {
				for passes := range 4 {
					for _, after := range []string{"", "panic", "Goexit"} {
						s.lentSweep(kind+" "+after, passes, after, read, happens)
					}
				}
			}
		})
	}
}

// lentSweep has data come for a read, and something happen so many passes later.
func (s *stage) lentSweep(kind string, passes int, after string, read func(ctx context.Context, r *StreamReader, room []byte) ([]byte, error), happens func(s *stage, r *StreamReader, w *wire, task *asyncio.Task[string])) {
	s.Helper()
	s.expectReports = after != ""
	r, w := s.lending(DefaultLimit)
	room := make([]byte, 8)
	var got string
	task := asyncio.CreateTask(s.loop, func(ctx context.Context) (string, error) {
		p, err := read(ctx, r, room)
		got = string(p)
		switch after {
		case "panic":
			panic(errBoom)
		case "Goexit":
			runtime.Goexit()
		}
		return got, err
	})
	s.passes()
	if !w.receive("abcde\n") {
		s.Fatalf("%s: nothing was lent", kind)
	}
	for range passes {
		s.must(asyncio.Sleep(s.ctx, 0))
	}
	happens(s, r, w, task)
	s.passes()
	if !task.Done() {
		s.Fatalf("%s: it waits, after %d passes", kind, passes)
	}
	_ = task.Exception()
	seen := string(room)
	w.p.DataReceived([]byte("zzzz")) // fails after an end
	if w.p.LendBuffer() != nil {
		s.Errorf("%s: memory is lent, and nobody waits", kind)
	}
	if string(room) != seen {
		s.Errorf("%s: %q was written to, it is %q", kind, seen, room)
	}
	r.lock()
	got += strings.TrimSuffix(string(r.buf.bytes()), "zzzz")
	r.mu.Unlock()
	if got != "abcde\n" {
		s.Errorf("%s: %q is there, after %d passes", kind, got, passes)
	}
	s.onceHeld(kind, r)
}

// onceHeld fails the test if a reader keeps memory twice, or that of a call.
func (s *stage) onceHeld(kind string, r *StreamReader) {
	s.Helper()
	seen := map[*memory]bool{}
	for _, m := range []*memory{r.buf.mem, r.lent.spare, r.lent.piece} {
		if m != nil && seen[m] {
			s.Errorf("%s: memory is held twice", kind)
		}
		seen[m] = true
	}
	if r.lent.room != nil || r.lent.n != 0 {
		s.Errorf("%s: %d bytes of the room are kept", kind, r.lent.n)
	}
}

// TestLentSweepOfTheEnd: when the loop is closed, what came stays, and what comes later goes
// to nobody's memory.
func TestLentSweepOfTheEnd(t *testing.T) {
	t.Parallel()
	for kind, read := range lentReads {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			eachLoop(t, func(t *testing.T, open opener) {
				for _, text := range []string{"", "abc\n"} {
					inner := newStage(t, open)
					inner.expectReports = true
					room := make([]byte, 8)
					var r *StreamReader
					var got string
					setUp := inner.start(func(ctx context.Context) error {
						inner.ctx = ctx
						var w *wire
						r, w = inner.lending(DefaultLimit)
						inner.start(func(ctx context.Context) error {
							p, err := read(ctx, r, room)
							got = string(p)
							return err
						})
						inner.passes()
						w.receive(text)
						return nil
					})
					inner.must(inner.loop.RunUntilComplete(setUp))
					inner.check(inner.loop.Close())
					seen := string(room)
					inner.check(r.FeedData([]byte("zzzz")))
					if string(room) != seen {
						t.Errorf("%q was written to, it is %q", seen, room)
					}
					r.lock()
					got += string(r.buf.bytes())
					r.mu.Unlock()
					if got != text+"zzzz" {
						t.Errorf("%q is there", got)
					}
				}
			})
		})
	}
}

// TestLentToTheSystem: what others do with the reader, on goroutines of their own, while the
// system receives into what is lent, does not come between.
func TestLentToTheSystem(t *testing.T) {
	t.Parallel()
	for kind, read := range lentReads {
		overLoops(t, kind, func(s *stage) {
			s.needs("goroutines of others")
			r, w := s.lending(DefaultLimit)
			room := make([]byte, 8)
			task := asyncio.CreateTask(s.loop, func(ctx context.Context) (string, error) {
				p, err := read(ctx, r, room)
				return string(p), err
			})
			s.passes()
			p := w.p.LendBuffer()
			others := make([]byte, 8)
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error)
			go func() {
				r.SetException(errBoom) // wakes the one who waits
				r.SetException(nil)
				_, err := r.ReadInto(ctx, others)
				ended <- err
			}()
			for waits := false; !waits; runtime.Gosched() {
				r.mu.Lock()
				waits = r.err == nil && r.waiters.Len() > 0 && !r.waiters.Suspended()
				r.mu.Unlock()
			}
			w.p.BufferFilled(copy(p, "abc\n"))
			err := <-ended
			cancel()
			s.check(err)
			n := strings.IndexByte(string(others), '\n') + 1
			if string(others[:n]) != "abc\n" {
				s.Errorf("the other one has got %q", others)
			}
			s.passes()
			w.receive("more\n")
			got, err := task.Await(s.ctx)
			if got != "more\n" || err != nil {
				s.Errorf("%q, %v", got, err)
			}
			s.onceHeld(kind, r)
		})
	}
}

// TestLentAndReplaced: what replaces a protocol that has lent hears of all that comes.
func TestLentAndReplaced(t *testing.T) {
	t.Parallel()
	for kind, read := range lentReads {
		overLoops(t, kind, func(s *stage) {
			client, server := s.plain()
			room := make([]byte, 8)
			for _, replace := range []bool{false, true} {
				task := asyncio.CreateTask(s.loop, func(ctx context.Context) (string, error) {
					p, err := read(ctx, server.r, room)
					return string(p), err
				})
				s.passes()
				transport := server.w.Transport()
				o := &overriding{}
				if replace {
					o.StreamReaderProtocol = transport.GetProtocol().(*StreamReaderProtocol)
					s.must(transport.SetProtocol(o))
				}
				_, err := client.w.Write([]byte("abc\n"))
				s.must(err)
				if got, err := task.Await(s.ctx); got != "abc\n" || err != nil {
					s.Errorf("%q, %v", got, err)
				}
				if replace && o.came != "abc\n" {
					s.Errorf("%q came to the one that overrides", o.came)
				}
			}
			s.part(client, server)
		})
	}
}

// TestLentAndUpgraded: a piece that is lent stays as it is while the connection goes over to TLS.
func TestLentAndUpgraded(t *testing.T) {
	t.Parallel()
	overLoops(t, "a-piece", func(s *stage) {
		client, server := s.plain()
		_, err := client.w.Write([]byte("STARTTLS\n"))
		s.must(err)
		p, err := server.r.Next(s.ctx)
		s.want("STARTTLS\n")(p, err)
		s.must(upgrade(s.ctx, client, server))
		s.want("STARTTLS\n")(p, nil)
		s.greet(client, server)
		s.onceHeld("upgraded", server.r)
		s.part(client, server)
	})
}

// TestLentOverConnections: of what comes over a connection for a coroutine that waits nothing is
// lost or doubled, whatever ends the wait or the connection some passes later.
func TestLentOverConnections(t *testing.T) {
	t.Parallel()
	type ended struct {
		client, server end
		task           *asyncio.Task[string]
	}
	for event, happens := range map[string]func(s *stage, e ended){
		"aborted":         func(_ *stage, e ended) { e.server.w.Transport().Abort() },
		"closed":          func(s *stage, e ended) { s.check(e.server.w.Close()) },
		"cancelled":       func(_ *stage, e ended) { e.task.Cancel() },
		"aborted by peer": func(_ *stage, e ended) { e.client.w.Transport().Abort() },
		"closed by peer":  func(s *stage, e ended) { s.check(e.client.w.Close()) },
	} {
		overLoops(t, event, func(s *stage) {
			for kind, read := range lentReads {
				for i := range 8 {
					// A large one may stay where the system has put it.
					passes, text := i%4, []string{"abc\n", strings.Repeat("abcdefghi", 4000) + "\n"}[i/4]
					client, server := s.plain(WithLimit(len(text)))
					var got string
					task := asyncio.CreateTask(s.loop, func(ctx context.Context) (string, error) {
						for len(got) < len(text) {
							p, err := read(ctx, server.r, make([]byte, len(text)+4))
							if got += string(p); err != nil {
								return "", err
							}
						}
						return "", nil
					})
					s.passes()
					_, err := client.w.Write([]byte(text))
					s.must(err)
					for range passes {
						s.must(asyncio.Sleep(s.ctx, 0))
					}
					happens(s, ended{client, server, task})
					_, err = task.Await(s.ctx)
					if errors.Is(err, asyncio.ErrCancelled) {
						p, again := server.r.ReadExactly(s.ctx, len(text)-len(got))
						got, err = got+string(p), again
					}
					lost := event == "aborted by peer" && err != nil || (event == "aborted" || event == "closed") && errors.Is(err, io.EOF)
					if lost && !strings.HasPrefix(text, got) || !lost && (got != text || err != nil) {
						s.Errorf("%s, %d bytes, %d passes: %.20q (%d), %v", kind, len(text), passes, got, len(got), err)
					}
					s.onceHeld(kind, server.r)
					s.check(client.w.Close())
					s.check(server.w.Close())
					_ = client.w.WaitClosed(s.ctx) // it may have been reset
					_ = server.w.WaitClosed(s.ctx)
				}
			}
		})
	}
}
