package simulation_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
	"github.com/go-asyncio/asyncio/streams"
)

// counter is a host that counts, with a race or without: between reading its count and
// writing it two passes go by.
type counter struct {
	count   int
	listens bool
	atomic  bool
}

func (c *counter) serve(ctx context.Context) error {
	server, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) {
		defer w.Close()
		for {
			if _, err := r.ReadLine(ctx); err != nil {
				return
			}
			if c.atomic {
				c.count++
			} else {
				seen := c.count
				for range 2 {
					if asyncio.Sleep(ctx, 0) != nil {
						return
					}
				}
				c.count = seen + 1
			}
			if _, err := w.Write([]byte("counted\n")); err != nil {
				return
			}
		}
	}, "tcp", ":7", nil)
	if err != nil {
		return err
	}
	c.listens = true
	return server.ServeForever(ctx)
}

// adder is a host that adds to the count some times, with pauses that are drawn.
func adder(times int) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		r, w, err := streams.OpenConnection(ctx, "tcp", "counter:7", nil)
		if err != nil {
			return err
		}
		defer w.Close()
		rand := simulation.HostOf(ctx).Rand()
		for range times {
			if err := asyncio.Sleep(ctx, time.Duration(rand.IntN(20_000))*time.Microsecond); err != nil {
				return err
			}
			if _, err := w.Write([]byte("add\n")); err != nil {
				return err
			}
			if _, err := r.ReadLine(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// counting is a world in which hosts add to one count.
func counting(c *counter) func(w *simulation.World) {
	return func(w *simulation.World) {
		w.Host("counter").Start(c.serve)
		if err := w.RunUntil(func() bool { return c.listens }); err != nil {
			w.Fatalf("%v", err)
		}
		for i := range 3 {
			w.Host(fmt.Sprintf("adder%d", i)).Start(adder(5))
		}
		err := w.RunUntil(func() bool {
			for i := range 3 {
				if !w.Host(fmt.Sprintf("adder%d", i)).Done() {
					return false
				}
			}
			return true
		})
		if err != nil {
			w.Fatalf("%v", err)
		}
		for i := range 3 {
			if err := w.Host(fmt.Sprintf("adder%d", i)).Err(); err != nil {
				w.Fatalf("%v", err)
			}
		}
		if c.count != 15 {
			w.Errorf("counted %d, want 15", c.count)
		}
	}
}

// inChild is the environment variable that says that a test which is to fail may run: in a
// process of its own.
const inChild = "ASYNCIO_SIMULATION_TEST"

// TestPlantedRace is a search that finds a race. TestSearchFinds runs it.
func TestPlantedRace(t *testing.T) {
	onlyInChild(t)
	simulation.Search(t, func(w *simulation.World) { counting(&counter{})(w) }, simulation.WithSeeds(2000))
}

// TestFixedRace: with the race mended no seed fails. ASYNCIO_SIMULATION_SEEDS says how many
// are tried.
func TestFixedRace(t *testing.T) {
	seeds := 200
	if text := os.Getenv("ASYNCIO_SIMULATION_SEEDS"); text != "" {
		fmt.Sscan(text, &seeds)
	}
	simulation.Search(t, func(w *simulation.World) { counting(&counter{atomic: true})(w) }, simulation.WithSeeds(seeds))
}

// onlyInChild skips a test that is to fail, unless another one runs it.
func onlyInChild(t *testing.T) {
	if os.Getenv(inChild) == "" {
		t.Skip("it is to fail, and run by another test in a process of its own") // else the whole run would fail
	}
}
