package simulation_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
)

// echoing answers every datagram.
type echoing struct {
	asyncio.BaseDatagramProtocol
	transport asyncio.DatagramTransport
}

func (e *echoing) ConnectionMade(t asyncio.DatagramTransport) { e.transport = t }

func (e *echoing) DatagramReceived(p []byte, from net.Addr) { _ = e.transport.SendTo(p, from) }

// answers keeps what comes in a future.
type answers struct {
	asyncio.BaseDatagramProtocol
	want string
	came *asyncio.Future[string]
	errs int
}

func (a *answers) DatagramReceived(p []byte, _ net.Addr) {
	if string(p) == a.want && !a.came.Done() {
		_ = a.came.SetResult(string(p))
	}
}

func (a *answers) ErrorReceived(error) { a.errs++ }

// askByDatagrams has n questions answered, each of which is sent until it is.
func askByDatagrams(ctx context.Context, n int) (tries, errs int, err error) {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return 0, 0, err
	}
	a := &answers{}
	t, _, err := loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return a },
		&asyncio.DatagramOptions{RemoteAddress: "server:9"})
	if err != nil {
		return 0, 0, err
	}
	defer t.Close()
	for i := range n {
		a.want, a.came = fmt.Sprint(i), asyncio.NewFuture[string](loop)
		for !a.came.Done() {
			tries++
			if err := t.SendTo([]byte(a.want), nil); err != nil {
				return tries, a.errs, err
			}
			if _, _, err := asyncio.Wait(ctx, []asyncio.Awaitable{a.came}, asyncio.WaitOptions{Timeout: 50 * time.Millisecond}); err != nil {
				return tries, a.errs, err
			}
		}
	}
	return tries, a.errs, nil
}

// TestDatagramsOverWorld has a client retry over a bad network, and a server that comes late.
func TestDatagramsOverWorld(t *testing.T) {
	t.Parallel()
	hashes := map[uint64]bool{}
	for range 2 {
		simulation.Test(t, func(w *simulation.World) {
			server, client := w.Host("server"), w.Host("client")
			w.Link(server, client).Set(simulation.Conditions{
				Latency: simulation.Between(time.Millisecond, 5*time.Millisecond), Loss: 0.3, Duplicate: 0.1, Reorder: 0.1,
			})
			client.Start(func(ctx context.Context) error {
				tries, errs, err := askByDatagrams(ctx, 200)
				if tries < 300 || errs == 0 {
					w.Errorf("200 answers after %d tries; %d times nobody was there", tries, errs)
				}
				return err
			})
			w.RunFor(time.Second)
			server.Start(func(ctx context.Context) error {
				loop, err := asyncio.GetRunningLoop()
				if err != nil {
					return err
				}
				_, _, err = loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return &echoing{} },
					&asyncio.DatagramOptions{LocalAddress: ":9"})
				if err != nil {
					return err
				}
				return asyncio.Sleep(ctx, time.Hour)
			})
			if err := w.RunUntil(client.Done); err != nil || client.Err() != nil {
				w.Errorf("%v, %v", err, client.Err())
			}
			server.Crash()
			hashes[w.Hash()] = true
		}, simulation.WithSeed(3))
	}
	if len(hashes) != 1 {
		t.Errorf("one seed gave %d histories", len(hashes))
	}
}
