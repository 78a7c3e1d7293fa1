// Command dns_responder is a small DNS server and a resolver that asks it, in one program:
// two endpoints of datagrams on one event loop. The server is one socket for all who ask; the
// resolver is connected to it, and asks again where no answer comes.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/go-asyncio/asyncio"
)

// responder answers for a few names. The first query for a name in lost it does not answer,
// as if it had been lost on the way.
type responder struct {
	asyncio.BaseDatagramProtocol
	transport asyncio.DatagramTransport
	names     map[string]netip.Addr
	lost      map[string]bool
	queries   int
}

// ConnectionMade implements asyncio.DatagramProtocol.
func (r *responder) ConnectionMade(t asyncio.DatagramTransport) { r.transport = t }

// DatagramReceived implements asyncio.DatagramProtocol. What is no query is nobody's.
func (r *responder) DatagramReceived(query []byte, from net.Addr) {
	name, end, err := asked(query)
	if err != nil {
		return
	}
	r.queries++
	if r.lost[name] {
		delete(r.lost, name)
		return
	}
	_ = r.transport.SendTo(answer(query, end, r.names[name]), from)
}

// resolver asks, and has a future for each query that is under way.
type resolver struct {
	asyncio.BaseDatagramProtocol
	transport asyncio.DatagramTransport
	loop      asyncio.EventLoop
	waiting   map[uint16]*asyncio.Future[netip.Addr]
	last      uint16
}

// ConnectionMade implements asyncio.DatagramProtocol.
func (r *resolver) ConnectionMade(t asyncio.DatagramTransport) { r.transport = t }

// DatagramReceived implements asyncio.DatagramProtocol. An answer that comes too late, or
// twice, finds nobody who waits.
func (r *resolver) DatagramReceived(m []byte, _ net.Addr) {
	addr, err := address(m)
	if err != nil {
		return
	}
	if f := r.waiting[binary.BigEndian.Uint16(m)]; f != nil && !f.Done() {
		_ = f.SetResult(addr)
	}
}

// patience is how long an answer is waited for, and tries how often.
const (
	patience = 200 * time.Millisecond
	tries    = 20
)

// lookUp asks for the address of a name until there is an answer.
func (r *resolver) lookUp(ctx context.Context, name string) (netip.Addr, error) {
	r.last++
	id := r.last
	defer delete(r.waiting, id)
	for range tries {
		f := asyncio.NewFuture[netip.Addr](r.loop)
		r.waiting[id] = f
		if err := r.transport.SendTo(question(id, name), nil); err != nil {
			return netip.Addr{}, err
		}
		addr, err := asyncio.WaitForOf(ctx, patience, f)
		if !errors.Is(err, asyncio.ErrTimeout) {
			return addr, err
		}
	}
	return netip.Addr{}, fmt.Errorf("no answer for %s", name)
}

func run(ctx context.Context) error {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return err
	}
	server := &responder{
		names: map[string]netip.Addr{
			"www.example.org":  netip.MustParseAddr("192.0.2.80"),
			"mail.example.org": netip.MustParseAddr("192.0.2.25"),
		},
		lost: map[string]bool{"mail.example.org": true},
	}
	if _, _, err := loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return server },
		&asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0"}); err != nil {
		return err
	}
	defer server.transport.Close()
	client := &resolver{loop: loop, waiting: map[uint16]*asyncio.Future[netip.Addr]{}}
	if _, _, err := loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return client },
		&asyncio.DatagramOptions{RemoteAddress: server.transport.LocalAddr().String()}); err != nil {
		return err
	}
	defer client.transport.Close()

	names := []string{"www.example.org", "mail.example.org", "nowhere.example.org"}
	var questions []func(context.Context) (netip.Addr, error)
	for _, name := range names {
		questions = append(questions, func(ctx context.Context) (netip.Addr, error) { return client.lookUp(ctx, name) })
	}
	found, err := asyncio.Gather(ctx, questions...) // all at once, over one socket
	if err != nil {
		return err
	}
	for i, addr := range found {
		if addr.IsValid() {
			fmt.Println(names[i], "has address", addr)
		} else {
			fmt.Println(names[i], "does not exist")
		}
	}
	fmt.Println("a query was lost and sent again:", server.queries > len(names))
	return nil
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		fmt.Fprintln(os.Stderr, "dns_responder:", err)
		os.Exit(1)
	}
}
