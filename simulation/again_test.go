package simulation_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
)

// trouble is a world in which much goes wrong: names are slow, contexts end, functions run in
// executors, hosts crash.
func trouble(w *simulation.World) {
	w.SetDefaultConditions(simulation.Conditions{Latency: simulation.Spread{Least: time.Millisecond, Most: 30 * time.Millisecond, Tail: 0.01}, Loss: 0.02, Bandwidth: 1 << 20})
	w.SetNameService(0, 50*time.Millisecond, 0.1)
	w.Host("server").Start(serveEcho)
	for i := range 4 {
		w.Host(fmt.Sprint("client", i), simulation.WithDrift(float64(i)/100)).Start(func(ctx context.Context) error {
			for {
				d := time.Duration(simulation.HostOf(ctx).Rand().IntN(300)) * time.Millisecond
				limited, cancel := context.WithCancel(ctx)
				task := asyncio.GoErr(ctx, func(ctx context.Context) error { return ask(limited, 3) })
				_ = asyncio.Timeout(ctx, d, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
					_, err := task.Await(ctx)
					return err
				})
				cancel()
				_, _ = asyncio.ToThread(ctx, func() (int, error) { return 0, nil })
				if err := asyncio.Sleep(ctx, d/2); err != nil {
					return err
				}
			}
		})
	}
	w.RandomFaults(simulation.FaultPlan{Count: 30})
	w.RunFor(12 * time.Second)
}

// TestAgain: whatever goes wrong, it goes wrong the same way each time, in a bubble and outside.
func TestAgain(t *testing.T) {
	seeds := uint64(10)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		hashes := map[uint64]int{}
		for range 2 {
			simulation.Test(t, func(w *simulation.World) {
				trouble(w)
				hashes[w.Hash()]++
			}, simulation.WithSeed(seed))
			if err := simulation.Run(seed, func(w *simulation.World) {
				trouble(w)
				hashes[w.Hash()]++
			}); err != nil {
				t.Error(err)
			}
		}
		if len(hashes) != 1 {
			t.Errorf("seed %d: %v", seed, hashes)
		}
	}
}

// TestSameEverywhere: a seed is the same run on every system and processor, with the race
// detector, too. What the network or the loop draws in another order changes the number:
// then it is put here anew, once all of them agree on it.
func TestSameEverywhere(t *testing.T) {
	var all uint64
	for seed := range uint64(4) {
		if err := simulation.Run(seed, func(w *simulation.World) {
			trouble(w)
			all = all*31 + w.Hash()
		}); err != nil {
			t.Error(err)
		}
	}
	if want := uint64(0x3622082fde4b8062); all != want {
		t.Errorf("%#x, want %#x", all, want)
	}
}
