package sched

import (
	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// Strand is one goroutine that runs code of a loop, which is one of its coroutines: the loop's
// body is one, too. While such a goroutine executes anything, it is because the loop runs it, so
// knowing the strand is knowing the running loop. Its ID is the goroutine's, and its Task the
// host's: what the coroutine runs now.
type Strand coro.Coro

// strands are the goroutines of all loops.
var strands goroutine.Table[Strand]

// Current returns the strand of the calling goroutine, nil outside loops.
func Current() *Strand { return strands.Lookup(goroutine.ID()) }

// StrandOf returns the strand of a goroutine, nil if it is no loop's.
func StrandOf(id int64) *Strand { return strands.Lookup(id) }

// Loop returns the loop whose strand it is. Any goroutine may call it.
func (s *Strand) Loop() *Loop { return (*coro.Coro)(s).Pool().Owner.(*Loop) }

// Host returns that loop's host. Any goroutine may call it.
func (s *Strand) Host() Host { return s.Loop().host }

// of reports whether s is a strand of the loop; nil is none's.
func (s *Strand) of(l *Loop) bool { return s != nil && (*coro.Coro)(s).Pool() == &l.Pool }

func coroStarted(c *coro.Coro) {
	c.ID = goroutine.ID()
	strands.Add(c.ID, (*Strand)(c))
}

func coroEnded(c *coro.Coro) { strands.Remove(c.ID) }
