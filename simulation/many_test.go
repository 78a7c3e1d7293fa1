package simulation_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
)

// TestThousandHosts: a thousand hosts run, each asks another one, and nothing is left of them.
func TestThousandHosts(t *testing.T) {
	before := runtime.NumGoroutine()
	err := simulation.Run(1, func(w *simulation.World) {
		const n = 1000
		answered := 0
		for i := range n {
			w.Host(fmt.Sprint("host", i)).Start(func(ctx context.Context) error {
				asyncio.GoErr(ctx, serveEcho)
				if err := asyncio.Sleep(ctx, time.Second); err != nil {
					return err
				}
				if err := askAt(ctx, fmt.Sprintf("host%d:7", (i+1)%n), 3); err != nil {
					return err
				}
				answered++
				return asyncio.Sleep(ctx, time.Second)
			})
		}
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
		if answered != n {
			w.Errorf("%d of %d hosts were answered", answered, n)
		}
	})
	if err != nil {
		t.Error(err)
	}
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()            // the last ones are at their end
		time.Sleep(time.Millisecond) // the runtime ends goroutines in its own time
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// TestSideBySide: worlds that run at the same time make no difference to each other.
func TestSideBySide(t *testing.T) {
	hashes := make(chan uint64)
	const n = 8
	for range n {
		go func() {
			var hash uint64
			if err := simulation.Run(7, func(w *simulation.World) {
				trouble(w)
				hash = w.Hash()
			}); err != nil {
				t.Error(err)
			}
			hashes <- hash
		}()
	}
	first := <-hashes
	for range n - 1 {
		if hash := <-hashes; hash != first {
			t.Errorf("%x, not %x", hash, first)
		}
	}
}

// TestProcessors: how many processors there are makes no difference.
func TestProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	hashes := map[uint64]bool{}
	for _, n := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(n)
		for range 5 {
			simulation.Test(t, func(w *simulation.World) {
				echoes(w)
				hashes[w.Hash()] = true
				t.Logf("%x", w.Hash())
			}, simulation.WithSeed(7))
		}
	}
	if len(hashes) != 1 {
		t.Errorf("%d ways were gone", len(hashes))
	}
}
