package asyncio

import (
	"runtime"
	"sync/atomic"
)

const (
	statePending uint32 = iota
	stateCancelled
	stateFinished

	stateLocked uint32 = 1 << 31 // beside one of the others
)

// lockedState is how a future stands and the lock of what else it has, in one
// word: settling a future and waiting for it are the most frequent things that a
// loop does, and this takes two atomic operations each where a mutex beside the
// state takes three. It is held for moments only, never while anything else is
// waited for or code of a user's runs; whoever finds it held gives way until it
// is free.
type lockedState struct{ word atomic.Uint32 }

// load returns the state, locked or not.
func (s *lockedState) load() uint32 { return s.word.Load() &^ stateLocked }

// lock waits for the lock and returns the state that stands until unlock.
func (s *lockedState) lock() uint32 {
	for {
		if w := s.word.Load(); w&stateLocked == 0 && s.word.CompareAndSwap(w, w|stateLocked) {
			return w
		}
		runtime.Gosched()
	}
}

// lockPending is lock for who has nothing to do with a future that is done: it
// reports false then, and does not lock it.
func (s *lockedState) lockPending() bool {
	return s.word.CompareAndSwap(statePending, statePending|stateLocked) || s.lockBusy()
}

func (s *lockedState) lockBusy() bool {
	state := s.lock()
	if state != statePending {
		s.unlock(state)
	}
	return state == statePending
}

// unlock sets the state, and lets go of the lock.
func (s *lockedState) unlock(state uint32) { s.word.Store(state) }
