package simulation_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
)

// TestTwoHosts: two hosts tick in virtual time.
func TestTwoHosts(t *testing.T) {
	simulation.Test(t, func(w *simulation.World) {
		var log []string
		for _, name := range []string{"a", "b"} {
			h := w.Host(name)
			h.Start(func(ctx context.Context) error {
				for range 3 {
					if err := asyncio.Sleep(ctx, time.Second); err != nil {
						return err
					}
					log = append(log, name)
				}
				return nil
			})
		}
		began := time.Now()
		if err := w.Run(); err != nil {
			t.Error(err)
		}
		if w.Elapsed() != 3*time.Second || time.Since(began) != 3*time.Second || len(log) != 6 {
			t.Errorf("%v, %v: %v", w.Elapsed(), time.Since(began), log)
		}
	})
}
func TestRunOut(t *testing.T) {
	err := simulation.Run(1, func(w *simulation.World) {
		h := w.Host("a")
		h.Start(func(ctx context.Context) error {
			for range 3 {
				if err := asyncio.Sleep(ctx, time.Second); err != nil {
					return err
				}
			}
			_, err := asyncio.ToThread(ctx, func() (int, error) { return 1, nil })
			return err
		})
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
		w.Errorf("%v", w.Elapsed())
	})
	t.Log(err)
}
