package sched

import "slices"

const (
	// spareNodes and spareTurns are how many unused nodes a loop keeps for good,
	// and how many places in its ready queue.
	spareNodes = 4096
	spareTurns = 1 << 14

	// trimPolls is after how many polls a busy loop gives memory back.
	trimPolls = 64
)

// trimmer gives back the memory that a loop has had more of than it needed, at every poll
// for some time. A loop that rests needs nothing; one that never does, because something
// is always ready or due, would otherwise keep what a burst has left for good.
type trimmer struct {
	polls int
	spare int // the fewest unused nodes
	turns int // the longest ready queue
}

// afterPoll looks, after a poll, at what is in use, and now and then gives a part
// of the rest back.
func (l *Loop) afterPoll() {
	t := &l.trimmer
	if len(l.free) <= spareNodes && len(l.ready.items) <= spareTurns {
		t.polls = 0
		return
	}
	if t.polls == 0 {
		t.spare, t.turns = len(l.free), l.ready.len()
	}
	t.spare = min(t.spare, len(l.free))
	t.turns = max(t.turns, l.ready.len())
	if t.polls++; t.polls < trimPolls {
		return
	}
	t.polls = 0
	l.trimNodes(t.spare)
	if size := len(l.ready.items); size > spareTurns && t.turns < size/8 {
		l.ready.resize(size / 2)
	}
}

// beforeSleep gives memory back before the loop sleeps.
func (l *Loop) beforeSleep() {
	l.trimNodes(len(l.free))
	if len(l.ready.items) > spareTurns {
		l.ready.release()
	}
}

// trimNodes gives back an eighth of so many unused nodes, so that a burst that
// comes again finds the rest.
func (l *Loop) trimNodes(unused int) {
	if unused <= spareNodes {
		return
	}
	keep := len(l.free) - (unused-spareNodes+7)/8
	clear(l.free[keep:])
	l.free = l.free[:keep]
	if keep < cap(l.free)/4 {
		l.free = slices.Clone(l.free)
	}
}
