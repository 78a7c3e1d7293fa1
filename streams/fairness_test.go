package streams

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestFairness: a coroutine that always finds data, or room, gives way after its
// budget.
func TestFairness(t *testing.T) {
	t.Parallel()
	const calls = 10 * asyncio.Budget
	for name, call := range map[string]func(ctx context.Context, d *duplex) error{
		"ReadLine": func(ctx context.Context, d *duplex) error { _, err := d.r.ReadLine(ctx); return err },
		"ReadUntil": func(ctx context.Context, d *duplex) error {
			_, err := d.r.ReadUntil(ctx, []byte("e\n"), []byte("x"))
			return err
		},
		"ReadExactly": func(ctx context.Context, d *duplex) error { _, err := d.r.ReadExactly(ctx, 1); return err },
		"Read":        func(ctx context.Context, d *duplex) error { _, err := d.r.Read(ctx, 1); return err },
		"ReadInto":    func(ctx context.Context, d *duplex) error { _, err := d.r.ReadInto(ctx, make([]byte, 1)); return err },
		"Peek":        func(ctx context.Context, d *duplex) error { _, err := d.r.Peek(ctx, 1); return err },
		"Discard":     func(ctx context.Context, d *duplex) error { _, err := d.r.Discard(ctx, 1); return err },
		"Ready":       func(ctx context.Context, d *duplex) error { return d.r.Ready(ctx) },
		"Next": func(ctx context.Context, d *duplex) error {
			if _, err := d.r.Next(ctx); err != nil {
				return err
			}
			return d.r.FeedData([]byte("more"))
		},
		"Drain":      func(ctx context.Context, d *duplex) error { return d.w.Drain(ctx) },
		"Conn.Read":  func(ctx context.Context, d *duplex) error { _, err := d.c.Read(make([]byte, 1)); return err },
		"Conn.Write": func(ctx context.Context, d *duplex) error { _, err := d.c.Write([]byte("x")); return err },
		"both": func(ctx context.Context, d *duplex) error {
			if _, err := d.r.ReadLine(ctx); err != nil {
				return err
			}
			return d.w.Drain(ctx)
		},
	} {
		overLoops(t, name, func(s *stage) {
			d := s.duplex()
			s.must(d.r.FeedData(bytes.Repeat([]byte("line\n"), calls)))
			most, done := 0, 0
			s.everyTurn(func() bool {
				most = max(most, done)
				done = 0
				return true
			})
			for range calls {
				s.must(call(s.ctx, d))
				done++
			}
			if max(most, done) > asyncio.Budget {
				s.Errorf("%d calls in one turn, the budget is %d", max(most, done), asyncio.Budget)
			}
		})
	}
}

// TestFairnessOfAChat: a sender whose lines are all there, and who writes each to
// every client, does not fill up those whose own coroutines have not had a turn.
func TestFairnessOfAChat(t *testing.T) {
	t.Parallel()
	overLoops(t, "chat", func(s *stage) {
		const clients, lines = 3, 500
		sender := s.duplex()
		s.must(sender.r.FeedData(bytes.Repeat([]byte("hello\n"), lines)))
		sender.r.FeedEOF()
		waiting, most := 0, 0 // lines since a client's coroutine ran
		over := false
		client := func(ctx context.Context) error {
			for !over {
				waiting = 0
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
			}
			return nil
		}
		tasks := []*asyncio.Task[struct{}]{}
		var writers []*StreamWriter
		for range clients {
			writers = append(writers, s.duplex().w)
			tasks = append(tasks, s.start(client))
		}
		for line, err := range sender.r.Lines(s.ctx) {
			s.must(err)
			waiting++
			most = max(most, waiting)
			for _, w := range writers {
				_, err := w.Write(line)
				s.must(err)
				s.must(w.Drain(s.ctx))
			}
		}
		over = true
		for _, task := range tasks {
			_, err := task.Await(s.ctx)
			s.check(err)
		}
		if most > asyncio.Budget {
			s.Errorf("%d lines were sent before a client's coroutine had a turn", most)
		}
	})
}

// TestCancelledWhileDataAreThere: a task that never waits hears of its cancellation.
func TestCancelledWhileDataAreThere(t *testing.T) {
	t.Parallel()
	overLoops(t, "cancelled", func(s *stage) {
		d := s.duplex()
		read := 0
		task := s.start(func(ctx context.Context) error {
			for {
				if err := d.r.FeedData([]byte("line\n")); err != nil {
					return err
				}
				if _, err := d.r.ReadLine(ctx); err != nil {
					return err
				}
				if read++; read > 100*asyncio.Budget {
					return fmt.Errorf("%d lines, and no word of the cancellation", read)
				}
			}
		})
		s.must(asyncio.Sleep(s.ctx, 0))
		task.Cancel()
		_, err := task.Await(s.ctx)
		s.wantError(err, asyncio.ErrCancelled)
		s.held(d.r, "line\n") // the call that was cancelled took nothing
	})
}

// duplex is a connection that takes everything and brings what it is fed.
type duplex struct {
	r *StreamReader
	w *StreamWriter
	c interface {
		Read(p []byte) (int, error)
		Write(p []byte) (int, error)
	}
}

func (s *stage) duplex() *duplex {
	s.Helper()
	f, err := NewFlowControl()
	s.must(err)
	d := &duplex{r: s.reader(1 << 20)}
	d.w, err = NewStreamWriter(&drainPipe{}, f, d.r)
	s.must(err)
	d.c = Conn(s.ctx, d.r, d.w)
	s.Cleanup(func() { f.ConnectionLost(nil) })
	return d
}

// drainPipe is a transport that takes everything.
type drainPipe struct{ valve }

func (*drainPipe) Write(p []byte) (int, error) { return len(p), nil }

// everyTurn calls f in each pass until it returns false or the test's coroutine is
// done.
func (s *stage) everyTurn(f func() bool) {
	over := false
	s.Cleanup(func() { over = true })
	var turn func()
	turn = func() {
		if !over && f() {
			s.soon(turn)
		}
	}
	s.soon(turn)
}
