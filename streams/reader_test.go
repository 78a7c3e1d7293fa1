package streams

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

const line18 = "line1\nline2\nline3\n"

func TestFeeding(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.003.feed-empty", func(s *stage) {
		r := s.reader(DefaultLimit, "")
		s.held(r, "")
		if r.buf.mem != nil {
			s.Error("an empty reader keeps memory")
		}
	})
	overLoops(t, "streams.004.feed-data", func(s *stage) {
		r := s.reader(DefaultLimit, "data", "", " and more")
		s.held(r, "data and more")
	})
	overLoops(t, "feeding-after-the-end", func(s *stage) {
		r := s.reader(DefaultLimit)
		r.FeedEOF()
		s.wantError(r.FeedData([]byte("x")), asyncio.ErrInvalidState)
		s.check(r.FeedData(nil))
		s.wantEnd(r.Read(s.ctx, 1))
	})
	overLoops(t, "streams.014.at-eof", func(s *stage) {
		r := s.reader(DefaultLimit, "some data\n")
		if r.AtEOF() {
			s.Error("at eof with data to read")
		}
		s.want("some data\n")(r.ReadLine(s.ctx))
		if r.AtEOF() {
			s.Error("at eof before the end was fed")
		}
		r.FeedEOF()
		if !r.AtEOF() {
			s.Error("not at eof")
		}
		r = s.reader(DefaultLimit, "left")
		r.FeedEOF()
		if r.AtEOF() {
			s.Error("at eof with data to read after the end was fed")
		}
	})
	overLoops(t, "streams.026.exception-getter", func(s *stage) {
		r := s.reader(DefaultLimit)
		if err := r.Exception(); err != nil {
			s.Errorf("exception %v before it was set", err)
		}
		r.SetException(errBoom)
		if err := r.Exception(); err != errBoom {
			s.Errorf("exception %v", err)
		}
	})
	overLoops(t, "transport-set-once", func(s *stage) {
		r := s.reader(DefaultLimit)
		s.check(r.SetTransport(&valve{}))
		s.wantError(r.SetTransport(&valve{}), asyncio.ErrInvalidState)
	})
	overLoops(t, "string", func(s *stage) {
		r := s.reader(5, "abc")
		s.check(r.SetTransport(&valve{}))
		s.check(r.FeedData([]byte("12345678")))
		r.FeedEOF()
		r.SetException(errBoom)
		if got, want := r.String(), `<StreamReader 11 bytes eof limit=5 exception="boom" transport=<valve> paused>`; got != want {
			s.Errorf("it is %s, want %s", got, want)
		}
	})
}

var errBoom = errors.New("boom")

func TestRead(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.005.read-zero", func(s *stage) {
		r := s.reader(DefaultLimit, line18)
		p, err := r.Read(s.ctx, 0)
		if p == nil || len(p) != 0 || err != nil {
			s.Errorf("read %q, %v", p, err)
		}
		s.held(r, line18)
		r = s.reader(DefaultLimit)
		s.want("")(r.Read(s.ctx, 0)) // without waiting: nobody feeds
	})
	overLoops(t, "streams.006.read-n", func(s *stage) {
		r := s.reader(DefaultLimit)
		s.feedSoon(r, line18)
		s.want(line18)(r.Read(s.ctx, 30))
		s.held(r, "")
	})
	overLoops(t, "streams.007.read-n-splits", func(s *stage) {
		r := s.reader(DefaultLimit, "line1", "line2")
		s.want("line1")(r.Read(s.ctx, 5))
		s.held(r, "line2")
	})
	overLoops(t, "streams.008.read-eof", func(s *stage) {
		r := s.reader(DefaultLimit)
		s.soon(r.FeedEOF)
		s.wantEnd(r.Read(s.ctx, 1024))
		s.wantEnd(r.Read(s.ctx, 1024))
		if n, err := r.ReadInto(s.ctx, make([]byte, 4)); n != 0 || err != io.EOF {
			s.Errorf("read into: %d, %v", n, err)
		}
	})
	overLoops(t, "streams.009.read-until-eof", func(s *stage) {
		r := s.reader(DefaultLimit)
		s.feedSoon(r, "chunk1\n", "chunk2")
		task := s.start(func(ctx context.Context) error {
			s.want("chunk1\nchunk2")(r.Read(ctx, -1))
			return nil
		})
		s.passes()
		r.FeedEOF()
		_, err := task.Await(s.ctx)
		s.check(err)
		s.held(r, "")
		s.want("")(r.ReadAll(s.ctx))
	})
	overLoops(t, "read-all-beyond-the-limit", func(s *stage) {
		r := s.reader(1)
		v := &valve{}
		s.check(r.SetTransport(v))
		s.feedSoon(r, "chunk", "chunk", "chunk")
		task := s.start(func(ctx context.Context) error {
			s.want("chunkchunkchunk")(r.ReadAll(ctx))
			return nil
		})
		s.passes()
		r.FeedEOF()
		_, err := task.Await(s.ctx)
		s.check(err)
		if got := strings.Join(v.calls, " "); got != "pause resume pause resume pause resume" {
			s.Errorf("the transport was told to %s", got)
		}
	})
	overLoops(t, "read-all-keeps-what-it-had", func(s *stage) {
		r := s.reader(DefaultLimit, "chunk")
		s.soon(func() { r.SetException(errBoom) })
		p, err := r.ReadAll(s.ctx)
		s.wantError(err, errBoom)
		if string(p) != "chunk" {
			s.Errorf("read %q", p)
		}
	})
	overLoops(t, "streams.010.read-exception", func(s *stage) {
		r := s.reader(DefaultLimit, "line\n")
		s.want("li")(r.Read(s.ctx, 2))
		r.SetException(errBoom)
		_, err := r.Read(s.ctx, 2)
		s.wantError(err, errBoom)
		_, err = r.ReadInto(s.ctx, make([]byte, 2))
		s.wantError(err, errBoom)
		_, err = r.ReadAll(s.ctx)
		s.wantError(err, errBoom)
		_, err = r.Peek(s.ctx, 1)
		s.wantError(err, errBoom)
		_, err = r.Discard(s.ctx, 1)
		s.wantError(err, errBoom)
		s.held(r, "ne\n")
	})
	overLoops(t, "streams.011.limit-invalid", func(s *stage) {
		for _, limit := range []int{0, -1} {
			_, err := NewStreamReader(WithLimit(limit))
			s.wantError(err, asyncio.ErrInvalidArgument)
		}
		_, err := StartServer(s.ctx, echo, "tcp", "127.0.0.1:0", nil, WithLimit(0))
		s.wantError(err, asyncio.ErrInvalidArgument)
		_, _, err = OpenConnection(s.ctx, "tcp", "127.0.0.1:1", nil, WithLimit(-1))
		s.wantError(err, asyncio.ErrInvalidArgument)
	})
	overLoops(t, "read-into", func(s *stage) {
		r := s.reader(DefaultLimit, "abc")
		var room [2]byte
		n, err := r.ReadInto(s.ctx, room[:])
		s.want("ab")(room[:n], err)
		n, err = r.ReadInto(s.ctx, room[:0])
		s.want("")(room[:n], err)
		n, err = r.ReadInto(s.ctx, room[:])
		s.want("c")(room[:n], err)
		s.feedSoon(r, "de")
		n, err = r.ReadInto(s.ctx, room[:])
		s.want("de")(room[:n], err)
	})
}

func TestReadExactly(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.023.readexactly-zero-negative", func(s *stage) {
		r := s.reader(DefaultLimit, line18)
		s.want("")(r.ReadExactly(s.ctx, 0))
		s.held(r, line18)
		_, err := r.ReadExactly(s.ctx, -1)
		s.wantError(err, asyncio.ErrInvalidArgument)
		s.held(r, line18)
	})
	overLoops(t, "streams.024a.readexactly", func(s *stage) {
		r := s.reader(DefaultLimit)
		n := 2 * len(line18)
		s.feedSoon(r, line18, line18, line18)
		s.want(line18 + line18)(r.ReadExactly(s.ctx, n))
		s.passes()
		s.held(r, line18)
	})
	overLoops(t, "streams.024b.readexactly-over-limit", func(s *stage) {
		r := s.reader(3, "chunk")
		s.check(r.SetTransport(&valve{}))
		s.feedSoon(r, "chunk", "chunk1")
		s.want("chunkchunk")(r.ReadExactly(s.ctx, 10))
		s.passes()
		s.held(r, "chunk1")
	})
	overLoops(t, "streams.025.readexactly-eof", func(s *stage) {
		r := s.reader(DefaultLimit)
		s.feedSoon(r, line18)
		task := s.start(func(ctx context.Context) error {
			_, err := r.ReadExactly(ctx, 2*len(line18))
			return err
		})
		s.passes()
		r.FeedEOF()
		_, err := task.Await(s.ctx)
		var e *IncompleteReadError
		if !errors.As(err, &e) || string(e.Partial) != line18 || e.Expected != 36 ||
			e.Error() != "streams: 18 bytes read on a total of 36 expected bytes" {
			s.Errorf("error %v", err)
		}
		s.wantError(err, io.ErrUnexpectedEOF)
		s.held(r, "")
	})
	overLoops(t, "peek-and-discard", func(s *stage) {
		r := s.reader(2, "ab")
		v := &valve{}
		s.check(r.SetTransport(v))
		s.feedSoon(r, "cd", "efgh")
		s.want("abcde")(r.Peek(s.ctx, 5))
		s.want("")(r.Peek(s.ctx, 0))
		s.held(r, "abcdefgh")
		n, err := r.Discard(s.ctx, 3)
		if n != 3 || err != nil {
			s.Errorf("discarded %d, %v", n, err)
		}
		s.held(r, "defgh")
		s.feedSoon(r, "ij", "kl")
		n, err = r.Discard(s.ctx, 8)
		if n != 8 || err != nil {
			s.Errorf("discarded %d, %v", n, err)
		}
		s.passes()
		s.held(r, "l")
		r.FeedEOF()
		p, err := r.Peek(s.ctx, 2)
		if string(p) != "l" || err != io.EOF {
			s.Errorf("peeked %q, %v", p, err)
		}
		n, err = r.Discard(s.ctx, 2)
		if n != 1 || err != io.EOF {
			s.Errorf("discarded %d, %v", n, err)
		}
		_, err = r.Peek(s.ctx, -1)
		s.wantError(err, asyncio.ErrInvalidArgument)
		_, err = r.Discard(s.ctx, -1)
		s.wantError(err, asyncio.ErrInvalidArgument)
	})
}
