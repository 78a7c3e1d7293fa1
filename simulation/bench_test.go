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

// heartbeats has hosts send each other a heartbeat every 50 ms, for so much virtual time.
func heartbeats(w *simulation.World, hosts int, d time.Duration) (beats int) {
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
			for j := range hosts {
				if j != i {
					_, w, err := streams.OpenConnection(ctx, "tcp", fmt.Sprintf("host%d:1", j), nil)
					if err != nil {
						return err
					}
					writers = append(writers, w)
				}
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

// BenchmarkHeartbeats: a virtual hour of five hosts, each of which sends each other one a
// heartbeat every 50 ms.
func BenchmarkHeartbeats(b *testing.B) {
	for range b.N {
		err := simulation.Run(1, func(w *simulation.World) {
			began := time.Now()
			n := heartbeats(w, 5, time.Hour)
			b.ReportMetric(time.Hour.Seconds()/time.Since(began).Seconds(), "x-real")
			b.ReportMetric(float64(n)/time.Since(began).Seconds(), "beats/s")
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// TestHeartbeatsBubble is not a benchmark's, for a bubble needs a test.
func TestHeartbeatsBubble(t *testing.T) {
	began := time.Now()
	n := 0
	simulation.Test(t, func(w *simulation.World) { n = heartbeats(w, 5, 10*time.Minute) })
	took := time.Since(began)
	t.Logf("%d beats in %v: %.0f x real time", n, took, 600/took.Seconds())
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
