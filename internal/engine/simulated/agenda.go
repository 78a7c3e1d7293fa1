package simulated

import "time"

// appointment is something that happens by itself.
type appointment struct {
	when  time.Duration
	order uint64
	do    func()
	at    int // in the heap; -1: not in it
}

// agenda is what happens by itself, by time, and by when it was added if that is the same.
type agenda struct {
	heap  []*appointment
	order uint64
}

// next is when the first is; Never if there is none.
func (a *agenda) next() time.Duration {
	if len(a.heap) == 0 {
		return Never
	}
	return a.heap[0].when
}

// add adds one.
func (a *agenda) add(when time.Duration, do func()) *appointment {
	a.order++
	p := &appointment{when: when, order: a.order, do: do, at: len(a.heap)}
	a.heap = append(a.heap, p)
	a.up(p.at)
	return p
}

// pop takes the first.
func (a *agenda) pop() *appointment {
	p := a.heap[0]
	a.remove(p)
	return p
}

// remove takes one out; one that is not in it is no error.
func (a *agenda) remove(p *appointment) {
	i := p.at
	if i < 0 {
		return
	}
	last := len(a.heap) - 1
	a.swap(i, last)
	a.heap[last] = nil
	a.heap = a.heap[:last]
	if p.at = -1; i < last {
		a.up(i)
		a.down(i)
	}
}

func (a *agenda) less(i, j int) bool {
	p, q := a.heap[i], a.heap[j]
	return p.when < q.when || p.when == q.when && p.order < q.order
}

func (a *agenda) swap(i, j int) {
	a.heap[i], a.heap[j] = a.heap[j], a.heap[i]
	a.heap[i].at, a.heap[j].at = i, j
}

func (a *agenda) up(i int) {
	for i > 0 && a.less(i, (i-1)/2) {
		a.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (a *agenda) down(i int) {
	for {
		least := i
		for _, c := range [...]int{2*i + 1, 2*i + 2} {
			if c < len(a.heap) && a.less(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		a.swap(i, least)
		i = least
	}
}
