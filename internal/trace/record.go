// Package trace is what has happened in a simulation: summed up, kept, compared, and shown as
// text and as a page.
//
// A Recorder hears of every happening and every draw, in their order, and sums them up in one
// number: two runs with the same number have gone the same way. It keeps them only if it is
// asked to. What one run kept, another is compared with while it goes; the first event that
// differs is named.
package trace

import (
	"bytes"
	"math/bits"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// Event is a happening, or a draw: What is Draw then, Text what for, ID how many
// possibilities there were, and Sum which one it was.
type Event = simulated.Happening

// Draw is What of an event that is a draw.
const Draw = "draw"

// Recorder hears of events. Its zero value sums them up and keeps none. One goroutine at a
// time may use it.
type Recorder struct {
	sum   uint64
	last  time.Duration // when the last event was
	count int
	kept  []Event
	limit int
	cmp   *comparison
}

// Keep has the recorder keep the last events, limit of them at least; it may be twice as
// many.
func (r *Recorder) Keep(limit int) { r.limit = limit }

// Happened is to be called with each happening.
func (r *Recorder) Happened(e Event) {
	r.count++
	r.last = max(r.last, e.When)
	s := mix(r.sum, uint64(e.When))
	s = mixString(s, e.Host)
	s = mixString(s, e.What)
	s = mixString(s, e.Peer)
	s = mix(s, e.ID)
	s = mix(s, uint64(e.Size))
	s = mix(s, e.Sum)
	r.sum = mixString(s, e.Text)
	r.note(e)
}

// Drew is to be called with each draw, and when it was, as far as the caller knows: not before
// the last event.
func (r *Recorder) Drew(when time.Duration, kind simulated.Kind, n, drawn int64) {
	r.count++
	r.last = max(r.last, when)
	s := mix(r.sum, uint64(when))
	s = mix(s, uint64(kind)+1)
	s = mix(s, uint64(n))
	r.sum = mix(s, uint64(drawn))
	r.note(Event{When: r.last, What: Draw, Text: kindName(kind), ID: uint64(n), Sum: uint64(drawn)})
}

// previewed is how many of a message's bytes are kept.
const previewed = 64

// note keeps an event and compares it, if it is to.
func (r *Recorder) note(e Event) {
	if r.limit == 0 && r.cmp == nil {
		return
	}
	e.Data = bytes.Clone(e.Data[:min(len(e.Data), previewed)])
	if r.limit > 0 {
		if len(r.kept) >= 2*r.limit {
			r.kept = r.kept[:copy(r.kept, r.kept[len(r.kept)-r.limit:])]
		}
		r.kept = append(r.kept, e)
	}
	if r.cmp != nil {
		r.cmp.meet(r.sum, e)
	}
}

// Sum is the number that all events so far come to.
func (r *Recorder) Sum() uint64 { return finish(r.sum) }

// Count is how many there were.
func (r *Recorder) Count() int { return r.count }

// Kept are the last of them, if the recorder keeps any.
func (r *Recorder) Kept() []Event { return r.kept }

// Left is how many events came before the first that is kept.
func (r *Recorder) Left() int { return r.count - len(r.kept) }

// factor spreads what is multiplied by it over a word (2^64 over the golden ratio, odd).
const factor = 0x9e3779b97f4a7c15

// mix adds a word to a sum; for a given word no two sums become one.
func mix(sum, word uint64) uint64 { return (bits.RotateLeft64(sum, 23) ^ word) * factor }

// mixString adds a text to a sum, eight bytes at a time.
func mixString(sum uint64, s string) uint64 {
	sum = mix(sum, uint64(len(s)))
	for len(s) >= 8 {
		sum = mix(sum, uint64(s[0])|uint64(s[1])<<8|uint64(s[2])<<16|uint64(s[3])<<24|
			uint64(s[4])<<32|uint64(s[5])<<40|uint64(s[6])<<48|uint64(s[7])<<56)
		s = s[8:]
	}
	if len(s) == 0 {
		return sum
	}
	var last uint64
	for i := range len(s) {
		last |= uint64(s[i]) << (8 * i)
	}
	return mix(sum, last)
}

// finish has every bit of a sum count for every bit of the result.
func finish(sum uint64) uint64 {
	sum ^= sum >> 32
	sum *= factor
	sum ^= sum >> 29
	sum *= factor
	return sum ^ sum>>32
}

// kindNames are what the kinds of draws are called in a trace.
var kindNames = [simulated.Kinds]string{
	simulated.Turn: "turn", simulated.Order: "order", simulated.Latency: "latency", simulated.Loss: "loss",
	simulated.Duplicate: "duplicate", simulated.Port: "port", simulated.Piece: "piece", simulated.Fault: "fault",
	simulated.Cost: "cost", simulated.User: "user",
}

// kindName is what a kind of draws is called.
func kindName(k simulated.Kind) string {
	if k < simulated.Kinds {
		return kindNames[k]
	}
	return "unknown"
}
