package selectors

import (
	"math"
	"time"
)

// countdown is the time that a Select has left: what a wait that a signal
// has interrupted goes on with.
type countdown struct {
	deadline time.Time // unset if there is no limit
	left     time.Duration
}

func newCountdown(timeout time.Duration) countdown {
	c := countdown{left: timeout}
	if timeout > 0 && timeout != Forever {
		c.deadline = time.Now().Add(timeout)
	}
	return c
}

// refresh takes the time that has passed off what is left.
func (c *countdown) refresh() {
	if c.left > 0 && c.left != Forever {
		c.left = max(time.Until(c.deadline), 0)
	}
}

// milliseconds is d for a system call that counts in them: rounded up, so
// that the wait is never too short, and negative for no limit.
func milliseconds(d time.Duration) int {
	switch {
	case d == Forever:
		return -1
	case d <= 0:
		return 0
	case d > math.MaxInt32*time.Millisecond:
		return math.MaxInt32
	}
	return int((d + time.Millisecond - 1) / time.Millisecond)
}
