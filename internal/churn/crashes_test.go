package churn_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
	"github.com/go-asyncio/asyncio/simulation"
	"github.com/go-asyncio/asyncio/streams"
)

// TestCrashes: hosts crash and start again, server and clients, while connections are under
// way. What has come is then what was sent, from its beginning on and no more; who is left
// hears of it as TCP tells it, and the others go on.
func TestCrashes(t *testing.T) {
	for seed := range seedsHere() {
		t.Run(fmt.Sprint("seed-", 1+seed), func(t *testing.T) {
			simulation.Test(t, func(w *simulation.World) {
				b := crashWorld(w, 2*time.Minute)
				t.Logf("%v, fingerprint %x: %+v", w.Elapsed(), w.Hash(), b.told)
				if n := b.told; n.whole == 0 || n.reset == 0 {
					w.Errorf("not everything was met")
				}
			}, simulation.WithSeed(1+seed))
		})
	}
}

// TestCrashesAreTheSame: with one seed it goes the same way.
func TestCrashesAreTheSame(t *testing.T) {
	simulation.Check(t, func(w *simulation.World) { crashWorld(w, 20*time.Second) })
}

// crashBook is what is known of all connections, whoever has crashed since.
type crashBook struct {
	all  []*crashed
	told struct {
		whole, reset, refused, silent int // how connections ended, and attempts to make one
		crashes                       int // of the server
	}
}

// crashed is what is known of a connection.
type crashed struct {
	up, got, back flow // what the client sent, and what came to the server, and back
	size          int
	whole         bool // all of it has come back
}

// crashWorld has clients talk to a server for so long, over TLS or in clear.
func crashWorld(w *simulation.World, d time.Duration) *crashBook {
	authority := certs.New()
	w.SetDefaultConditions(simulation.Conditions{Latency: simulation.Between(200*time.Microsecond, 5*time.Millisecond), Loss: 0.005})
	b := &crashBook{}
	server := w.Host("server")
	server.Start(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			for i, o := range []*asyncio.ServerOptions{nil, {TLS: authority.Server()}} {
				s, err := streams.StartServer(ctx, b.serve, "tcp", fmt.Sprint(":", 7+i), o)
				if err != nil {
					return err
				}
				g.Go(s.ServeForever)
			}
			return nil
		})
	})
	var clients []*simulation.Host
	for i := range 3 {
		h := w.Host(fmt.Sprint("client-", i))
		to, o := "server:7", (*asyncio.ConnectionOptions)(nil)
		if i == 2 {
			c := authority.Client()
			c.ServerName = "localhost"
			to, o = "server:8", &asyncio.ConnectionOptions{TLS: c}
		}
		h.Start(func(ctx context.Context) error { return b.talk(ctx, h, to, o, d) })
		clients = append(clients, h)
	}
	crash := []simulation.FaultKind{simulation.FaultCrash}
	plan := simulation.FaultPlan{Within: d, Longest: 2 * time.Second, Count: int(d / (2 * time.Second))}
	plan.Hosts, plan.Kinds = clients, append(crash, simulation.FaultPartition, simulation.FaultPause)
	w.RandomFaults(plan)
	plan.Hosts, plan.Kinds = []*simulation.Host{server}, crash
	for b.told.crashes < 10 {
		b.told.crashes += len(w.RandomFaults(plan))
	}
	w.RunFor(d + time.Minute)
	for _, h := range clients {
		if !h.Done() || h.Err() != nil {
			w.Errorf("%v: over: %v, %v", h, h.Done(), h.Err())
		}
	}
	for id, c := range b.all {
		if c.got.n > c.up.n || c.back.n > c.got.n || c.whole && (c.up.n != c.size || c.back != c.up || c.got.crc != c.up.crc) {
			w.Errorf("connection %d: %+v", id, c)
		}
	}
	return b
}

// serve sends back what comes, and writes it in the book.
func (b *crashBook) serve(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	head, err := r.ReadExactly(ctx, 8)
	if err != nil {
		return nil // the client is gone
	}
	c := b.all[binary.BigEndian.Uint64(head)]
	for {
		p, err := r.Read(ctx, 10_000)
		if err != nil || len(p) == 0 {
			return nil
		}
		if !c.got.check(p) {
			return fmt.Errorf("wrong bytes came after %d", c.got.n)
		}
		if _, err := w.Write(p); err != nil {
			return nil
		}
		if err := w.Drain(ctx); err != nil {
			return nil
		}
	}
}

// talk makes one connection after the other.
func (b *crashBook) talk(ctx context.Context, h *simulation.Host, to string, o *asyncio.ConnectionOptions, d time.Duration) error {
	for h.World().Elapsed() < d {
		id := len(b.all)
		c := &crashed{up: newFlow(uint64(id), 0), got: newFlow(uint64(id), 0), back: newFlow(uint64(id), 0), size: size(h.Rand())}
		b.all = append(b.all, c)
		err := asyncio.Timeout(ctx, 20*time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			return c.exchange(ctx, h, uint64(id), to, o)
		})
		switch {
		case err == nil:
			c.whole = true
			b.told.whole++
		case errors.Is(err, asyncio.ErrTimeout):
			b.told.silent++
		case errors.Is(err, errNoConnection):
			b.told.refused++
		case errors.Is(err, errTornOff), sock.Disconnected(err):
			b.told.reset++
		default:
			return fmt.Errorf("connection %d: %w", id, err)
		}
		if err := asyncio.Sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

var (
	errNoConnection = errors.New("no connection")
	errTornOff      = errors.New("the connection ended before all had come back")
)

// exchange sends a connection's bytes, in pieces, and takes what comes back.
func (c *crashed) exchange(ctx context.Context, h *simulation.Host, id uint64, to string, o *asyncio.ConnectionOptions) error {
	r, w, err := streams.OpenConnection(ctx, "tcp", to, o)
	if err != nil {
		return errors.Join(errNoConnection, err)
	}
	defer w.Close()
	if _, err := w.Write(binary.BigEndian.AppendUint64(nil, id)); err != nil {
		return err
	}
	for c.back.n < c.size {
		if c.up.n < c.size {
			p := c.up.next(min(c.size-c.up.n, 1+h.Rand().IntN(30_000)))
			n, err := w.Write(p)
			c.up.add(p[:n])
			if err != nil {
				return err
			}
		}
		p, err := r.Read(ctx, 100_000)
		switch {
		case !c.back.check(p):
			return fmt.Errorf("wrong bytes came back after %d", c.back.n)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), err == nil && len(p) == 0:
			return errTornOff
		case err != nil:
			return err
		}
	}
	return nil
}
