package simulation_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
)

// TestNanoseconds: a timer that is due in a moment is due when time has moved on by that.
func TestNanoseconds(t *testing.T) {
	simulation.Test(t, func(w *simulation.World) {
		h := w.Host("host")
		var seen []time.Duration
		h.Start(func(ctx context.Context) error {
			for _, d := range []time.Duration{1, 2, 1} {
				began := h.Loop().Time()
				if err := asyncio.Sleep(ctx, d); err != nil {
					return err
				}
				seen = append(seen, h.Loop().Time()-began)
			}
			return nil
		})
		if err := w.Run(); err != nil || len(seen) != 3 || seen[0] != 1 || seen[1] != 2 || seen[2] != 1 {
			w.Errorf("%v: slept %v", err, seen)
		}
	}, simulation.WithPasses(1000))
}
