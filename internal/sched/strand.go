package sched

import (
	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// Strand is one goroutine that runs code of a loop: the loop's body or one of its
// coroutines. While such a goroutine executes anything, it is because the loop runs it, so
// knowing the strand is knowing the running loop. A coroutine's Owner is its strand.
type Strand struct {
	ID   int64
	Loop *Loop
	Host Host // the loop's

	// Task is the host's: what a coroutine runs now. It belongs to the strand.
	Task any
}

// strands are the goroutines of all loops.
var strands goroutine.Table[Strand]

// Current returns the strand of the calling goroutine, nil outside loops.
func Current() *Strand { return strands.Lookup(goroutine.ID()) }

// StrandOf returns the strand of a goroutine, nil if it is no loop's.
func StrandOf(id int64) *Strand { return strands.Lookup(id) }

func (l *Loop) coroStarted(c *coro.Coro) {
	s := &Strand{ID: goroutine.ID(), Loop: l, Host: l.host}
	c.Owner = s
	strands.Add(s.ID, s)
}

func coroEnded(c *coro.Coro) { strands.Remove(c.Owner.(*Strand).ID) }
