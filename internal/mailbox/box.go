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
// Each value is delivered exactly once, in the one order in which the calls of Put took
// effect: a Put that returned before another began comes first, and a Take that
// begins after a Put has returned finds its value.
//
// # Why no wake-up is lost
//
// A wake-up is lost if a value is put, the consumer blocks, and nobody wakes it. For that, a
// producer would have to look whether the consumer sleeps before it goes to sleep, and the
// consumer to look for values before the value is there: each writes one thing and then reads
// the other, and both read too early. Here either pair, the producer's (add the value, read and
// clear asleep) and the consumer's (set asleep, read whether there are values), is one
// critical section of mu, and of two critical sections one comes first:
//
//   - Put's first: Sleep finds the value and does not let the consumer sleep.
//   - Sleep's first: Put finds asleep set, unless another Put came between and cleared it, which
//     then owes the wake-up, and pays it before it returns.
//
// As only Sleep sets asleep and whoever finds it set clears it, there is one wake-up per sleep at
// most, and as Awake clears it too, no Put that comes after decides to wake a consumer
// that is awake. The test of all interleavings tries this out.
package mailbox

import (
	"sync"
	"sync/atomic"
)

// Box is a mailbox. Its values go from any goroutine to one consumer. Make one with New.
//
// It is a mutex and two slices because that is the fastest: see BenchmarkPut.
type Box[T any] struct {
	wake func()

	mu     sync.Mutex
	put    uint64 // how many were put
	items  []T    // what is waiting
	asleep bool   // the consumer sleeps, and nobody has undertaken to wake it
	closed bool

	// What follows the consumer looks at all the time, and producers hardly ever: a line of the
	// processor's cache away from the rest, which so is not taken from them.

	_ [64]byte
	// filled says that items is not empty. It changes only under mu.
	filled atomic.Bool

	// The rest is the consumer's.

	other []T // takes the place of items at the next Take; empty and zeroed
	small int // for how many Takes memory has been much too large
}

const (
	// keep is the number of values for which memory is always kept.
	keep = 1024
	// patience is for how many Takes in a row memory must have been eight times too
	// large before it is given back.
	patience = 4096
)

// New returns an empty Box, its consumer awake. wake is to interrupt the consumer's
// sleep. It is called by Put, on the producer's goroutine, and should not block.
func New[T any](wake func()) *Box[T] {
	return &Box[T]{wake: wake}
}

// Put adds v, and wakes the consumer if it sleeps; false, and v is not kept,
// once the box is closed. Any goroutine may call it.
//
// Only a Put that found the consumer asleep calls wake, and of these only the first in
// each sleep. It does so after it has let go of the box: if the consumer has
// awoken meanwhile for another reason, the call comes late, and the consumer's
// next block may end at once with nothing to take. The consumer must bear that.
func (b *Box[T]) Put(v T) bool {
	_, ok := b.PutNumbered(v)
	return ok
}

// PutNumbered is Put, and also says which value of all it is in their order: the first is 1.
func (b *Box[T]) PutNumbered(v T) (number uint64, ok bool) {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return 0, false
	}
	b.put++
	number = b.put
	if len(b.items) == 0 {
		b.filled.Store(true)
	}
	b.items = append(b.items, v)
	wake := b.asleep
	b.asleep = false
	b.check()
	b.mu.Unlock()
	if wake {
		b.wake()
	}
	return number, true
}

// Take appends all that is waiting to buf and returns it. Only the consumer may
// call it. The box keeps no reference to what it has handed out.
func (b *Box[T]) Take(buf []T) []T {
	if b.Empty() {
		return buf
	}
	taken := b.Open()
	buf = append(buf, taken...)
	b.Return(taken)
	return buf
}

// Open returns all that is waiting, in memory of the box's that is given back by Return,
// before anything else is asked of the box. Only the consumer may call it.
func (b *Box[T]) Open() []T {
	b.mu.Lock()
	taken := b.items
	b.items = b.other
	b.filled.Store(false)
	b.check()
	b.mu.Unlock()
	return taken
}

// Return gives back what Open has returned. The box forgets what is in it.
func (b *Box[T]) Return(taken []T) { b.other = b.reuse(taken) }

// reuse empties a slice for later use, or lets go of it if it has been much too
// large for long.
func (b *Box[T]) reuse(s []T) []T {
	if cap(s) > keep {
		if b.small++; len(s) >= cap(s)/8 {
			b.small = 0
		} else if b.small > patience {
			return nil
		}
	}
	clear(s)
	return s[:0]
}

// Empty says that nothing is waiting. Only the consumer may call it: to others the
// answer is out of date at once. It costs one atomic load.
func (b *Box[T]) Empty() bool { return !b.filled.Load() }

// Sleep says that the consumer is about to block: the next Put will wake it.
// False, and the consumer stays awake, if something is waiting already. Only the
// consumer may call it.
func (b *Box[T]) Sleep() bool {
	b.mu.Lock()
	b.asleep = len(b.items) == 0
	asleep := b.asleep
	b.check()
	b.mu.Unlock()
	return asleep
}

// Awake says that the consumer no longer blocks, for whatever reason. Only the
// consumer may call it.
func (b *Box[T]) Awake() {
	b.mu.Lock()
	b.asleep = false
	b.check()
	b.mu.Unlock()
}

// Close makes later Puts return false and hands what was left, in order, to rest.
// Only the consumer may call it. A second call does nothing.
func (b *Box[T]) Close(rest func(T)) {
	b.mu.Lock()
	left := b.items
	b.items, b.other = nil, nil
	b.closed, b.asleep = true, false
	b.filled.Store(false)
	b.check()
	b.mu.Unlock()
	for _, v := range left {
		rest(v)
	}
}
