package streams

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// wantTooLong fails the test unless a line was longer than the limit.
func (s *stage) wantTooLong(p []byte, err error) {
	s.Helper()
	var e *LimitOverrunError
	if len(p) > 0 || !errors.Is(err, asyncio.ErrInvalidArgument) || !errors.As(err, &e) {
		s.Errorf("read %q, %v; want a line that is too long", p, err)
	}
}

func TestReadLine(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.012.readline-chunks", func(s *stage) {
		r := s.reader(DefaultLimit, "chunk1 ")
		s.feedSoon(r, "chunk2 ", "chunk3 ", "\n chunk4")
		s.want("chunk1 chunk2 chunk3 \n")(r.ReadLine(s.ctx))
		s.held(r, " chunk4")
	})
	overLoops(t, "streams.013a.readline-limit-with-newline", func(s *stage) {
		r := s.reader(3, "li", "ne1\nline2\n")
		_, err := r.ReadLine(s.ctx)
		s.wantTooLong(nil, err)
		if err.Error() != "streams: Separator is found, but chunk is longer than limit; WithLimit sets it" {
			s.Error(err)
		}
		s.held(r, "line2\n")
	})
	overLoops(t, "streams.013b.readline-limit-no-newline", func(s *stage) {
		r := s.reader(3, "li", "ne1", "li")
		_, err := r.ReadLine(s.ctx)
		s.wantTooLong(nil, err)
		if err.Error() != "streams: Separator is not found, and chunk exceed the limit; WithLimit sets it" {
			s.Error(err)
		}
		s.held(r, "")
	})
	overLoops(t, "streams.015a.readline-limit-while-waiting", func(s *stage) {
		r := s.reader(7)
		s.feedSoon(r, "chunk1", "chunk2", "chunk3\n")
		s.wantTooLong(r.ReadLine(s.ctx)) // at chunk2, and without it
		s.passes()
		s.held(r, "chunk3\n")
		s.want("chunk3\n")(r.ReadLine(s.ctx))
		s.feedSoon(r, "chunk1", "chunk2\nrest")
		s.wantTooLong(r.ReadLine(s.ctx))
		s.held(r, "rest")
	})
	overLoops(t, "streams.015b.readline-limit-boundary", func(s *stage) {
		s.want("1234567\n")(s.reader(7, "1234567\n").ReadLine(s.ctx))
		s.wantTooLong(s.reader(7, "12345678\n").ReadLine(s.ctx))
		s.wantTooLong(s.reader(7, "12345678").ReadLine(s.ctx))
		r := s.reader(7, "1234567")
		s.feedSoon(r, "\n")
		s.want("1234567\n")(r.ReadLine(s.ctx))
		r = s.reader(7, "1234567")
		r.FeedEOF()
		s.want("1234567")(r.ReadLine(s.ctx))
	})
	overLoops(t, "streams.016.readline-at-once", func(s *stage) {
		r := s.reader(DefaultLimit, line18)
		s.soon(func() { s.held(r, line18[6:]) }) // nothing else ran before the line was there
		s.want("line1\n")(r.ReadLine(s.ctx))
		s.passes()
	})
	overLoops(t, "streams.017.readline-eof-empty", func(s *stage) {
		r := s.reader(DefaultLimit)
		r.FeedEOF()
		s.wantEnd(r.ReadLine(s.ctx))
	})
	overLoops(t, "readline-eof-partial", func(s *stage) {
		r := s.reader(DefaultLimit, "some data")
		r.FeedEOF()
		s.want("some data")(r.ReadLine(s.ctx))
		s.wantEnd(r.ReadLine(s.ctx))
	})
	overLoops(t, "streams.018.readline-then-read", func(s *stage) {
		r := s.reader(DefaultLimit, line18)
		s.want("line1\n")(r.ReadLine(s.ctx))
		s.want("line2\nl")(r.Read(s.ctx, 7))
		s.want("ine3\n")(r.ReadLine(s.ctx))
		s.held(r, "")
	})
	overLoops(t, "streams.019.readline-exception", func(s *stage) {
		r := s.reader(DefaultLimit, "line\n", "next\n")
		s.want("line\n")(r.ReadLine(s.ctx))
		r.SetException(errBoom)
		_, err := r.ReadLine(s.ctx)
		s.wantError(err, errBoom)
	})
	overLoops(t, "streams.041.iterate-lines", func(s *stage) {
		r := s.reader(DefaultLimit, "line1\n", "\nline2\nlast")
		r.FeedEOF()
		var lines []string
		for line, err := range r.Lines(s.ctx) {
			s.must(err)
			lines = append(lines, string(line))
		}
		if got := strings.Join(lines, "|"); got != "line1\n|\n|line2\n|last" {
			s.Errorf("lines %q", got)
		}
		for range r.Lines(s.ctx) {
			s.Error("a line after the end")
		}
		r = s.reader(DefaultLimit, "line1\nline2\n")
		s.soon(func() { r.SetException(errBoom) })
		var last error
		n := 0
		for _, err := range r.Lines(s.ctx) {
			last = err
			n++
		}
		if s.wantError(last, errBoom); n != 3 {
			s.Errorf("%d rounds", n)
		}
		r = s.reader(DefaultLimit, "line1\nline2\n")
		for range r.Lines(s.ctx) {
			break
		}
		s.held(r, "line2\n")
	})
}

func TestReadUntil(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.020.readuntil-empty-separator", func(s *stage) {
		r := s.reader(DefaultLimit, "abc")
		for _, seps := range [][][]byte{{{}}, {[]byte("a"), nil}} {
			_, err := r.ReadUntil(s.ctx, seps...)
			s.wantError(err, asyncio.ErrInvalidArgument)
		}
		s.held(r, "abc")
	})
	overLoops(t, "streams.021a.readuntil", func(s *stage) {
		r := s.reader(DefaultLimit, "abAB")
		s.want("abAB")(r.ReadUntil(s.ctx, []byte("AB")))
		s.feedSoon(r, "QWERTYQWERTY", "QWERTYQWAA", "BB and more")
		s.want("QWERTYQWERTYQWERTYQWAAB")(r.ReadUntil(s.ctx, []byte("AAB")))
		s.held(r, "B and more")
		s.feedSoon(r, "\nx")
		s.want("B and more\n")(r.ReadUntil(s.ctx))
		s.held(r, "x")
	})
	overLoops(t, "streams.021b.readuntil-split-separator", func(s *stage) {
		for _, pieces := range [][]string{
			{"QWERTYaa", "XaA", "aaa"},
			{"QWERTYaa", "Xa", "aaa"},
			{"a", "a", "X", "a", "a", "a", "a"},
		} {
			r := s.reader(DefaultLimit, pieces[0])
			s.feedSoon(r, pieces[1:]...)
			all := strings.Join(pieces, "")
			end := strings.Index(all, "aaa") + 3
			s.want(all[:end])(r.ReadUntil(s.ctx, []byte("aaa")))
			s.passes()
			s.held(r, all[end:])
		}
	})
	overLoops(t, "readuntil-does-not-start-over", func(s *stage) {
		for _, sep := range []string{"X", "XYZ"} {
			r := s.reader(DefaultLimit, "abcdefgh")
			task := s.start(func(ctx context.Context) error {
				s.want(sep + "abcdefgh"[len(sep):] + "--" + sep)(r.ReadUntil(ctx, []byte(sep)))
				return nil
			})
			s.passes()
			copy(r.buf.bytes(), sep) // where it has looked already
			s.check(r.FeedData([]byte("--")))
			s.passes()
			s.check(r.FeedData([]byte(sep)))
			_, err := task.Await(s.ctx)
			s.check(err)
		}
	})
	overLoops(t, "streams.022.readuntil-eof", func(s *stage) {
		r := s.reader(DefaultLimit, "some dataAA")
		r.FeedEOF()
		_, err := r.ReadUntil(s.ctx, []byte("AAA"))
		var e *IncompleteReadError
		if !errors.As(err, &e) || string(e.Partial) != "some dataAA" || e.Expected != -1 {
			s.Errorf("error %v", err)
		}
		s.wantError(err, io.ErrUnexpectedEOF)
		s.held(r, "")
		_, err = r.ReadUntil(s.ctx, []byte("AAA"))
		s.wantError(err, io.EOF)
	})
	overLoops(t, "readuntil-limit", func(s *stage) {
		r := s.reader(3, "some dataAA")
		_, err := r.ReadUntil(s.ctx, []byte("AAA"))
		var e *LimitOverrunError
		if !errors.As(err, &e) || e.Consumed != 9 || errors.Is(err, asyncio.ErrInvalidArgument) {
			s.Errorf("error %v", err)
		}
		s.held(r, "some dataAA")
		s.check(r.FeedData([]byte("A")))
		_, err = r.ReadUntil(s.ctx, []byte("AAA"))
		if !errors.As(err, &e) || e.Consumed != 9 || e.Message != "Separator is found, but chunk is longer than limit" {
			s.Errorf("error %v", err)
		}
		s.held(r, "some dataAAA")
	})
	overLoops(t, "streams.701.readuntil-several", func(s *stage) {
		seps := [][]byte{[]byte("\r\n"), []byte("\n"), []byte("END")}
		r := s.reader(DefaultLimit, "one\r\ntwo\nthreeEN")
		s.want("one\r\n")(r.ReadUntil(s.ctx, seps...))
		s.want("two\n")(r.ReadUntil(s.ctx, seps...))
		s.feedSoon(r, "D\n")
		s.want("threeEND")(r.ReadUntil(s.ctx, seps...))
		r = s.reader(DefaultLimit, "xABCD")
		s.want("xABC")(r.ReadUntil(s.ctx, []byte("ABCD"), []byte("BC"), []byte("ABC")))
	})
	overLoops(t, "readuntil-after-somebody-else-has-read", func(s *stage) {
		r := s.reader(DefaultLimit, "abc")
		task := s.start(func(ctx context.Context) error {
			s.want("x.")(r.ReadUntil(ctx, []byte(".")))
			return nil
		})
		s.passes()
		s.want("abc")(r.Read(s.ctx, 3)) // what is there may be taken: nobody waits
		s.check(r.FeedData([]byte("x.y")))
		_, err := task.Await(s.ctx)
		s.check(err)
		s.held(r, "y")
	})
}
