package main

import (
	"context"
	"errors"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/locks"
)

// bucket is a token bucket: it fills at a rate, up to its size, and each job takes a token. It
// belongs to the loop, by whose clock it fills, and needs no task for that.
type bucket struct {
	loop    asyncio.EventLoop
	every   time.Duration // one more token comes
	size    time.Duration // the time in which it fills
	full    time.Duration // when it is full, by the loop's clock
	turn    locks.Lock    // those who wait for a token come one after the other
	stopped *locks.Event
}

func newBucket(loop asyncio.EventLoop, rate float64, size int, stopped *locks.Event) *bucket {
	every := time.Duration(float64(time.Second) / rate)
	return &bucket{loop: loop, every: every, size: every * time.Duration(size), stopped: stopped}
}

// take waits for a token and takes it. errStopped if that comes first.
func (b *bucket) take(ctx context.Context) error {
	return b.turn.With(ctx, func() error {
		now := b.loop.Time()
		b.full = max(b.full, now) + b.every // a token less
		err := rest(ctx, b.full-b.size-now, b.stopped)
		if err != nil {
			b.full -= b.every // which nobody has had
		}
		return err
	})
}

// rest waits for some time. errStopped if that comes first, or has come.
func rest(ctx context.Context, d time.Duration, stopped *locks.Event) error {
	if stopped.IsSet() {
		return errStopped
	}
	if d <= 0 {
		return nil
	}
	switch err := asyncio.WaitForErr(ctx, d, stopped.Wait); {
	case err == nil:
		return errStopped
	case errors.Is(err, asyncio.ErrTimeout):
		return nil
	default:
		return err
	}
}
