package queues

import (
	"fmt"

	"github.com/go-asyncio/asyncio"
)

// outside reports whether the caller is no coroutine. That is a goroutine that is no loop's;
// a plain callback is not let wait.
func outside() bool { return asyncio.CurrentTask() == nil }

// running returns the loop whose coroutine the caller is, nil if it is none. An error, of
// which others have no use, would be allocated.
func running() asyncio.EventLoop {
	if outside() {
		return nil
	}
	loop, _ := asyncio.GetRunningLoop() // there is one
	return loop
}

// notice remembers whose coroutine was there last, for goroutines that come before anybody
// has waited.
func (q *Queue[T]) notice() {
	if q.loop == nil {
		if loop := running(); loop != nil {
			q.seen = loop
		}
	}
}

// bind binds the queue to the loop of who is going to wait.
func (q *Queue[T]) bind() error {
	if q.loop != nil {
		return nil
	}
	if q.loop = running(); q.loop != nil {
		return nil
	}
	if _, err := asyncio.GetRunningLoop(); err == nil {
		return asyncio.ErrAwaitInCallback // who cannot wait binds nothing
	}
	if q.seen == nil {
		return fmt.Errorf("%w: the queue is bound to no loop yet; use Bind", asyncio.ErrNoCurrentLoop)
	}
	q.loop = q.seen
	return nil
}

// enter takes a place in a line.
func (q *Queue[T]) enter(l *line[T], item T) (*place[T], error) {
	if err := q.bind(); err != nil {
		return nil, err
	}
	return l.join(outside(), item), nil
}

// unlock wakes all who are due and gives up the mutex.
func (q *Queue[T]) unlock() {
	for q.getters.first != nil || q.putters.first != nil {
		next, more := q.next()
		q.mu.Unlock()
		next.Do()
		if !more {
			return
		}
		q.mu.Lock()
	}
	q.mu.Unlock()
}

// next wakes one who is due, if there is one. It reports whether another one is.
func (q *Queue[T]) next() (next asyncio.Wakeup, more bool) {
	l, p := &q.getters, q.getter()
	if p == nil {
		l, p = &q.putters, q.putter()
	}
	if p == nil {
		return next, false
	}
	next = l.wake(p)
	if p.outside {
		q.serve(l, p, next)
	}
	return next, q.getter() != nil || q.putter() != nil
}

// serve gives a goroutine that is no loop's what it waits for.
func (q *Queue[T]) serve(l *line[T], p *place[T], next asyncio.Wakeup) {
	served := false
	defer func() {
		if !served { // less has panicked, and will again in the call of who is woken
			q.mu.Unlock()
			next.Do()
		}
	}()
	switch {
	case l == &q.getters && q.items.len() > 0:
		p.item, p.served = q.items.pop(), true
	case l == &q.putters && !q.shut:
		q.items.push(p.item)
		q.unfinished++
		p.served = true
	}
	served = true
}

// getter returns the first who waits for an item, if there is one for it. A goroutine
// elsewhere is served when those before it have had theirs.
func (q *Queue[T]) getter() *place[T] {
	p, n := q.getters.first, q.size()
	switch {
	case p == nil:
		return nil
	case q.shut && (n == 0 || !p.outside):
		return p
	case n <= q.getters.called, p.outside && q.getters.called > 0:
		return nil
	}
	return p
}

// putter returns the first who waits for room, if there is some for it.
func (q *Queue[T]) putter() *place[T] {
	p := q.putters.first
	switch {
	case p == nil:
		return nil
	case q.shut:
		return p
	case q.maxsize-q.size() <= q.putters.called, p.outside && q.putters.called > 0:
		return nil
	}
	return p
}
