package streams

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// seps are separators.
func seps(all ...string) [][]byte {
	some := [][]byte{}
	for _, s := range all {
		some = append(some, []byte(s))
	}
	return some
}

// TestSeveralSeparators: what ReadUntil makes of more than one, in any order.
func TestSeveralSeparators(t *testing.T) {
	t.Parallel()
	overLoops(t, "streams.702.readuntil-first-end", func(s *stage) {
		for _, both := range [][][]byte{seps("DEF", "BCDE"), seps("BCDE", "DEF")} {
			r := s.reader(DefaultLimit, "ABCDEFG")
			s.want("ABCDE")(r.ReadUntil(s.ctx, both...))
			s.held(r, "FG")
			// So too if it comes piece by piece.
			r = s.reader(DefaultLimit, "A")
			s.feedSoon(r, "B", "C", "D", "E", "F", "G")
			s.want("ABCDE")(r.ReadUntil(s.ctx, both...))
		}
	})
	overLoops(t, "streams.703.readuntil-several-limit", func(s *stage) {
		for _, both := range [][][]byte{seps("ABC", "BC"), seps("BC", "ABC")} {
			r := s.reader(1, "xABC")
			_, err := r.ReadUntil(s.ctx, both...)
			var e *LimitOverrunError
			if !errors.As(err, &e) || e.Consumed != 2 || e.Message != "Separator is found, but chunk is longer than limit" {
				s.Errorf("%q: error %v", both, err)
			}
			s.held(r, "xABC")
			s.want("xABC")(s.reader(2, "xABC").ReadUntil(s.ctx, both...))
		}
		s.want("xABC")(s.reader(1, "xABC").ReadUntil(s.ctx, seps("ABC")...))
		_, err := s.reader(3, "some data").ReadUntil(s.ctx, seps("X", "YZ")...)
		if e := (*LimitOverrunError)(nil); !errors.As(err, &e) || e.Consumed != 8 || e.Message != "Separator is not found, and chunk exceed the limit" {
			s.Errorf("error %v", err)
		}
	})
	overLoops(t, "streams.704.readuntil-several-eof", func(s *stage) {
		for limit, data := range map[int]string{DefaultLimit: "some data", 3: "some"} {
			r := s.reader(limit, data)
			r.FeedEOF()
			_, err := r.ReadUntil(s.ctx, seps("X", "YZQQQQ")...)
			var e *IncompleteReadError
			if !errors.As(err, &e) || string(e.Partial) != data || e.Expected != -1 {
				s.Errorf("error %v", err)
			}
			s.wantError(err, io.ErrUnexpectedEOF)
			s.held(r, "")
		}
	})
	overLoops(t, "streams.705.readuntil-no-separators", func(s *stage) {
		r := s.reader(DefaultLimit, "abc\nd")
		texts := map[string]bool{}
		for _, bad := range [][][]byte{{}, seps(""), seps("", "a"), seps("a", "")} {
			_, err := r.ReadUntil(s.ctx, bad...)
			s.wantError(err, asyncio.ErrInvalidArgument)
			texts[err.Error()] = true
		}
		if len(texts) != 2 {
			s.Errorf("the texts are %v", texts)
		}
		for text := range texts {
			if !strings.HasPrefix(text, "streams: ReadUntil: invalid argument: ") {
				s.Error(text)
			}
		}
		s.held(r, "abc\nd")
		s.want("abc\n")(r.ReadUntil(s.ctx)) // Go's default argument
	})
}
