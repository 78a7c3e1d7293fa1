package streams

import (
	"context"
	"sync"

	"github.com/go-asyncio/asyncio"
)

// sleepers are those who wait for the same thing, in the order in which they
// came. They are guarded by a mutex of their owner's.
type sleepers struct{ first, last *sleeper }

// sleeper is one of them.
type sleeper struct {
	slot
	prev, next *sleeper
	done       bool  // what it waits for has happened; it is in no list any more
	err        error // and this came with it
}

var spareSleepers = sync.Pool{New: func() any { return new(sleeper) }}

// await waits at the end of the list until finish is called. mu is held when it
// is called and when it returns; see slot.sleep.
func (l *sleepers) await(ctx context.Context, loop asyncio.EventLoop, mu *sync.Mutex) error {
	s := l.add()
	var err error
	for err == nil && !s.done {
		err = s.sleep(ctx, loop, mu)
	}
	if err == nil {
		err = s.err
	}
	l.drop(s)
	return err
}

// add takes a place at the end.
func (l *sleepers) add() *sleeper {
	s := spareSleepers.Get().(*sleeper)
	s.done, s.err = false, nil
	if s.prev = l.last; s.prev != nil {
		s.prev.next = s
	} else {
		l.first = s
	}
	l.last = s
	return s
}

// drop gives a place up, whether it was done or not.
func (l *sleepers) drop(s *sleeper) {
	if !s.done {
		l.remove(s)
	}
	s.err = nil
	spareSleepers.Put(s)
}

func (l *sleepers) remove(s *sleeper) {
	if s.prev != nil {
		s.prev.next = s.next
	} else {
		l.first = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	} else {
		l.last = s.prev
	}
	s.prev, s.next = nil, nil
}

// finishFirst ends the wait of the first.
func (l *sleepers) finishFirst(err error) wakeup {
	s := l.first
	if s == nil {
		return wakeup{}
	}
	l.remove(s)
	s.done, s.err = true, err
	return s.wake()
}

// finish ends all the waits, in order.
func (l *sleepers) finish(err error, to []wakeup) []wakeup {
	for l.first != nil {
		to = append(to, l.finishFirst(err))
	}
	return to
}

func doAll(ws []wakeup) {
	for _, w := range ws {
		w.do()
	}
}
