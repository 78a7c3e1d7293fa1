package golden_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

func TestStreams(t *testing.T) {
	compare(t, "streams",
		readWhatIsThere, readWaitsForSome, readUntilTheEnd, atEofNeedsEmptyBuffer, lineInPieces,
		linesByIteration, lineOverLimitWithNewline, lineOverLimitWithoutNewline,
		lineOverLimitWhileWaiting, lineAtTheLimit, untilSeparator, untilSeparatorInPieces,
		untilOverLimit, untilRefusesEmptySeparator, exactlyInPieces, exactlyCutShort,
		errorBeatsData, errorWakesReader, secondReaderRefused, cancelledReadLosesNothing,
		readerPausesItsTransport)
}

func (s *stage) show(data []byte) {
	s.out("[" + strings.ReplaceAll(string(data), "\n", "/") + "]")
}

// reader makes a reader that holds data, and the end too if end is true.
func (s *stage) reader(limit int, data string, end bool) *streams.StreamReader {
	r, err := streams.NewStreamReader(streams.WithLimit(limit))
	s.must(err)
	s.must(r.FeedData([]byte(data)))
	if end {
		r.FeedEOF()
	}
	return r
}

const roomy = 1000

// read says what a read returned. The end of the stream, io.EOF here, is an
// empty read in Python.
func (s *stage) read(data []byte, err error) {
	var (
		incomplete *streams.IncompleteReadError
		overrun    *streams.LimitOverrunError
	)
	switch {
	case err == nil, err == io.EOF:
		s.show(data)
	case errors.As(err, &incomplete):
		expected := "unknown"
		if incomplete.Expected >= 0 {
			expected = fmt.Sprint(incomplete.Expected)
		}
		s.out(fmt.Sprintf("incomplete read [%s] of %s", incomplete.Partial, expected))
	case errors.Is(err, asyncio.ErrInvalidArgument):
		s.out("line too long")
	case errors.As(err, &overrun):
		s.out("limit overrun at", overrun.Consumed)
	default:
		s.out(describe(err))
	}
}

// feed feeds one piece per tick, and at last the end.
func (s *stage) feed(r *streams.StreamReader, pieces ...string) {
	for n, piece := range pieces {
		s.later(float64(n+1), func() { s.must(r.FeedData([]byte(piece))) })
	}
	s.later(float64(len(pieces)+1), r.FeedEOF)
}

func readWhatIsThere(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "hello world", true)
	for _, n := range []int{0, 5, 100, 5} {
		s.read(r.Read(ctx, n))
	}
	s.out("at eof", r.AtEOF())
	return nil
}

func readWaitsForSome(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "", false)
	s.feed(r, "abc", "def")
	for range 3 {
		s.read(r.Read(ctx, 10))
	}
	return nil
}

func readUntilTheEnd(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "", false)
	s.feed(r, "abc", "def")
	s.read(r.Read(ctx, -1))
	s.read(r.Read(ctx, -1))
	return nil
}

func atEofNeedsEmptyBuffer(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "x", false)
	s.out(r.AtEOF())
	r.FeedEOF()
	s.out(r.AtEOF())
	s.read(r.Read(ctx, 1))
	s.out(r.AtEOF())
	return nil
}

func lineInPieces(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "", false)
	s.feed(r, "one", " line\nsecond", " line\nlast")
	for range 4 {
		s.read(r.ReadLine(ctx))
	}
	return nil
}

func linesByIteration(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "one\ntwo\n\nlast", true)
	for line, err := range r.Lines(ctx) {
		s.must(err)
		s.show(line)
	}
	return nil
}

func lineOverLimitWithNewline(ctx context.Context, s *stage) error {
	r := s.reader(5, "too long\nok\n", true)
	s.read(r.ReadLine(ctx))
	s.read(r.ReadLine(ctx))
	return nil
}

func lineOverLimitWithoutNewline(ctx context.Context, s *stage) error {
	r := s.reader(5, "far too long", false)
	s.read(r.ReadLine(ctx))
	s.must(r.FeedData([]byte("next\n")))
	s.read(r.ReadLine(ctx))
	return nil
}

func lineOverLimitWhileWaiting(ctx context.Context, s *stage) error {
	r := s.reader(7, "", false)
	s.feed(r, "chunk1", "chunk2", "chunk3\nrest")
	for range 4 {
		s.read(r.ReadLine(ctx))
	}
	return nil
}

func lineAtTheLimit(ctx context.Context, s *stage) error {
	s.read(s.reader(7, "1234567\n", false).ReadLine(ctx))
	s.read(s.reader(7, "12345678\n", false).ReadLine(ctx))
	s.read(s.reader(7, "1234567", true).ReadLine(ctx))
	s.read(s.reader(7, "12345678", true).ReadLine(ctx))
	return nil
}

func untilSeparator(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "aa--bb--cc", true)
	for range 3 {
		s.read(r.ReadUntil(ctx, []byte("--")))
	}
	s.read(r.Read(ctx, -1))
	return nil
}

func untilSeparatorInPieces(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "", false)
	s.feed(r, "aaA", "aA", "AAb", "rest")
	s.read(r.ReadUntil(ctx, []byte("AAAb")))
	s.read(r.Read(ctx, -1))
	return nil
}

func untilOverLimit(ctx context.Context, s *stage) error {
	r := s.reader(3, "abcdef--rest", false)
	s.read(r.ReadUntil(ctx, []byte("--")))
	s.read(r.Read(ctx, 6))
	r = s.reader(3, "abcdef-", false)
	s.read(r.ReadUntil(ctx, []byte("--")))
	s.read(r.Read(ctx, 100))
	return nil
}

func untilRefusesEmptySeparator(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "abc", false)
	_, err := r.ReadUntil(ctx, []byte{})
	s.out(refused(err, asyncio.ErrInvalidArgument))
	s.read(r.Read(ctx, 100))
	return nil
}

func exactlyInPieces(ctx context.Context, s *stage) error {
	r := s.reader(2, "", false)
	s.feed(r, "abc", "def", "ghi")
	s.read(r.ReadExactly(ctx, 0))
	s.read(r.ReadExactly(ctx, 7))
	s.read(r.ReadExactly(ctx, 2))
	return nil
}

func exactlyCutShort(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "", false)
	s.feed(r, "abc", "def")
	s.read(r.ReadExactly(ctx, 10))
	s.read(r.ReadExactly(ctx, 10))
	s.out("at eof", r.AtEOF())
	return nil
}

func errorBeatsData(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "left over\n", false)
	r.SetException(boom("stream"))
	s.read(r.Read(ctx, 5))
	s.read(r.ReadLine(ctx))
	s.read(r.ReadExactly(ctx, 3))
	s.read(r.ReadUntil(ctx, []byte("x")))
	return nil
}

func errorWakesReader(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "", false)
	s.later(1, func() { r.SetException(boom("stream")) })
	s.read(r.ReadLine(ctx))
	return nil
}

func secondReaderRefused(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "", false)
	first := s.task(func(ctx context.Context) (any, error) {
		s.read(r.Read(ctx, 10))
		return nil, nil
	})
	s.must(ticks(ctx, 0))
	_, err := r.Read(ctx, 10)
	s.out(refused(err, asyncio.ErrInvalidState))
	s.must(r.FeedData([]byte("for the first")))
	_, err = first.Await(ctx)
	return err
}

func cancelledReadLosesNothing(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "abc", false)
	task := s.task(func(ctx context.Context) (any, error) {
		s.read(r.ReadExactly(ctx, 6))
		return nil, nil
	})
	s.must(ticks(ctx, 1))
	task.Cancel()
	_, err := task.Await(ctx)
	s.must(err)
	s.must(r.FeedData([]byte("def")))
	s.read(r.ReadExactly(ctx, 6))
	return nil
}

// valve is a transport that only says when it is paused and resumed.
type valve struct {
	asyncio.UnimplementedTransport
	s *stage
}

func (v valve) PauseReading() error {
	v.s.out("paused")
	return nil
}

func (v valve) ResumeReading() error {
	v.s.out("resumed")
	return nil
}

func readerPausesItsTransport(ctx context.Context, s *stage) error {
	r := s.reader(4, "", false)
	s.must(r.SetTransport(valve{s: s}))
	for _, piece := range []string{"1234", "5678", "9", "0"} {
		s.out("feed", len(piece))
		s.must(r.FeedData([]byte(piece)))
	}
	for _, n := range []int{5, 1, 4} {
		s.read(r.Read(ctx, n))
	}
	s.must(r.FeedData([]byte("123456789")))
	s.read(r.ReadExactly(ctx, 9))
	return nil
}
