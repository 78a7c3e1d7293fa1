package locks_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
)

// parties is how many most barriers of the tests are for.
const parties = 5

// barrier makes one.
func (s *stage) barrier(n int) *locks.Barrier {
	s.Helper()
	b, err := locks.NewBarrier(n)
	s.Check(err)
	return b
}

// through waits in a barrier.
func through(b *locks.Barrier) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		_, err := b.Wait(ctx)
		return err
	}
}

// all runs n coroutines to their end.
func (s *stage) all(n int, f func(ctx context.Context) error) {
	s.Helper()
	var tasks []*asyncio.Task[struct{}]
	for range n {
		tasks = append(tasks, s.Start(f))
	}
	for _, task := range tasks {
		s.Check(s.ended(task))
	}
}

// noteCounts fails the test unless it was noted as often as this says.
func (s *stage) noteCounts(want string) {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	count := map[any]int{}
	for _, what := range s.did {
		count[what]++
	}
	s.want("noted", count, want)
}

// open fails the test unless nobody is in the barrier and it works.
func (s *stage) open(b *locks.Barrier) {
	s.Helper()
	s.want("afterwards", b, fmt.Sprintf("<Barrier filling waiters=0/%d>", b.Parties()))
	s.want("waiting", b.NWaiting(), 0)
	s.want("broken", b.Broken(), false)
}

func TestBarrier(t *testing.T) {
	t.Parallel()
	row(t, "locks.038.barrier-string", func(s *stage) { phases(s) })
	row(t, "locks.039.barrier-parties", func(s *stage) {
		for _, n := range []int{0, -4} {
			_, err := locks.NewBarrier(n)
			s.Fails(err, asyncio.ErrInvalidArgument)
		}
		s.want("parties", s.barrier(parties).Parties(), parties)
		s.want("zero value", new(locks.Barrier).Parties(), 1)
	})
	row(t, "locks.040.barrier-index", func(s *stage) {
		b := s.barrier(parties)
		var got []int
		for range 2 {
			got = nil
			s.all(parties, func(ctx context.Context) error {
				i, err := b.Wait(ctx)
				got = append(got, i)
				return err
			})
			slices.Sort(got)
			s.want("indices", got, "[0 1 2 3 4]")
			s.open(b)
		}
	})
	row(t, "locks.041.barrier-one", func(s *stage) {
		b := s.barrier(1)
		s.soon(func() { s.note("a pass") })
		for range 3 {
			i, err := b.Wait(s.Ctx)
			s.Check(err)
			s.want("index", i, 0)
		}
		s.noted("[]")
		s.open(b)
	})
	row(t, "locks.042.barrier-reuse", func(s *stage) {
		b := s.barrier(parties)
		s.all(parties, func(ctx context.Context) error {
			for turn := range 2 {
				if _, err := b.Wait(ctx); err != nil {
					return err
				}
				s.note(turn)
			}
			return nil
		})
		s.noted("[0 0 0 0 0 1 1 1 1 1]")
		s.open(b)
	})
	row(t, "locks.043.barrier-drain-phase", func(s *stage) {
		b := s.barrier(parties)
		s.all(parties, func(ctx context.Context) error {
			_, err := b.Wait(ctx)
			s.note(strings.Contains(b.String(), "draining"))
			return err
		})
		s.noted("[true true true true false]")
		s.open(b)
	})
	row(t, "locks.044.barrier-block-while-draining", func(s *stage) {
		const again = 2
		b, rest := s.barrier(parties), s.barrier(parties-again)
		left := again
		s.all(parties, func(ctx context.Context) error {
			if _, err := b.Wait(ctx); err != nil {
				return err
			}
			if left--; left < 0 {
				if _, err := rest.Wait(ctx); err != nil {
					return err
				}
			}
			return through(b)(ctx)
		})
		s.open(b)
		s.open(rest)
	})
	row(t, "locks.045.barrier-cancel-one", func(s *stage) {
		b := s.barrier(3)
		one, two := s.Start(through(b)), s.Start(through(b))
		s.Passes(1)
		s.want("waiting", b.NWaiting(), 2)
		one.Cancel()
		s.Fails(s.ended(one), asyncio.ErrCancelled)
		s.want("waiting", b.NWaiting(), 1)
		three, four := s.Start(through(b)), s.Start(through(b))
		for _, task := range []*asyncio.Task[struct{}]{two, three, four} {
			s.Check(s.ended(task))
		}
		s.open(b)
	})
	row(t, "locks.046.barrier-reset-empty", func(s *stage) {
		b := s.barrier(1)
		b.Reset()
		s.open(b)
		s.Check(through(b)(s.Ctx))
	})
	row(t, "locks.051.barrier-abort-empty", func(s *stage) {
		b := s.barrier(1)
		b.Abort()
		s.want("broken", b.Broken(), true)
		i, err := b.Wait(s.Ctx)
		s.Fails(err, locks.ErrBrokenBarrier)
		s.want("index", i, -1)
	})
}

// phases looks at a barrier in each of its phases.
func phases(s *stage) {
	b := s.barrier(parties)
	s.want("at first", b, "<Barrier filling waiters=0/5>")
	var tasks []*asyncio.Task[struct{}]
	come := func(n int) {
		for range n {
			tasks = append(tasks, s.Start(through(b)))
		}
		s.Passes(1)
	}
	come(2)
	s.want("two have come", b, "<Barrier filling waiters=2/5>")
	come(3)
	s.want("all have come", b, "<Barrier draining waiters=0/5>")
	come(2)
	s.want("these come next", b, "<Barrier filling waiters=2/5>")
	b.Reset()
	s.want("reset", b, "<Barrier resetting waiters=0/5>")
	b.Abort()
	s.want("aborted", b, "<Barrier broken>")
	for i, task := range tasks {
		if err := s.ended(task); (err == nil) != (i < parties) {
			s.Errorf("party %d: %v", i, err)
		}
	}
}

func TestBarrierReset(t *testing.T) {
	t.Parallel()
	row(t, "locks.047.barrier-reset-half-drained", func(s *stage) {
		b, out := s.barrier(parties), 0
		s.all(parties, func(ctx context.Context) error {
			_, err := b.Wait(ctx)
			if errors.Is(err, locks.ErrBrokenBarrier) {
				s.note("thrown out")
				return nil
			}
			if out++; out == parties-parties/2 {
				b.Reset()
			}
			return err
		})
		s.noteCounts("map[thrown out:2]")
		s.open(b)
	})
	row(t, "locks.048.barrier-reset-half-blocked", func(s *stage) {
		b, out := s.barrier(parties), 0
		s.all(parties, func(ctx context.Context) error {
			switch _, err := b.Wait(ctx); {
			case errors.Is(err, locks.ErrBrokenBarrier):
				s.note("thrown out")
			case err != nil:
				return err
			default:
				if out++; out > parties/2 {
					b.Reset()
				}
			}
			return through(b)(ctx)
		})
		s.noteCounts("map[thrown out:2]")
		s.open(b)
	})
	row(t, "locks.049.barrier-reset-wait-again", func(s *stage) {
		b := s.barrier(parties)
		var tasks []*asyncio.Task[struct{}]
		for range parties - 1 {
			tasks = append(tasks, s.Start(func(ctx context.Context) error {
				s.Fails(through(b)(ctx), locks.ErrBrokenBarrier)
				err := through(b)(ctx)
				s.note("again")
				return err
			}))
		}
		s.Passes(1)
		b.Reset()
		s.Passes(1)
		s.Check(through(b)(s.Ctx))
		for _, task := range tasks {
			s.Check(s.ended(task))
		}
		s.noteCounts("map[again:4]")
		s.open(b)
	})
	row(t, "locks.050.barrier-reset-last-leaver", func(s *stage) {
		b, out := s.barrier(parties), 0
		s.all(parties, func(ctx context.Context) error {
			if err := through(b)(ctx); err != nil {
				return err
			}
			if out++; out == parties {
				b.Reset()
			}
			for _, what := range []string{"second", "third"} {
				if err := through(b)(ctx); err != nil {
					return err
				}
				s.note(what)
			}
			return nil
		})
		s.noteCounts("map[second:5 third:5]")
		s.open(b)
	})
}

func TestBarrierAbort(t *testing.T) {
	t.Parallel()
	row(t, "locks.052.barrier-abort-half", func(s *stage) {
		b, out := s.barrier(parties), 0
		s.all(parties, func(ctx context.Context) error {
			switch _, err := b.Wait(ctx); {
			case errors.Is(err, locks.ErrBrokenBarrier):
				s.note("not yet out")
				return nil
			case err != nil:
				return err
			}
			if out++; out > parties/2 {
				b.Abort()
				return nil
			}
			s.Fails(through(b)(ctx), locks.ErrBrokenBarrier)
			s.note("blocked")
			return nil
		})
		s.noteCounts("map[blocked:2 not yet out:2]")
		s.want("afterwards", b, "<Barrier broken>")
		s.Fails(through(b)(s.Ctx), locks.ErrBrokenBarrier)
	})
	row(t, "locks.053.barrier-abort-on-error", func(s *stage) {
		b := s.barrier(parties)
		s.all(parties, func(ctx context.Context) error { return failsInTheMiddle(ctx, s, b) })
		s.noteCounts("map[broken:4]")
		s.want("waiting", b.NWaiting(), 0)
		s.want("broken", b.Broken(), true)
	})
	row(t, "locks.054.barrier-abort-then-reset", func(s *stage) {
		b, meeting := s.barrier(parties), s.barrier(parties)
		s.all(parties, func(ctx context.Context) error {
			if err := failsInTheMiddle(ctx, s, b); err != nil {
				return err
			}
			i, err := meeting.Wait(ctx)
			if err != nil {
				return err
			}
			if i == parties/2 {
				b.Reset()
			}
			if err := through(meeting)(ctx); err != nil {
				return err
			}
			s.note("again")
			return through(b)(ctx)
		})
		s.noteCounts("map[again:5 broken:4]")
		s.open(b)
	})
}

// failsInTheMiddle waits twice; the party in the middle aborts after the first time.
func failsInTheMiddle(ctx context.Context, s *stage, b *locks.Barrier) error {
	i, err := b.Wait(ctx)
	switch {
	case err == nil && i == parties/2:
		b.Abort()
		return nil
	case err == nil:
		_, err = b.Wait(ctx)
	}
	if !errors.Is(err, locks.ErrBrokenBarrier) {
		return fmt.Errorf("the second wait: %v", err)
	}
	s.note("broken")
	return nil
}
