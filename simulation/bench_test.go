package simulation_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
	"github.com/go-asyncio/asyncio/streams"
)

// heartbeats has hosts send a heartbeat every 50 ms to the peers behind them, for so much virtual
// time.
func heartbeats(w *simulation.World, hosts, peers int, d time.Duration) (beats int) {
	for i := range hosts {
		name := fmt.Sprint("host", i)
		w.Host(name).Start(func(ctx context.Context) error {
			_, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
				var beat [8]byte
				for {
					if n, err := r.ReadInto(ctx, beat[:]); n == 0 || err != nil {
						return nil
					}
					beats++
				}
			}, "tcp", ":1", nil)
			if err != nil {
				return err
			}
			if err := asyncio.Sleep(ctx, time.Second); err != nil {
				return err
			}
			var writers []*streams.StreamWriter
			for j := range peers {
				_, w, err := streams.OpenConnection(ctx, "tcp", fmt.Sprintf("host%d:1", (i+1+j)%hosts), nil)
				if err != nil {
					return err
				}
				writers = append(writers, w)
			}
			for {
				if err := asyncio.Sleep(ctx, 50*time.Millisecond); err != nil {
					return err
				}
				for _, w := range writers {
					if _, err := io.WriteString(w, "12345678"); err != nil {
						return err
					}
				}
			}
		})
	}
	w.RunFor(d)
	return beats
}

// BenchmarkHeartbeats: a virtual hour of five hosts, each of which sends a heartbeat every 50 ms
// to the next one, or to every other one.
func BenchmarkHeartbeats(b *testing.B) {
	for name, peers := range map[string]int{"next": 1, "all": 4} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				err := simulation.Run(1, func(w *simulation.World) { heartbeats(w, 5, peers, time.Hour) })
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*time.Hour.Seconds()/b.Elapsed().Seconds(), "virtual-s/s")
		})
	}
}

// TestHeartbeats: an hour passes, in a bubble, too, and all that was sent has come. (What it
// takes there is logged: a benchmark can have no bubble.)
func TestHeartbeats(t *testing.T) {
	const d = time.Minute
	began := time.Now()
	beats := 0
	simulation.Test(t, func(w *simulation.World) { beats = heartbeats(w, 5, 1, d) })
	took := time.Since(began)
	t.Logf("%.0f times as fast as real time", d.Seconds()/took.Seconds())
	if most := 5 * 20 * 59; beats < most-10 || beats > 2*most { // a heartbeat may come in pieces
		t.Errorf("%d heartbeats came of %d", beats, most)
	}
}

// BenchmarkPingPong: two hosts, one message at a time, b.N deliveries.
func BenchmarkPingPong(b *testing.B) {
	err := simulation.Run(1, func(w *simulation.World) {
		n := b.N
		w.Host("server").Start(serveEcho)
		h := w.Host("client")
		h.Start(func(ctx context.Context) error {
			r, w, err := streams.OpenConnection(ctx, "tcp", "server:7", nil)
			if err != nil {
				return err
			}
			defer w.Close()
			for range n / 2 {
				if _, err := io.WriteString(w, "1234567\n"); err != nil {
					return err
				}
				if _, err := r.ReadLine(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		if err := w.RunUntil(h.Done); err != nil {
			w.Errorf("%v", err)
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}

func BenchmarkTimers(b *testing.B) {
	err := simulation.Run(1, func(w *simulation.World) {
		n := b.N
		h := w.Host("client")
		h.Start(func(ctx context.Context) error {
			for range n {
				if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		})
		if err := w.RunUntil(h.Done); err != nil {
			w.Errorf("%v", err)
		}
	}, simulation.WithLimit(1000*time.Hour))
	if err != nil {
		b.Fatal(err)
	}
}
