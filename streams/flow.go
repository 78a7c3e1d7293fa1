package streams

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/go-asyncio/asyncio"
)

// FlowControl is the part of a protocol that a StreamWriter's Drain and
// WaitClosed ask: it hears from the transport when writing is to pause, and when
// the connection is lost. Embed a *FlowControl in a protocol of your own to put a
// StreamWriter over it; what overrides a method calls it. (FlowControlMixin)
type FlowControl struct {
	loop asyncio.EventLoop

	mu     sync.Mutex
	more   *flowMore // nil until there is something
	paused bool
	lost   bool
	closed bool        // by a writer
	stuck  atomic.Bool // paused or lost
}

// flowMore is what most flow controls do without most of the time: why the connection was lost,
// and those who wait for something.
type flowMore struct {
	reason  error           // that of ConnectionLost
	drains  asyncio.Waiters // for writing to be resumed,
	writers asyncio.Waiters // too, or for something else that a Conn looks at,
	closes  asyncio.Waiters // and for the connection to be lost
}

// rest is what the flow control has done without so far. mu is held.
func (f *FlowControl) rest() *flowMore {
	if f.more == nil {
		f.more = new(flowMore)
	}
	return f.more
}

// reason is why the connection was lost. mu is held.
func (f *FlowControl) reason() error {
	if f.more == nil {
		return nil
	}
	return f.more.reason
}

// FlowController is a protocol that embeds a FlowControl.
type FlowController interface{ flow() *FlowControl }

// NewFlowControl makes a FlowControl. Without WithLoop it belongs to the running
// loop, else to the current one. Any goroutine may call it.
func NewFlowControl(opts ...Option) (*FlowControl, error) {
	c, err := configure("NewFlowControl", opts, asyncio.GetEventLoop)
	if err != nil {
		return nil, err
	}
	return &FlowControl{loop: c.loop}, nil
}

func (f *FlowControl) flow() *FlowControl { return f }

// PauseWriting makes Drain wait. (pause_writing)
func (f *FlowControl) PauseWriting() {
	f.mu.Lock()
	f.paused = true
	f.stuck.Store(true)
	f.mu.Unlock()
}

// ResumeWriting ends every Drain that waits. (resume_writing)
func (f *FlowControl) ResumeWriting() {
	f.mu.Lock()
	f.paused = false
	f.stuck.Store(f.lost)
	var drains, writers asyncio.Wakeup
	if w := f.more; w != nil {
		drains, writers = w.drains.WakeAll(nil), w.writers.WakeAll(nil)
	}
	f.mu.Unlock()
	drains.Do()
	writers.Do()
}

// ConnectionLost ends every WaitClosed and every Drain that waits, with err; a
// later Drain is ErrConnectionLost. (connection_lost)
func (f *FlowControl) ConnectionLost(err error) {
	f.mu.Lock()
	f.lost = true
	f.stuck.Store(true)
	if err != nil || f.more != nil {
		f.rest().reason = err
	}
	var closes, drains, writers asyncio.Wakeup
	if w := f.more; w != nil {
		closes, drains, writers = w.closes.WakeAll(err), w.drains.WakeAll(err), w.writers.WakeAll(nil)
	}
	f.mu.Unlock()
	closes.Do()
	drains.Do()
	writers.Do()
}

// drain waits while writing is paused, and gives way if the connection, which is t's, is
// closing. It is ErrConnectionLost if that is over.
func (f *FlowControl) drain(ctx context.Context, t asyncio.Transport) error {
	if t.IsClosing() {
		if err := asyncio.Yield(ctx); err != nil {
			return err
		}
	}
	f.mu.Lock()
	err := error(nil)
	switch {
	case f.lost:
		err = &lostError{peer: t.RemoteAddr(), reason: f.reason()}
	case f.paused:
		_, err = wait(ctx, &f.rest().drains, f.loop, &f.mu)
	}
	f.mu.Unlock()
	return err
}

// waitClosed waits until the connection is lost.
func (f *FlowControl) waitClosed(ctx context.Context) error {
	f.mu.Lock()
	err := f.reason()
	if !f.lost {
		_, err = wait(ctx, &f.rest().closes, f.loop, &f.mu)
	}
	f.mu.Unlock()
	return err
}

func (f *FlowControl) isLost() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost
}

// close notes that a writer has closed the connection.
func (f *FlowControl) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
}

func (f *FlowControl) isClosed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}
