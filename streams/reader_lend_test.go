package streams

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// wire is a transport that receives as a system's does: into what its protocol lends.
type wire struct {
	valve
	p asyncio.LendingProtocol
}

func (w *wire) GetProtocol() asyncio.Protocol { return w.p }

// receive brings text, as much at once as is lent, and reports whether it was lent.
func (w *wire) receive(text string) (lent bool) {
	for len(text) > 0 {
		p := w.p.LendBuffer()
		if p == nil {
			w.p.DataReceived([]byte(text))
			return lent
		}
		n := copy(p, text)
		text, lent = text[n:], true
		w.p.BufferFilled(n)
	}
	return lent
}

// lending is a reader, and its transport.
func (s *stage) lending(limit int) (*StreamReader, *wire) {
	s.Helper()
	r := s.reader(limit)
	p, err := NewStreamReaderProtocol(r, nil)
	s.must(err)
	w := &wire{p: p}
	p.ConnectionMade(w)
	return r, w
}

// readInto starts a read into room, and returns when it waits.
func (s *stage) readInto(r *StreamReader, room []byte) *asyncio.Task[int] {
	s.Helper()
	task := asyncio.CreateTask(s.loop, func(ctx context.Context) (int, error) { return r.ReadInto(ctx, room) })
	s.must(asyncio.Sleep(s.ctx, 0))
	return task
}

func TestLending(t *testing.T) {
	t.Parallel()
	overLoops(t, "straight-into-the-memory-of-who-waits", func(s *stage) {
		r, w := s.lending(DefaultLimit)
		room := make([]byte, 5)
		task := s.readInto(r, room)
		if p := w.p.LendBuffer(); &p[0] != &room[0] || len(p) != 5 {
			s.Fatal("it lends something else")
		}
		if !w.receive("first and more") || r.buf.mem == nil || string(room) != "first" {
			s.Errorf("%q is there", room)
		}
		if n, err := task.Await(s.ctx); n != 5 || err != nil {
			s.Errorf("%d, %v", n, err)
		}
		s.want(" and more")(r.Read(s.ctx, 100))
		if w.receive("x") {
			s.Error("lent, and nobody waits")
		}
	})
	overLoops(t, "those-without-memory", func(s *stage) {
		for name, read := range map[string]func(ctx context.Context, r *StreamReader) ([]byte, error){
			"Read":     func(ctx context.Context, r *StreamReader) ([]byte, error) { return r.Read(ctx, 1000) },
			"ReadLine": func(ctx context.Context, r *StreamReader) ([]byte, error) { return r.ReadLine(ctx) },
			"Next":     func(ctx context.Context, r *StreamReader) ([]byte, error) { return r.Next(ctx) },
		} {
			r, w := s.lending(DefaultLimit)
			for _, text := range []string{"short\n", strings.Repeat("long ", 99) + "\n", "\n"} {
				task := asyncio.CreateTask(s.loop, func(ctx context.Context) ([]byte, error) { return read(ctx, r) })
				s.passes()
				if !w.receive(text) {
					s.Errorf("%s: nothing was lent", name)
				}
				s.want(text)(task.Await(s.ctx))
			}
		}
	})
	overLoops(t, "larger-for-more", func(s *stage) {
		r, w := s.lending(1 << 20)
		next := func(n int) (room int) {
			task := s.start(func(ctx context.Context) error { _, err := r.Next(ctx); return err })
			s.passes()
			room = len(w.p.LendBuffer())
			w.p.BufferFilled(min(n, room))
			_, err := task.Await(s.ctx)
			s.check(err)
			return room
		}
		for _, c := range [][2]int{{512, 512}, {2048, 2048}, {8192, 8192}, {32768, 32768}, {131072, 131072}, {50, 131072}, {50, 32768}, {50, 8192}, {1, 2048}, {1, 512}, {1, 512}} {
			if got := next(c[0]); got != c[1] {
				s.Fatalf("%d bytes are lent, want %d", got, c[1])
			}
		}
	})
	overLoops(t, "not-to-an-override", func(s *stage) {
		for range 2 { // whether it is known or not
			r, w := s.lending(DefaultLimit)
			o := &overriding{StreamReaderProtocol: w.p.(*StreamReaderProtocol)}
			w.p = o
			room := make([]byte, 10)
			task := s.readInto(r, room)
			if w.receive("text") || o.came != "text" {
				s.Errorf("%q came to the override", o.came)
			}
			if n, err := task.Await(s.ctx); string(room[:n]) != "text" || err != nil {
				s.Errorf("%q, %v", room[:n], err)
			}
		}
	})
	overLoops(t, "not-of-another-goroutine", func(s *stage) {
		s.needs("goroutines of others")
		r, w := s.lending(DefaultLimit)
		waits := s.start(func(context.Context) error {
			s.elsewhere(func() {
				room := make([]byte, 10)
				n, err := r.ReadInto(context.Background(), room)
				s.want("text")(room[:n], err)
			})
			return nil
		})
		s.until("it to wait", func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.waiters.Len() > 0
		})
		if w.receive("text") {
			s.Error("it might go on while the system writes there")
		}
		_, err := waits.Await(s.ctx)
		s.check(err)
	})
}

// overriding is a protocol that sees what comes.
type overriding struct {
	*StreamReaderProtocol
	came string
}

func (o *overriding) DataReceived(data []byte) {
	o.came += string(data)
	o.StreamReaderProtocol.DataReceived(data)
}

// TestLentAndTaken: whatever happens to a read between the coming of its data and its going
// on, no byte is lost, doubled or out of order.
func TestLentAndTaken(t *testing.T) {
	t.Parallel()
	between := map[string]func(s *stage, r *StreamReader, task asyncio.AnyTask) string{
		"nothing": func(*stage, *StreamReader, asyncio.AnyTask) string { return "" },
		"cancel": func(_ *stage, _ *StreamReader, task asyncio.AnyTask) string {
			task.(*asyncio.Task[int]).Cancel()
			return ""
		},
		"exception": func(_ *stage, r *StreamReader, _ asyncio.AnyTask) string { r.SetException(errBoom); return "" },
		"the end":   func(_ *stage, r *StreamReader, _ asyncio.AnyTask) string { r.FeedEOF(); return "" },
		"looking": func(s *stage, r *StreamReader, _ asyncio.AnyTask) string {
			if r.AtEOF() || !strings.Contains(r.String(), "bytes") {
				s.Errorf("nothing is to be seen: %v", r)
			}
			return ""
		},
		"peek": func(s *stage, r *StreamReader, _ asyncio.AnyTask) string {
			s.want("a")(r.Peek(s.ctx, 1))
			return ""
		},
		"theft of some": func(s *stage, r *StreamReader, _ asyncio.AnyTask) string {
			p, err := r.Read(s.ctx, 2)
			s.check(err)
			return string(p)
		},
		"theft of all": func(s *stage, r *StreamReader, _ asyncio.AnyTask) string {
			p, err := r.Next(s.ctx)
			s.check(err)
			return string(p)
		},
	}
	for name, happens := range between {
		overLoops(t, name, func(s *stage) {
			for _, texts := range [][]string{{"abc"}, {"abcdefgh"}, {"abcd", "efgh"}, {"a", "b", "c"}} {
				for _, before := range []bool{true, false} {
					s.lentAndTaken(texts, before, happens)
				}
			}
		})
	}
}

// lentAndTaken has a read wait, and all texts come in one pass with what happens: before or
// behind the rest of them.
func (s *stage) lentAndTaken(texts []string, before bool, happens func(s *stage, r *StreamReader, task asyncio.AnyTask) string) {
	s.Helper()
	r, w := s.lending(DefaultLimit)
	room := make([]byte, 4)
	task := s.readInto(r, room)
	w.receive(texts[0])
	rest := func() {
		for _, text := range texts[1:] {
			r.mu.Lock()
			ended := r.eof
			r.mu.Unlock()
			if !ended {
				w.receive(text)
			}
		}
	}
	all := strings.Join(texts, "")
	if !before {
		rest()
	}
	got := happens(s, r, task)
	if before {
		rest()
	}
	s.passes()
	if !task.Done() { // another one has had it
		w.receive("more")
		all += "more"
	}
	n, err := task.Await(s.ctx)
	if err != nil && (n != 0 || !errors.Is(err, asyncio.ErrCancelled)) {
		s.Errorf("%d bytes, %v", n, err)
	}
	got += string(room[:n])
	r.lock()
	got += string(r.buf.bytes())
	ended := r.eof
	r.mu.Unlock()
	if !ended && got != all || !strings.HasPrefix(all, got) || len(got) < len(texts[0]) {
		s.Errorf("%q came, before: %v; %q is there", texts, before, got)
	}
}

// TestLentAtTheEnd: a coroutine that is unwound in its read leaves what came.
func TestLentAtTheEnd(t *testing.T) {
	t.Parallel()
	eachLoop(t, func(t *testing.T, open opener) {
		inner := newStage(t, open)
		inner.expectReports = true
		var r *StreamReader
		setUp := inner.start(func(ctx context.Context) error {
			inner.ctx = ctx
			var w *wire
			r, w = inner.lending(DefaultLimit)
			inner.readInto(r, make([]byte, 10))
			w.receive("abc")
			return nil
		})
		inner.must(inner.loop.RunUntilComplete(setUp))
		inner.check(inner.loop.Close())
		if got := r.Buffered(); got != 0 && got != 3 {
			t.Errorf("%d bytes are left", got)
		}
		if !r.mu.TryLock() {
			t.Fatal("the reader is locked")
		}
		if r.lent.room != nil {
			t.Error("memory is lent by who is gone")
		}
		r.mu.Unlock()
	})
}

// TestReceivedStraight: what a connection brings arrives whole, whatever it is read with, and by
// whatever way it comes.
func TestReceivedStraight(t *testing.T) {
	t.Parallel()
	all := make([]byte, 300_000)
	for i := range all {
		all[i] = byte(i * 7 / 3)
	}
	for name, read := range map[string]func(ctx context.Context, r *StreamReader, room []byte) ([]byte, error){
		"ReadInto": func(ctx context.Context, r *StreamReader, room []byte) ([]byte, error) {
			n, err := r.ReadInto(ctx, room)
			return room[:n], err
		},
		"Next": func(ctx context.Context, r *StreamReader, _ []byte) ([]byte, error) { return r.Next(ctx) },
		"Ready and ReadInto": func(ctx context.Context, r *StreamReader, room []byte) ([]byte, error) {
			if err := r.Ready(ctx); err != nil {
				return nil, err
			}
			n, err := r.ReadInto(ctx, room)
			return room[:n], err
		},
	} {
		overLoops(t, name, func(s *stage) {
			server, addr := s.serve(func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
				defer w.Close()
				room := make([]byte, 10_000)
				for {
					p, err := read(ctx, r, room)
					if err != nil {
						return nil
					}
					if _, err := w.Write(p); err != nil {
						return err
					}
					if err := w.Drain(ctx); err != nil {
						return err
					}
				}
			})
			r, w := s.open(addr)
			sent := s.start(func(ctx context.Context) error {
				for at, n := 0, 1; at < len(all); at, n = at+n, min(2*n, 70_000) {
					if _, err := w.Write(all[at:min(at+n, len(all))]); err != nil {
						return err
					}
					if err := w.Drain(ctx); err != nil {
						return err
					}
				}
				return w.WriteEOF()
			})
			got, err := r.ReadAll(s.ctx)
			s.check(err)
			if !bytes.Equal(got, all) {
				s.Errorf("%d bytes of %d came back, or others", len(got), len(all))
			}
			_, err = sent.Await(s.ctx)
			s.check(err)
			s.finish(server, w)
		})
	}
}
