package simulation_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
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

// gathering keeps what comes, and from whom.
type gathering struct {
	asyncio.BaseDatagramProtocol
	got []string
}

func (g *gathering) DatagramReceived(p []byte, from net.Addr) {
	g.got = append(g.got, fmt.Sprintf("%s from %v", p, from))
}

// endpoint makes an endpoint that gathers.
func endpoint(ctx context.Context, o asyncio.DatagramOptions) (asyncio.DatagramTransport, *gathering, error) {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return nil, nil, err
	}
	g := &gathering{}
	t, _, err := loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return g }, &o)
	return t, g, err
}

// TestDatagramsToMany: three hosts hear what one sends to all, and to a group.
func TestDatagramsToMany(t *testing.T) {
	t.Parallel()
	simulation.Test(t, func(w *simulation.World) {
		var heard [3]*gathering
		for i := range 3 {
			w.Host(fmt.Sprint("host", i)).Start(func(ctx context.Context) (err error) {
				_, heard[i], err = endpoint(ctx, asyncio.DatagramOptions{
					Network: "udp4", LocalAddress: ":5000", Groups: []asyncio.MulticastGroup{{Addr: netip.MustParseAddr("239.1.1.1")}},
				})
				if err != nil {
					return err
				}
				return asyncio.Sleep(ctx, time.Second)
			})
		}
		w.RunFor(100 * time.Millisecond)
		sender := w.Host("sender")
		sender.Start(func(ctx context.Context) error {
			for _, to := range []string{"255.255.255.255:5000", "239.1.1.1:5000"} {
				t, _, err := endpoint(ctx, asyncio.DatagramOptions{RemoteAddress: to, LocalAddress: ":77", AllowBroadcast: true})
				if err != nil {
					return err
				}
				if err := t.SendTo([]byte(to), nil); err != nil {
					return err
				}
				t.Close()
				if err := asyncio.Sleep(ctx, 10*time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		})
		if err := w.Run(); err != nil || sender.Err() != nil {
			w.Errorf("%v, %v", err, sender.Err())
		}
		from := fmt.Sprintf(" from %v:77", sender.Addr())
		for i, g := range heard {
			if want := []string{"255.255.255.255:5000" + from, "239.1.1.1:5000" + from}; g == nil || !slices.Equal(g.got, want) {
				w.Errorf("host %d has heard %q, want %q", i, g.got, want)
			}
		}
	})
}

// TestDatagramsUnix: endpoints of one host by their paths. One waits for the other's room.
func TestDatagramsUnix(t *testing.T) {
	t.Parallel()
	simulation.Test(t, func(w *simulation.World) {
		h := w.Host("alone")
		h.Start(func(ctx context.Context) error {
			to, g, err := endpoint(ctx, asyncio.DatagramOptions{Network: "unixgram", LocalAddress: "/to"})
			if err != nil {
				return err
			}
			defer to.Close()
			from, _, err := endpoint(ctx, asyncio.DatagramOptions{Network: "unixgram", LocalAddress: "/from", RemoteAddress: "/to"})
			if err != nil {
				return err
			}
			defer from.Close()
			var want []string
			for i := range 100 {
				want = append(want, fmt.Sprintf("%d from /from", i))
				if err := from.SendTo(fmt.Append(nil, i), nil); err != nil {
					return err
				}
			}
			for range 100 {
				if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
					return err
				}
			}
			if !slices.Equal(g.got, want) {
				return fmt.Errorf("got %q", g.got)
			}
			return nil
		})
		if err := w.Run(); err != nil || h.Err() != nil {
			w.Errorf("%v, %v", err, h.Err())
		}
	})
}
