package signals

import (
	"errors"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// mostWaiting is how many signals wait for a loop that is busy; beyond, one that waits
// already stands for another one of its kind.
const mostWaiting = 256

// Inbox is how signals come to one loop: it is the loop's receiver, and has what is to be
// run for each signal. Its methods are for the loop's goroutine alone, but Signal, which
// is the hub's.
type Inbox struct {
	post     func(to engine.Completer, ev uint64) bool
	schedule func(to engine.Completer, ev uint64)
	handlers map[syscall.Signal]engine.Completer

	mu   sync.Mutex
	came []syscall.Signal // in order; the loop has been woken for the first of them
	took []syscall.Signal // those that the loop goes through, and then their memory
}

// Init makes an Inbox ready. post has something run on the loop from elsewhere, and wakes
// it; schedule has something run in its next pass.
func (b *Inbox) Init(post func(to engine.Completer, ev uint64) bool, schedule func(to engine.Completer, ev uint64)) {
	b.post, b.schedule = post, schedule
}

// Handler returns what is run for a signal, nil if there is nothing.
func (b *Inbox) Handler(sig os.Signal) engine.Completer {
	s, err := number(sig)
	if err != nil {
		return nil
	}
	return b.handlers[s]
}

// Add has h run, with an ev of 0, for each signal of a kind that has no handler yet.
// Errors as of the function Add.
func (b *Inbox) Add(sig os.Signal, h engine.Completer) error {
	if err := Add(sig, b); err != nil {
		return err
	}
	if b.handlers == nil {
		b.handlers = map[syscall.Signal]engine.Completer{}
	}
	b.handlers[sig.(syscall.Signal)] = h
	return nil
}

// Remove ends an Add. What it was scheduled for already still runs.
func (b *Inbox) Remove(sig os.Signal) error {
	if _, err := Remove(sig, b); err != nil {
		return err
	}
	delete(b.handlers, sig.(syscall.Signal))
	return nil
}

// Close removes all handlers.
func (b *Inbox) Close() error {
	var errs []error
	for sig := range b.handlers { // in no order: nobody hears of it
		if err := b.Remove(sig); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Signal implements Receiver.
func (b *Inbox) Signal(sig syscall.Signal) {
	b.mu.Lock()
	first := len(b.came) == 0
	if len(b.came) < mostWaiting || !slices.Contains(b.came, sig) {
		b.came = append(b.came, sig)
	}
	b.mu.Unlock()
	if first {
		b.post(b, 0)
	}
}

// Complete schedules the handlers of what has come.
func (b *Inbox) Complete(uint64) {
	b.mu.Lock()
	b.came, b.took = b.took[:0], b.came
	b.mu.Unlock()
	for _, sig := range b.took {
		if h := b.handlers[sig]; h != nil {
			b.schedule(h, 0)
		}
	}
}
