package asyncio

import (
	"errors"
	"fmt"
	"time"
)

// LoopStats is what a loop has done since it was made, and what is queued.
type LoopStats struct {
	// Polls is how often the loop has asked the system, and Events of how much it was told:
	// ready descriptors, or operations that were done.
	Polls, Events uint64
	// Callbacks is how many callbacks and steps of tasks have run that were queued. What the
	// system tells of a loop that has nothing else to do is not queued.
	Callbacks uint64
	// Ready is how many callbacks and steps are queued, and Timers how many wait for their
	// time, those that were cancelled and not cleared away yet included.
	Ready, Timers int
	// Measured is how long the loop's sleep has been measured, which the first call of
	// ReadLoopStats begins; Asleep is the part of it in which the loop waited and had nothing
	// to do. The rest is work, or waiting for a processor.
	Measured, Asleep time.Duration
}

// ReadLoopStats returns what a loop has done. It counts nothing that would not be counted
// anyway, except that from the first call on a loop looks at the clock before and after it
// sleeps. Loop only: ErrWrongGoroutine, ErrLoopClosed; a loop that embeds none of this
// package's is errors.ErrUnsupported.
func ReadLoopStats(loop EventLoop) (LoopStats, error) {
	const op = "ReadLoopStats"
	if loop == nil {
		return LoopStats{}, invalid(op, "the loop is nil")
	}
	l := loop.base()
	if l == nil {
		return LoopStats{}, opError(op, fmt.Errorf("%w: the loop embeds none of this package's", errors.ErrUnsupported))
	}
	hold, err := l.acquire(op)
	if err != nil {
		return LoopStats{}, err
	}
	defer hold.Leave()
	c := l.core.Counts()
	return LoopStats{
		Polls: c.Polls, Events: c.Events, Callbacks: c.Ran,
		Ready: c.Ready, Timers: c.Timers,
		Measured: c.Measured, Asleep: c.Asleep,
	}, nil
}
