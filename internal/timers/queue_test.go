package timers_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/timers"
)

// entry is a queued value as the model sees it.
type entry struct {
	when time.Duration
	id   timers.ID
	v    int
}

// model is a queue that is plainly right: a slice in order of time, and within a
// time in order of Add.
type model struct{ entries []entry }

func (m *model) add(e entry) {
	i := len(m.entries)
	for i > 0 && m.entries[i-1].when > e.when {
		i--
	}
	m.entries = slices.Insert(m.entries, i, e)
}

func (m *model) index(id timers.ID) int {
	return slices.IndexFunc(m.entries, func(e entry) bool { return e.id == id })
}

// pair is a queue and a model that go through the same history.
type pair struct {
	t    testing.TB
	q    timers.Queue[int]
	m    model
	next int
	gone []timers.ID
}

func (p *pair) add(when time.Duration) {
	id := p.q.Add(when, p.next)
	if id == 0 {
		p.t.Fatal("Add gave the ID zero")
	}
	if p.m.index(id) >= 0 {
		p.t.Fatalf("Add gave the ID %d, which is in use", id)
	}
	p.m.add(entry{when, id, p.next})
	p.next++
}

func (p *pair) remove(id timers.ID) {
	v, ok := p.q.Remove(id)
	i := p.m.index(id)
	if ok != (i >= 0) {
		p.t.Fatalf("Remove(%d) = %v, want %v", id, ok, i >= 0)
	}
	if !ok {
		if v != 0 {
			p.t.Fatalf("Remove(%d) gave %d and false", id, v)
		}
		return
	}
	if v != p.m.entries[i].v {
		p.t.Fatalf("Remove(%d) = %d, want %d", id, v, p.m.entries[i].v)
	}
	p.m.entries = slices.Delete(p.m.entries, i, i+1)
	p.gone = append(p.gone, id)
}

func (p *pair) pop(limit time.Duration) {
	v, ok := p.q.PopDue(limit)
	want := len(p.m.entries) > 0 && p.m.entries[0].when <= limit
	if ok != want {
		p.t.Fatalf("PopDue(%d) = %v, want %v", limit, ok, want)
	}
	if !ok {
		return
	}
	if v != p.m.entries[0].v {
		p.t.Fatalf("PopDue(%d) = %d, want %d", limit, v, p.m.entries[0].v)
	}
	p.gone = append(p.gone, p.m.entries[0].id)
	p.m.entries = slices.Delete(p.m.entries, 0, 1)
}

func (p *pair) compact(dead func(int) bool) {
	calls := map[int]int{}
	n := p.q.Compact(func(v int) bool {
		calls[v]++
		return dead(v)
	})
	for _, e := range p.m.entries {
		if calls[e.v] != 1 {
			p.t.Fatalf("Compact asked %d times about %d", calls[e.v], e.v)
		}
	}
	if len(calls) != len(p.m.entries) {
		p.t.Fatalf("Compact asked about %d values of %d", len(calls), len(p.m.entries))
	}
	before := len(p.m.entries)
	p.m.entries = slices.DeleteFunc(p.m.entries, func(e entry) bool { return dead(e.v) })
	if n != before-len(p.m.entries) {
		p.t.Fatalf("Compact = %d, want %d", n, before-len(p.m.entries))
	}
}

func (p *pair) check() {
	if p.q.Len() != len(p.m.entries) {
		p.t.Fatalf("Len = %d, want %d", p.q.Len(), len(p.m.entries))
	}
	when, ok := p.q.Min()
	if ok != (len(p.m.entries) > 0) || ok && when != p.m.entries[0].when {
		p.t.Fatalf("Min = %d, %v with %d queued", when, ok, len(p.m.entries))
	}
}

func (p *pair) drain() {
	for len(p.m.entries) > 0 {
		p.pop(math.MaxInt64)
		p.check()
	}
	p.pop(math.MaxInt64)
}

func TestHistories(t *testing.T) {
	t.Parallel()
	for seed := range uint64(32) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 1))
			p := &pair{t: t}
			// Few different times bring many ties, more adds than removals a deep heap.
			spread := []int64{1, 4, 50, 1 << 40}[seed%4]
			adds := 3 + rng.IntN(4)
			for range 600 {
				switch op := rng.IntN(10); {
				case op < adds:
					p.add(time.Duration(rng.Int64N(2*spread) - spread))
				case op < 8 && len(p.m.entries) > 0:
					p.remove(p.m.entries[rng.IntN(len(p.m.entries))].id)
				case op == 8:
					p.pop(time.Duration(rng.Int64N(2*spread) - spread))
				case len(p.gone) > 0:
					p.remove(p.gone[rng.IntN(len(p.gone))])
				}
				if rng.IntN(100) == 0 {
					k := 1 + rng.IntN(5)
					p.compact(func(v int) bool { return v%k == 0 })
				}
				p.check()
			}
			p.drain()
		})
	}
}

// TestTides lets a queue swell and ebb, so that memory is given back under it.
func TestTides(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 2))
			p := &pair{t: t}
			for _, level := range []int{900, 3, 500, 150, 0, 700, 10, 300, 1} {
				for len(p.m.entries) < level {
					p.add(time.Duration(rng.IntN(100)))
					if rng.IntN(4) == 0 {
						p.remove(p.m.entries[rng.IntN(len(p.m.entries))].id)
					}
				}
				for len(p.m.entries) > level {
					if seed%2 == 0 || rng.IntN(8) == 0 {
						p.pop(math.MaxInt64)
					} else {
						p.remove(p.m.entries[rng.IntN(len(p.m.entries))].id)
					}
				}
				p.check()
				for range 2 * level {
					p.remove(p.m.entries[rng.IntN(len(p.m.entries))].id)
					p.add(time.Duration(rng.IntN(100)))
				}
			}
			p.drain()
		})
	}
}

func TestTiesLeaveInOrderOfAdd(t *testing.T) {
	t.Parallel()
	var q timers.Queue[int]
	ids := make([]timers.ID, 1000)
	for i := range ids {
		ids[i] = q.Add(7, i)
	}
	// Removed from the middle and added again, a value goes behind the others.
	for i := 0; i < len(ids); i += 3 {
		q.Remove(ids[i])
		q.Add(7, len(ids)+i)
	}
	q.Compact(func(v int) bool { return v%5 == 0 })
	last := -1
	for q.Len() > 0 {
		v, ok := q.PopDue(7)
		if !ok || v <= last {
			t.Fatalf("PopDue = %d, %v after %d", v, ok, last)
		}
		last = v
	}
}

func TestExtremeTimes(t *testing.T) {
	t.Parallel()
	p := &pair{t: t}
	for _, when := range []time.Duration{0, math.MaxInt64, math.MinInt64, -1, 1, math.MinInt64, math.MaxInt64} {
		p.add(when)
		p.check()
	}
	p.pop(math.MinInt64)
	p.pop(math.MinInt64)
	p.pop(math.MinInt64) // none left that is due
	p.pop(-1)
	p.pop(-1)
	p.check()
	p.drain()
}

func TestZeroQueue(t *testing.T) {
	t.Parallel()
	p := &pair{t: t}
	p.check()
	p.pop(math.MaxInt64)
	p.remove(0)
	p.remove(1)
	p.remove(math.MaxUint32)
	p.compact(func(int) bool { return true })
	p.add(1)
	p.remove(0)
	p.remove(math.MaxUint32)
	p.check()
	p.drain()
}

func FuzzHistory(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 4, 5, 130, 0})
	f.Add([]byte{0, 0, 0, 0, 128, 160, 255, 192})
	f.Fuzz(func(t *testing.T, history []byte) {
		p := &pair{t: t}
		for _, b := range history {
			arg := b & 31
			switch b >> 5 {
			case 0, 1, 2, 3:
				p.add(time.Duration(int8(b<<3)) >> 4)
			case 4:
				p.remove(timers.ID(arg))
			case 5:
				if n := len(p.m.entries); n > 0 {
					p.remove(p.m.entries[int(arg)%n].id)
				}
			case 6:
				p.pop(time.Duration(arg) - 16)
			case 7:
				p.compact(func(v int) bool { return v%(int(arg)+1) == 0 })
			}
			p.check()
		}
		p.drain()
	})
}
