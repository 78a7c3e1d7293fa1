// Command loopgroup is an echo server on all processors: an event loop on each, which share
// one port, and statistics of each loop. With -listen it serves strangers until Ctrl-C.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/loopgroup"
	"github.com/go-asyncio/asyncio/streams"
)

// echo serves one connection: it sends back what comes.
func echo(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	buf := make([]byte, 4096)
	for {
		n, err := r.ReadInto(ctx, buf)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		if err := w.Drain(ctx); err != nil {
			return err
		}
	}
}

// visit is a client: it sends a line and wants it back.
func visit(addr net.Addr) error {
	c, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		return err
	}
	defer c.Close()
	const line = "hello\n"
	if _, err := io.WriteString(c, line); err != nil {
		return err
	}
	back := make([]byte, len(line))
	if _, err := io.ReadFull(c, back); err != nil || string(back) != line {
		return fmt.Errorf("got %q: %v", back, err)
	}
	return nil
}

// visitors has n clients come at once.
func visitors(n int, addr net.Addr) error {
	errs := make(chan error, n)
	var all sync.WaitGroup
	for range n {
		all.Go(func() { errs <- visit(addr) })
	}
	all.Wait()
	for range n {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

// report logs once in a while what the loops do.
func report(ctx context.Context, g *loopgroup.Group) {
	var last []loopgroup.LoopStats
	for asyncio.Sleep(ctx, 10*time.Second) == nil {
		asking, cancel := context.WithTimeout(ctx, time.Second) // a loop that hangs does not answer
		stats, err := g.Stats(asking)
		cancel()
		if err != nil {
			return
		}
		for i, s := range stats {
			busy := 0.0
			if last != nil {
				busy = s.Busy(last[i])
			}
			slog.Info("loop", "number", s.Index, "connections", s.Connections, "busy", busy, "lag", s.Lag, "blocked", s.Blocked)
		}
		last = stats
	}
}

// serve runs the server until the signal, or, without an address, for some visitors of its own.
func serve(ctx context.Context, address string) error {
	loops := runtime.GOMAXPROCS(0)
	if address == "" {
		loops = 2 // so that the output is the same everywhere
	}
	// A loop that dies, which none should, is replaced three times an hour.
	g, err := loopgroup.New(loopgroup.WithLoops(loops), loopgroup.WithReplacement(3, time.Hour))
	if err != nil {
		return err
	}
	defer g.Close()
	if err := g.Start(); err != nil {
		return err
	}
	if address != "" {
		server, err := loopgroup.StartServer(ctx, g, echo, "tcp", address, nil, loopgroup.Auto)
		if err != nil {
			return err
		}
		fmt.Println("listening on", server.Addrs()[0], "with", g.Len(), "loops")
		go report(ctx, g)
		return g.Run(ctx)
	}
	// Handed over, the connections are even; SO_REUSEPORT spreads them by chance.
	server, err := loopgroup.StartServer(ctx, g, echo, "tcp", "127.0.0.1:0", nil, loopgroup.HandOver)
	if err != nil {
		return err
	}
	if err := visitors(100, server.Addrs()[0]); err != nil {
		return err
	}
	fmt.Println("100 visitors were served by", g.Len(), "loops")

	// Work goes to the least busy loop.
	sum := loopgroup.Go(g, func(ctx context.Context) (int, error) {
		return 40 + 2, asyncio.Sleep(ctx, time.Millisecond)
	})
	v, err := loopgroup.Await(ctx, sum)
	if err != nil {
		return err
	}
	fmt.Println("the least busy one says", v)

	stats, err := g.Stats(ctx)
	if err != nil {
		return err
	}
	for _, s := range stats {
		fmt.Printf("loop %d has run callbacks: %v, hangs: %v\n", s.Index, s.Callbacks > 0, s.Blocked)
	}
	ending, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return g.Shutdown(ending)
}

func main() {
	address := flag.String("listen", "", "serve strangers at this address")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *address); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
