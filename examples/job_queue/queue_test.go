package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/asynciotest"
)

// started notes the times at which jobs are begun, on a clock that jumps.
type started struct {
	loop  asyncio.EventLoop
	times []time.Duration
}

// slowly runs f with a queue that begins a job a second, and three at once after a rest.
func slowly(t *testing.T, f func(ctx context.Context, q *queue, s *started)) {
	asynciotest.NewJumpingClock(0).Run(t, func(ctx context.Context) {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			t.Fatal(err)
		}
		q, err := newQueue(settings{rate: 1, burst: 3, workers: 5, room: 10, limit: time.Minute, attempts: 3, pause: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		f(ctx, q, &started{loop: loop})
	})
}

// job is a job that takes some time and then fails with err.
func (s *started) job(takes time.Duration, err error) job {
	return job{do: func(ctx context.Context) error {
		s.times = append(s.times, s.loop.Time())
		return errors.Join(asyncio.Sleep(ctx, takes), err)
	}}
}

// fill puts n jobs in and says that these are all.
func (s *started) fill(t *testing.T, q *queue, n int, j job) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		for range n {
			if err := q.put(ctx, j); err != nil {
				return err
			}
		}
		q.end()
		return nil
	}
}

// TestRate: in an hour there are 3,600 jobs and the first burst, at no time more.
func TestRate(t *testing.T) {
	t.Parallel()
	slowly(t, func(ctx context.Context, q *queue, s *started) {
		fed := asyncio.GoErr(ctx, s.fill(t, q, 3603, s.job(2*time.Second, nil)))
		if err := q.run(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := fed.Await(ctx); err != nil {
			t.Error(err)
		}
		for i, when := range s.times {
			if want := max(0, time.Duration(i-2)*time.Second); when-s.times[0] != want {
				t.Fatalf("job %d has begun after %v, not %v", i, when-s.times[0], want)
			}
		}
		if q.done != 3603 || q.failed != 0 || q.left != 0 {
			t.Errorf("%d done, %d failed, %d left", q.done, q.failed, q.left)
		}
	})
}

// TestRetries: what fails is tried three times, and what takes too long as well.
func TestRetries(t *testing.T) {
	t.Parallel()
	for name, j := range map[string]func(s *started) job{
		"fails":          func(s *started) job { return s.job(0, errBusy) },
		"takes too long": func(s *started) job { return s.job(time.Hour, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slowly(t, func(ctx context.Context, q *queue, s *started) {
				fed := asyncio.GoErr(ctx, s.fill(t, q, 4, j(s)))
				if err := q.run(ctx); err != nil {
					t.Fatal(err)
				}
				if _, err := fed.Await(ctx); err != nil {
					t.Error(err)
				}
				if len(s.times) != 12 || q.failed != 4 || q.left != 0 {
					t.Errorf("%d attempts, %d failed, %d left", len(s.times), q.failed, q.left)
				}
			})
		})
	}
}

// TestStop: what is under way is finished, all else is left, and who puts in is told.
func TestStop(t *testing.T) {
	t.Parallel()
	slowly(t, func(ctx context.Context, q *queue, s *started) {
		put := 0
		fed := asyncio.GoErr(ctx, func(ctx context.Context) error {
			for {
				if err := q.put(ctx, s.job(10*time.Second, errBusy)); err != nil {
					return err
				}
				put++
			}
		})
		ran := asyncio.GoErr(ctx, q.run)
		if err := asyncio.Sleep(ctx, 1500*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		q.stop()
		if _, err := ran.Await(ctx); err != nil {
			t.Error(err)
		}
		if _, err := fed.Await(ctx); !errors.Is(err, errStopped) {
			t.Errorf("who puts in is told %v", err)
		}
		// Four were under way, and their second attempt was not begun.
		if len(s.times) != 4 || q.done != 0 || q.failed != 0 || q.left != put {
			t.Errorf("%d begun, %d done, %d failed, %d left of %d", len(s.times), q.done, q.failed, q.left, put)
		}
	})
}
