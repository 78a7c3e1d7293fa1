package simulated

import "time"

// appointment is something that happens by itself. The zero appointment is in no agenda.
type appointment struct {
	when  time.Duration
	order uint64
	do    func()
	at    int // its place in the heap, counted from 1; 0: not in it
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

// put adds one that somebody has the memory of, and that is not in it.
func (a *agenda) put(p *appointment, when time.Duration) {
	if p.at != 0 {
		panic("simulated: an appointment is made twice")
	}
	a.order++
	a.heap = append(a.heap, p)
	p.when, p.order, p.at = when, a.order, len(a.heap)
	a.up(p.at - 1)
}

// pop takes the first.
func (a *agenda) pop() *appointment {
	p := a.heap[0]
	a.remove(p)
	return p
}

// remove takes one out; one that is not in it is no error.
func (a *agenda) remove(p *appointment) {
	i := p.at - 1
	if i < 0 {
		return
	}
	last := len(a.heap) - 1
	a.swap(i, last)
	a.heap[last] = nil
	a.heap = a.heap[:last]
	if p.at = 0; i < last {
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
	a.heap[i].at, a.heap[j].at = i+1, j+1
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
