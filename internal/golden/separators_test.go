package golden_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestSeparators(t *testing.T) {
	compare(t, "separators",
		separatorsWhicheverComesFirst, separatorsTheFirstEndWins, separatorsInPieces,
		separatorsOverTheLimit, separatorsAtTheLimit, separatorsNoneFound, separatorsRefused)
}

// several makes separators of strings.
func several(separators ...string) [][]byte {
	list := make([][]byte, len(separators))
	for i, s := range separators {
		list[i] = []byte(s)
	}
	return list
}

func separatorsWhicheverComesFirst(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "one;two,three;four", true)
	for range 4 {
		s.read(r.ReadUntil(ctx, several(";", ",")...))
	}
	return nil
}

func separatorsTheFirstEndWins(ctx context.Context, s *stage) error {
	for _, separators := range [][][]byte{several("DEF", "BCDE"), several("BCDEF", "CD")} {
		r := s.reader(roomy, "ABCDEFG", true)
		s.read(r.ReadUntil(ctx, separators...))
		s.read(r.Read(ctx, -1))
	}
	return nil
}

func separatorsInPieces(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "", false)
	s.feed(r, "line+", "\nmore", "\nend+", "x")
	for range 3 {
		s.read(r.ReadUntil(ctx, several("\n", "+\n")...))
	}
	return nil
}

func separatorsOverTheLimit(ctx context.Context, s *stage) error {
	r := s.reader(3, "1234-AB--", false)
	s.read(r.ReadUntil(ctx, several("AB", "-AB")...))
	s.read(r.Read(ctx, 100))
	r = s.reader(3, "123456", false)
	s.read(r.ReadUntil(ctx, several("x", "yy")...))
	s.read(r.Read(ctx, 100))
	return nil
}

func separatorsAtTheLimit(ctx context.Context, s *stage) error {
	s.read(s.reader(3, "123sep567", false).ReadUntil(ctx, several("sep", "3sep")...))
	s.read(s.reader(3, "1234sep567", false).ReadUntil(ctx, several("sep", "4sep")...))
	return nil
}

func separatorsNoneFound(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "some data", true)
	s.read(r.ReadUntil(ctx, several("x", "yy")...))
	s.out("at eof", r.AtEOF())
	return nil
}

func separatorsRefused(ctx context.Context, s *stage) error {
	r := s.reader(roomy, "data", false)
	_, err := r.ReadUntil(ctx, several("x", "")...)
	if errors.Is(err, asyncio.ErrInvalidArgument) {
		s.out("refused")
	}
	s.read(r.Read(ctx, 100))
	return nil
}
