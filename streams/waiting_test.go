package streams

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestWaiting(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.027a.exception-wakes-reader", func(s *stage) {
		for name, read := range reads {
			r := s.reader(DefaultLimit)
			s.soon(func() { r.SetException(errBoom) })
			if err := read(s.ctx, r); !errors.Is(err, errBoom) {
				s.Errorf("%s: %v", name, err)
			}
		}
	})
	overLoops(t, "streams.027b.exception-after-cancel", func(s *stage) {
		for name, read := range reads {
			r := s.reader(DefaultLimit)
			task := s.start(func(ctx context.Context) error { return read(ctx, r) })
			s.must(asyncio.Sleep(s.ctx, 0))
			task.Cancel()
			r.SetException(errBoom)
			if _, err := task.Await(s.ctx); !errors.Is(err, asyncio.ErrCancelled) {
				s.Errorf("%s: %v", name, err)
			}
			if r.waiters.Len() > 0 {
				s.Errorf("%s: somebody waits still", name)
			}
		}
	})
	overLoops(t, "data-before-the-exception", func(s *stage) {
		r := s.reader(DefaultLimit)
		s.soon(func() {
			s.check(r.FeedData([]byte("abc")))
			r.SetException(errBoom)
		})
		s.want("abc")(r.Read(s.ctx, 10))
		_, err := r.Read(s.ctx, 10)
		s.wantError(err, errBoom)
	})
	overLoops(t, "cancelled-read-takes-nothing", func(s *stage) {
		for name, read := range reads {
			r := s.reader(DefaultLimit)
			task := s.start(func(ctx context.Context) error { return read(ctx, r) })
			s.must(asyncio.Sleep(s.ctx, 0))
			task.Cancel()
			s.check(r.FeedData([]byte("data")))
			if _, err := task.Await(s.ctx); !errors.Is(err, asyncio.ErrCancelled) {
				s.Errorf("%s: %v", name, err)
			}
			s.want("data")(r.Read(s.ctx, 10))
		}
	})
	overLoops(t, "streams.043.concurrent-readers", func(s *stage) {
		for name, read := range reads {
			r := s.reader(DefaultLimit)
			task := s.start(func(ctx context.Context) error {
				s.want("abc")(r.Read(ctx, 10))
				return nil
			})
			s.must(asyncio.Sleep(s.ctx, 0))
			err := read(s.ctx, r)
			s.wantError(err, asyncio.ErrInvalidState)
			if !strings.HasPrefix(err.Error(), "streams: "+name+": invalid state: another call already waits") {
				s.Errorf("%s: %v", name, err)
			}
			s.check(r.FeedData([]byte("abc")))
			_, err = task.Await(s.ctx)
			s.check(err)
		}
	})
	overLoops(t, "read-between-waking-and-running", func(s *stage) {
		r := s.reader(DefaultLimit)
		task := s.start(func(ctx context.Context) error {
			s.want("later")(r.Read(ctx, 10))
			return nil
		})
		s.must(asyncio.Sleep(s.ctx, 0))
		s.check(r.FeedData([]byte("first")))
		s.want("first")(r.Read(s.ctx, 10)) // before the one who was woken
		s.passes()
		s.check(r.FeedData([]byte("later")))
		_, err := task.Await(s.ctx)
		s.check(err)
	})
	overLoops(t, "in-a-callback", func(s *stage) {
		r := s.reader(DefaultLimit, "x")
		done := asyncio.NewFuture[struct{}](s.loop)
		s.soon(func() {
			s.want("x")(r.Read(s.ctx, 1))
			_, err := r.Read(s.ctx, 1)
			s.wantError(err, asyncio.ErrAwaitInCallback)
			s.check(done.SetResult(struct{}{}))
		})
		_, err := done.Await(s.ctx)
		s.check(err)
		s.feedSoon(r, "y")
		s.want("y")(r.Read(s.ctx, 1))
	})
	overLoops(t, "streams.042.reader-unpausable", func(s *stage) {
		r := s.reader(2)
		v := &valve{pauseErr: asyncio.ErrNotImplemented}
		s.check(r.SetTransport(v))
		for range 3 {
			s.check(r.FeedData([]byte("12345")))
		}
		if len(v.calls) != 1 {
			s.Errorf("tried to pause %d times", len(v.calls))
		}
		s.want("123451234512345")(r.Read(s.ctx, 100))
		if len(v.calls) != 1 {
			s.Errorf("resumed what was not paused: %v", v.calls)
		}
	})
	overLoops(t, "pause-and-resume", func(s *stage) {
		r := s.reader(4)
		v := &valve{}
		s.check(r.SetTransport(v))
		for i, p := range []string{"1234", "5678", "9", "0"} {
			s.check(r.FeedData([]byte(p)))
			if len(v.calls) != i/2 { // none up to twice the limit, one beyond
				s.Errorf("calls %v after %q", v.calls, p)
			}
		}
		s.want("12345")(r.Read(s.ctx, 5))
		if len(v.calls) != 1 {
			s.Errorf("calls %v: resumed above the limit", v.calls)
		}
		s.want("6")(r.Read(s.ctx, 1))
		if got := strings.Join(v.calls, " "); got != "pause resume" {
			s.Errorf("calls %v", got)
		}
	})
}

// TestResumingFromOutside: who reads on another goroutine leaves the resuming to
// the loop.
func TestResumingFromOutside(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]bool{"resumed": false, "paused-again-meanwhile": true} {
		overLoops(t, name, func(s *stage) {
			r := s.reader(4)
			v := &valve{resumeErr: asyncio.ErrWrongGoroutine}
			s.check(r.SetTransport(v))
			s.check(r.FeedData([]byte("123456789")))
			s.want("123456789")(r.Read(s.ctx, 9))
			want := "pause resume resume"
			if again {
				want = "pause resume pause"
				s.check(r.FeedData([]byte("123456789")))
			}
			s.passes()
			if got := strings.Join(v.calls, " "); got != want {
				s.Errorf("the transport was told to %s", got)
			}
		})
	}
}

// outer is a loop of a user's own.
type outer struct{ *asyncio.SelectorEventLoop }

// TestLoopInsideAnother: a reader that was given the inner loop may be read by
// the coroutines of the outer one, which are the same.
func TestLoopInsideAnother(t *testing.T) {
	t.Parallel()
	o := &outer{}
	inner, err := asyncio.NewSelectorEventLoop(nil, asyncio.WithSelf(o))
	if err != nil {
		t.Fatal(err)
	}
	o.SelectorEventLoop = inner
	s := &stage{T: t, loop: o}
	defer func() { s.check(o.Close()) }()
	task := s.start(func(ctx context.Context) error {
		s.ctx = ctx
		r, err := NewStreamReader(WithLoop(inner))
		s.must(err)
		s.feedSoon(r, "abc")
		s.want("abc")(r.Read(ctx, 10))
		f, err := NewFlowControl(WithLoop(inner))
		s.must(err)
		w, err := NewStreamWriter(&valve{}, f, r)
		s.must(err)
		s.check(w.Drain(ctx))
		return w.Close()
	})
	s.check(o.RunUntilComplete(task))
}

// reads are all the ways to wait for data, by the name under which they complain.
var reads = map[string]func(ctx context.Context, r *StreamReader) error{
	"Read": func(ctx context.Context, r *StreamReader) error { _, err := r.Read(ctx, 10); return err },
	"ReadInto": func(ctx context.Context, r *StreamReader) error {
		_, err := r.ReadInto(ctx, make([]byte, 10))
		return err
	},
	"ReadLine":    func(ctx context.Context, r *StreamReader) error { _, err := r.ReadLine(ctx); return err },
	"ReadUntil":   func(ctx context.Context, r *StreamReader) error { _, err := r.ReadUntil(ctx); return err },
	"ReadExactly": func(ctx context.Context, r *StreamReader) error { _, err := r.ReadExactly(ctx, 10); return err },
	"Next":        func(ctx context.Context, r *StreamReader) error { _, err := r.Next(ctx); return err },
	"Peek":        func(ctx context.Context, r *StreamReader) error { _, err := r.Peek(ctx, 10); return err },
	"Discard":     func(ctx context.Context, r *StreamReader) error { _, err := r.Discard(ctx, 10); return err },
}

func TestWhichLoop(t *testing.T) {
	t.Parallel()
	t.Run("streams.031a.reader-no-loop", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil) // this goroutine has no loop
		_, err := NewStreamReader()
		s.wantError(err, asyncio.ErrNoCurrentLoop)
		r, err := NewStreamReader(WithLoop(s.loop))
		s.must(err)
		_, err = NewStreamReaderProtocol(r, nil)
		s.wantError(err, asyncio.ErrNoCurrentLoop)
		_, err = NewFlowControl()
		s.wantError(err, asyncio.ErrNoCurrentLoop)
	})
	t.Run("streams.031b.reader-which-loop", func(t *testing.T) {
		t.Parallel()
		made := func(s *stage) {
			r, err := NewStreamReader()
			s.must(err)
			p, err := NewStreamReaderProtocol(r, nil)
			s.must(err)
			f, err := NewFlowControl()
			s.must(err)
			if r.protocol.loop != s.loop || p.loop != s.loop || f.loop != s.loop {
				s.Error("another loop")
			}
		}
		t.Run("running", func(t *testing.T) {
			t.Parallel()
			play(t, nil, made)
		})
		t.Run("current", func(t *testing.T) {
			t.Parallel()
			s := newStage(t, nil)
			s.must(asyncio.SetEventLoop(s.loop))
			defer asyncio.SetEventLoop(nil)
			made(s)
		})
	})
	t.Run("foreign-goroutines-need-a-loop", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		_, _, err := OpenConnection(context.Background(), "tcp", "127.0.0.1:1", nil)
		s.wantError(err, asyncio.ErrNoRunningLoop)
		_, err = StartServer(context.Background(), echo, "tcp", "127.0.0.1:0", nil)
		s.wantError(err, asyncio.ErrNoRunningLoop)
	})
}

// echo sends lines back.
func echo(ctx context.Context, r *StreamReader, w *StreamWriter) error {
	defer w.Close()
	for line, err := range r.Lines(ctx) {
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
		if err := w.Drain(ctx); err != nil {
			return err
		}
	}
	return nil
}
