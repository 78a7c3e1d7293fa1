package queues_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio/queues"
)

// TestAgainstModel drives queues of each kind through random histories beside a slice.
func TestAgainstModel(t *testing.T) {
	t.Parallel()
	// which takes one of the items of a slice, as the kind does.
	which := map[string]func(items []int) int{
		"Queue":         func([]int) int { return 0 },
		"LifoQueue":     func(items []int) int { return len(items) - 1 },
		"PriorityQueue": func(items []int) int { return slices.Index(items, slices.Min(items)) },
	}
	for name, make := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(50) {
				random := rand.New(rand.NewPCG(seed, 1))
				maxsize := random.IntN(40)
				q, model := make(maxsize), []int(nil)
				for step := range 400 {
					if random.IntN(100) < 30+40*(step/100%2) {
						item := random.IntN(20)
						err := q.PutNowait(item)
						if full := maxsize > 0 && len(model) == maxsize; full != errors.Is(err, queues.ErrFull) || !full && err != nil {
							t.Fatalf("seed %d, step %d: put: %v", seed, step, err)
						}
						if err == nil {
							model = append(model, item)
						}
					} else if item, err := q.GetNowait(); len(model) == 0 {
						if !errors.Is(err, queues.ErrEmpty) {
							t.Fatalf("seed %d, step %d: get: %v", seed, step, err)
						}
					} else {
						i := which[name](model)
						if err != nil || item != model[i] {
							t.Fatalf("seed %d, step %d: got %v, %v, want %v of %v", seed, step, item, err, model[i], model)
						}
						model = slices.Delete(model, i, i+1)
					}
					if q.Len() != len(model) || q.Empty() != (len(model) == 0) || q.Full() != (maxsize > 0 && len(model) == maxsize) {
						t.Fatalf("seed %d, step %d: %s beside %v", seed, step, q, model)
					}
				}
			}
		})
	}
}
