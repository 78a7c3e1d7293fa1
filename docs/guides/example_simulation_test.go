package guides

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
	"github.com/go-asyncio/asyncio/streams"
)

// serveEcho is a server's program: the same text as over the system.
func serveEcho(ctx context.Context) error {
	server, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) {
		defer w.Close()
		for {
			line, err := r.ReadLine(ctx)
			if err != nil {
				return
			}
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	}, "tcp", ":7", nil)
	if err != nil {
		return err
	}
	return server.ServeForever(ctx)
}

// inquire is a client's program: it wants ten answers, and asks until it has them.
func inquire(ctx context.Context) error {
	for answers := 0; answers < 10; {
		err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			r, w, err := streams.OpenConnection(ctx, "tcp", "server:7", nil)
			if err != nil {
				return err
			}
			defer w.Close()
			if _, err := w.Write([]byte("are you there?\n")); err != nil {
				return err
			}
			_, err = r.ReadLine(ctx)
			return err
		})
		if err == nil {
			answers++
		}
		if err := asyncio.Sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// TestFirst is the first simulation of the guide.
func TestFirst(t *testing.T) {
	simulation.Test(t, func(w *simulation.World) {
		w.Host("server").Start(serveEcho)
		w.Host("client").Start(inquire)
		if err := w.RunUntil(w.Host("client").Done); err != nil {
			w.Fatalf("%v", err)
		}
		w.Logf("answered after %v", w.Elapsed())
	})
}

// answered is the world of the guide's search.
func answered(w *simulation.World) {
	server, client := w.Host("server"), w.Host("client")
	server.Start(serveEcho)
	client.Start(inquire)
	w.RandomFaults(simulation.FaultPlan{Within: 5 * time.Second, Longest: 2 * time.Second})
	if err := w.RunUntil(func() bool { return client.Done() && client.Err() == nil }); err != nil {
		w.Fatalf("%v", err)
	}
	if took := w.Elapsed(); took > 30*time.Second {
		w.Errorf("the answer took %v", took)
	}
}

// TestAnswered is the search of the guide.
func TestAnswered(t *testing.T) {
	simulation.Search(t, answered, simulation.WithSeeds(50))
}

// TestAnsweredTheSame is the check of the guide.
func TestAnsweredTheSame(t *testing.T) {
	simulation.Check(t, answered)
}

// Example_simulationRun is the guide's simulation outside of tests.
func Example_simulationRun() {
	for seed := range uint64(3) {
		err := simulation.Run(seed, func(w *simulation.World) {
			w.Host("client").Start(inquire)
			w.RunFor(time.Minute)
			if w.Host("client").Running() {
				w.Errorf("nobody has answered")
			}
		})
		fmt.Println(err)
	}
	// Output:
	// simulation: with seed 0: [1m0s] nobody has answered
	// simulation: with seed 1: [1m0s] nobody has answered
	// simulation: with seed 2: [1m0s] nobody has answered
}
