package asyncio

import "slices"

const (
	// spareNodes and spareTurns are how many unused nodes a loop keeps for good,
	// and how many places in its ready queue.
	spareNodes = 4096
	spareTurns = 1 << 14

	// slackPolls is after how many polls a busy loop gives memory back.
	slackPolls = 64
)

// slack is what a loop has had more of than it needed, at every poll for some
// time. A loop that rests needs nothing; one that never does, because something
// is always ready or due, would otherwise keep what a burst has left for good.
type slack struct {
	polls int
	nodes int // the fewest unused nodes
	turns int // the longest ready queue
}

// noteSlack looks, after a poll, at what is in use, and now and then gives a part
// of the rest back.
func (l *baseLoop) noteSlack() {
	s := &l.slack
	if len(l.free) <= spareNodes && len(l.ready.ring) <= spareTurns {
		s.polls = 0
		return
	}
	if s.polls == 0 {
		s.nodes, s.turns = len(l.free), l.ready.len
	}
	s.nodes = min(s.nodes, len(l.free))
	s.turns = max(s.turns, l.ready.len)
	if s.polls++; s.polls < slackPolls {
		return
	}
	s.polls = 0
	l.trimNodes(s.nodes)
	if size := len(l.ready.ring); size > spareTurns && s.turns < size/8 {
		l.ready.resize(size / 2)
	}
}

// restSlack gives memory back before the loop sleeps.
func (l *baseLoop) restSlack() {
	l.trimNodes(len(l.free))
	if len(l.ready.ring) > spareTurns {
		l.ready = readyQueue{}
	}
}

// trimNodes gives back an eighth of so many unused nodes, so that a burst that
// comes again finds the rest.
func (l *baseLoop) trimNodes(unused int) {
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
