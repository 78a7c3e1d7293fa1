package streams

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestNext(t *testing.T) {
	t.Parallel()
	overLoops(t, "as-it-came", func(s *stage) {
		r := s.reader(3, "one, ", "two")
		s.want("one, two")(r.Next(s.ctx)) // beyond the limit, too
		s.held(r, "")
		s.feedSoon(r, "three", "four")
		s.want("three")(r.Next(s.ctx))
		s.want("four")(r.Next(s.ctx))
		s.feedSoon(r, "five")
		s.check(r.Ready(s.ctx))
		s.want("five")(r.Next(s.ctx))
		s.check(r.FeedData([]byte("six")))
		r.FeedEOF()
		s.want("six")(r.Next(s.ctx))
		s.wantEnd(r.Next(s.ctx))
		s.wantEnd(r.Next(s.ctx))
	})
	overLoops(t, "lent-until-the-next-read", func(s *stage) {
		r := s.reader(DefaultLimit, "first")
		p, err := r.Next(s.ctx)
		s.check(err)
		for range 3 { // what comes meanwhile comes elsewhere
			s.check(r.FeedData(bytes.Repeat([]byte("x"), 100)))
			s.passes()
		}
		if r.AtEOF() || r.Buffered() != 300 || string(p) != "first" {
			s.Errorf("%q is lent, with %d bytes behind it", p, r.Buffered())
		}
		_ = append(p, "over"...)
		s.want(strings.Repeat("x", 300))(r.Next(s.ctx))
	})
	overLoops(t, "little-is-held-while-it-waits", func(s *stage) {
		for name, wait := range map[string]func(ctx context.Context, r *StreamReader) error{
			"Next":  func(ctx context.Context, r *StreamReader) error { _, err := r.Next(ctx); return err },
			"Ready": func(ctx context.Context, r *StreamReader) error { return r.Ready(ctx) },
			"Read":  func(ctx context.Context, r *StreamReader) error { _, err := r.Read(ctx, 1); return err },
		} {
			r := s.reader(DefaultLimit, "first")
			_, err := r.Next(s.ctx)
			s.check(err)
			task := s.start(func(ctx context.Context) error { return wait(ctx, r) })
			s.passes()
			if r.lent.piece != nil || r.buf.mem != nil || (r.lent.spare != nil) == (name == "Ready") {
				s.Errorf("%s holds memory, or no spare piece", name)
			}
			s.check(r.FeedData([]byte("x")))
			_, err = task.Await(s.ctx)
			s.check(err)
		}
	})
	overLoops(t, "pauses-and-resumes", func(s *stage) {
		r := s.reader(4)
		v := &valve{}
		s.must(r.SetTransport(v))
		s.check(r.FeedData([]byte("123456789")))
		s.want("123456789")(r.Next(s.ctx))
		if got := strings.Join(v.calls, " "); got != "pause resume" {
			s.Error(got)
		}
	})
	overLoops(t, "after-unpausing", func(s *stage) {
		// Who waits for more than there is has a paused transport go on.
		r := s.reader(4)
		v := &valve{}
		s.must(r.SetTransport(v))
		s.check(r.FeedData([]byte("123456789")))
		s.want("12345678")(r.Peek(s.ctx, 8))
		s.check(r.Ready(s.ctx))
		s.want("123456789")(r.Next(s.ctx))
		if got := strings.Join(v.calls, " "); got != "pause resume" {
			s.Error(got)
		}
	})
}

func TestReady(t *testing.T) {
	t.Parallel()
	// start waits in Ready.
	start := func(s *stage, r *StreamReader) *asyncio.Task[struct{}] {
		return s.start(func(ctx context.Context) error { return r.Ready(ctx) })
	}
	overLoops(t, "waits-for-what-a-read-would-find", func(s *stage) {
		for name, c := range map[string]struct {
			happens func(r *StreamReader)
			read    func(r *StreamReader)
		}{
			"data": {
				func(r *StreamReader) { s.check(r.FeedData([]byte("x"))) },
				func(r *StreamReader) { s.want("x")(r.Read(s.ctx, 5)) },
			},
			"the end": {
				func(r *StreamReader) { r.FeedEOF() },
				func(r *StreamReader) { s.wantEnd(r.Read(s.ctx, 5)) },
			},
			"an exception": {
				func(r *StreamReader) { r.SetException(errBoom) },
				func(r *StreamReader) { _, err := r.Read(s.ctx, 5); s.wantError(err, errBoom) },
			},
		} {
			r := s.reader(DefaultLimit)
			task := start(s, r)
			s.passes()
			if task.Done() {
				s.Errorf("%s: ready before that", name)
			}
			c.happens(r)
			_, err := task.Await(s.ctx)
			s.check(err)
			for range 2 {
				s.check(r.Ready(s.ctx)) // is no read
			}
			c.read(r)
		}
	})
	overLoops(t, "cancelled", func(s *stage) {
		for text, also := range map[string]func(r *StreamReader){
			"":     func(*StreamReader) {},
			"data": func(r *StreamReader) { s.check(r.FeedData([]byte("data"))) },
			"boom": func(r *StreamReader) { r.buf.write([]byte("boom")); r.SetException(errBoom) },
		} {
			r := s.reader(DefaultLimit)
			task := start(s, r)
			s.must(asyncio.Sleep(s.ctx, 0))
			task.Cancel()
			also(r)
			_, err := task.Await(s.ctx)
			s.wantError(err, asyncio.ErrCancelled)
			s.held(r, text)
		}
	})
	overLoops(t, "a-second-one", func(s *stage) {
		r := s.reader(DefaultLimit)
		task := start(s, r)
		s.must(asyncio.Sleep(s.ctx, 0))
		s.wantError(r.Ready(s.ctx), asyncio.ErrInvalidState)
		_, err := r.Next(s.ctx)
		s.wantError(err, asyncio.ErrInvalidState)
		r.FeedEOF()
		_, err = task.Await(s.ctx)
		s.check(err)
	})
	overLoops(t, "in-a-callback", func(s *stage) {
		r := s.reader(DefaultLimit)
		done := asyncio.NewFuture[error](s.loop)
		s.soon(func() { s.check(done.SetResult(r.Ready(s.ctx))) })
		err, _ := done.Await(s.ctx)
		s.wantError(err, asyncio.ErrAwaitInCallback)
	})
	overLoops(t, "on-another-goroutine", func(s *stage) {
		s.needs("goroutines of others")
		r := s.reader(DefaultLimit)
		waits := s.start(func(ctx context.Context) error {
			s.elsewhere(func() {
				s.check(r.Ready(context.Background()))
				s.check(r.Ready(context.Background()))
				s.want("over there")(r.Next(context.Background()))
				room := make([]byte, 10)
				n, err := r.ReadInto(context.Background(), room)
				s.want("again")(room[:n], err)
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				s.wantError(r.Ready(ctx), context.Canceled)
				_, err = r.Next(ctx)
				s.wantError(err, context.Canceled)
			})
			return nil
		})
		for _, text := range []string{"over there", "again"} {
			s.until("a goroutine to wait", func() bool {
				r.mu.Lock()
				defer r.mu.Unlock()
				if r.waiters.Suspended() {
					s.Error("a goroutine counts as a coroutine")
				}
				return r.waiters.Len() > 0
			})
			s.check(r.FeedData([]byte(text)))
		}
		_, err := waits.Await(s.ctx)
		s.check(err)
	})
}
