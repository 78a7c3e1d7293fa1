// Package mailbox hands values from any number of goroutines to one consumer
// that sleeps when there is nothing for it, and wakes it up at most once per sleep.
//
// The consumer's side of the contract:
//
//	for {
//		buf = box.Take(buf[:0])
//		... work on buf ...
//		if box.Sleep() {
//			... block until woken, or for any other reason ...
//			box.Awake()
//		}
//	}
//
// Each value is delivered exactly once, in the one order in which the calls of
// Put took effect: a Put that returned before another began comes first.
package mailbox

import (
	"sync"
	"sync/atomic"
)

// Box is a mailbox. Its values go from any goroutine to one consumer.
type Box[T any] struct {
	wake func()

	mu     sync.Mutex
	items  []T  // what is waiting
	asleep bool // the consumer sleeps, and nobody has undertaken to wake it
	closed bool

	// filled says that items is not empty. It changes only under mu.
	filled atomic.Bool
}

// New returns an empty Box, its consumer awake. wake interrupts the consumer's
// sleep: it is called from the goroutine of a Put and must neither block nor call the box.
func New[T any](wake func()) *Box[T] {
	return &Box[T]{wake: wake}
}

// Put adds v, and wakes the consumer if it sleeps; false, and v is not kept,
// once the box is closed. Any goroutine may call it.
//
// wake is called at most once per sleep, and only by a Put that found the
// consumer asleep. If meanwhile the consumer has awoken for another reason, the
// call may come late: a wake-up with nothing to take is to be expected.
func (b *Box[T]) Put(v T) bool {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return false
	}
	if len(b.items) == 0 {
		b.filled.Store(true)
	}
	b.items = append(b.items, v)
	wake := b.asleep
	b.asleep = false
	b.mu.Unlock()
	if wake {
		b.wake()
	}
	return true
}

// Take appends all that is waiting to buf and returns it. Only the consumer may
// call it. The box keeps no reference to what it has handed out.
func (b *Box[T]) Take(buf []T) []T {
	if b.Empty() {
		return buf
	}
	b.mu.Lock()
	buf = append(buf, b.items...)
	clear(b.items)
	b.items = b.items[:0]
	b.filled.Store(false)
	b.mu.Unlock()
	return buf
}

// Empty says that nothing is waiting. Only the consumer may call it: to it, a
// false is lasting until its next Take.
func (b *Box[T]) Empty() bool { return !b.filled.Load() }

// Sleep says that the consumer is about to block: the next Put will wake it.
// False, and the consumer stays awake, if something is waiting already.
func (b *Box[T]) Sleep() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asleep = len(b.items) == 0
	return b.asleep
}

// Awake says that the consumer no longer blocks, for whatever reason.
func (b *Box[T]) Awake() {
	b.mu.Lock()
	b.asleep = false
	b.mu.Unlock()
}

// Close makes later Puts return false and hands what was left, in order, to rest.
// Only the consumer may call it; a second call does nothing.
func (b *Box[T]) Close(rest func(T)) {
	b.mu.Lock()
	left := b.items
	b.items, b.closed, b.asleep = nil, true, false
	b.filled.Store(false)
	b.mu.Unlock()
	for _, v := range left {
		rest(v)
	}
}
