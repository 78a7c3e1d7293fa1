package queues

import "github.com/go-asyncio/asyncio"

// line is those who wait for an item or for room, in their order. It is guarded by the
// queue's mutex.
type line[T any] struct {
	first, last *place[T]
	len         int
	called      int       // coroutines that were woken and have not had their turn
	spare       *place[T] // places to use again, by next: as many as ever waited at once
}

// place is a place in a line. Each has a Waiters of its own, with one who waits in it or
// none: the line knows who it is that is woken, and who was when a wait does not return.
type place[T any] struct {
	prev, next *place[T]
	waiters    asyncio.Waiters
	outside    bool // a goroutine's that is no loop's
	woken      bool // it is in the line no more
	served     bool // its item was given or taken
	item       T    // of a putter, or for a getter that was served
}

// ahead reports whether somebody is before who comes now.
func (l *line[T]) ahead() bool { return l.first != nil || l.called > 0 }

// join takes the last place.
func (l *line[T]) join(outside bool, item T) *place[T] {
	p := l.spare
	if p == nil {
		p = new(place[T])
	} else {
		l.spare = p.next
	}
	p.prev, p.next, p.outside, p.item = l.last, nil, outside, item
	if l.last == nil {
		l.first = p
	} else {
		l.last.next = p
	}
	l.last = p
	l.len++
	return p
}

// remove takes a place out of the line.
func (l *line[T]) remove(p *place[T]) {
	if p.prev == nil {
		l.first = p.next
	} else {
		p.prev.next = p.next
	}
	if p.next == nil {
		l.last = p.prev
	} else {
		p.next.prev = p.prev
	}
	l.len--
}

// wake calls who has the place.
func (l *line[T]) wake(p *place[T]) asyncio.Wakeup {
	l.remove(p)
	p.woken = true
	if !p.outside {
		l.called++
	}
	return p.waiters.WakeOne(nil)
}

// leave gives a place up, if p is not nil, when its wait has ended, in whatever way. Who
// was served has what it waited for, whatever ended the wait; that is never a coroutine.
func (l *line[T]) leave(p *place[T]) (served bool, item T) {
	switch {
	case p == nil:
		return false, item
	case !p.woken:
		l.remove(p)
	case !p.outside:
		l.called--
	}
	var none T
	served, item = p.served, p.item
	p.prev, p.woken, p.served, p.item = nil, false, false, none
	p.next, l.spare = l.spare, p
	return served, item
}
