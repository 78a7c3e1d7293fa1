package sched

import (
	"math/rand/v2"
	"testing"
)

// TestRing goes through random histories beside a slice, also where its counts overflow.
func TestRing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 2))
		q := ring{head: ^uint(0) - 500, tail: ^uint(0) - 500, limit: ^uint(0) - 500}
		var model []uint64
		for next := uint64(0); next < 5000; {
			switch k := random.IntN(100); {
			case k < 50+10*int(next/1000%2): // now it grows, now it shrinks
				q.push(Item{nothing{}, next})
				model = append(model, next)
				next++
			case len(model) > 0 && k < 98:
				if got := q.pop(); got.Ev != model[0] {
					t.Fatalf("seed %d: %d came out, want %d", seed, got.Ev, model[0])
				}
				model = model[1:]
			case len(model) > 0 && len(q.items) > 64 && len(model) <= len(q.items)/2:
				q.resize(len(q.items) / 2)
			case len(model) == 0:
				q.release()
			}
			if q.len() != len(model) {
				t.Fatalf("seed %d: %d in the ring, want %d", seed, q.len(), len(model))
			}
		}
		for q.len() > 0 {
			q.pop()
		}
		for _, item := range q.items {
			if item != (Item{}) {
				t.Fatalf("seed %d: an empty ring keeps %v", seed, item)
			}
		}
	}
}
