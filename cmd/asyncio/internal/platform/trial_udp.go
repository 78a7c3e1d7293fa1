package platform

import (
	"context"
	"fmt"
	"net"

	"github.com/go-asyncio/asyncio"
)

// tryUDP has a datagram go from an endpoint that is connected to one that is not, and
// back.
func tryUDP(ctx context.Context, loop asyncio.EventLoop) error {
	server, _, err := loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return &datagramReflector{} },
		&asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer server.Abort()
	answer := &answer{came: asyncio.NewFuture[string](loop)}
	client, _, err := loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return answer },
		&asyncio.DatagramOptions{RemoteAddress: server.LocalAddr().String()})
	if err != nil {
		return err
	}
	defer client.Abort()
	if err := client.SendTo([]byte(message), nil); err != nil {
		return err
	}
	got, err := answer.came.Await(ctx)
	if err == nil && got != message {
		err = fmt.Errorf("%q came back as %q", message, got)
	}
	return err
}

// datagramReflector sends back what comes.
type datagramReflector struct {
	asyncio.BaseDatagramProtocol
	transport asyncio.DatagramTransport
}

// ConnectionMade implements asyncio.DatagramProtocol.
func (r *datagramReflector) ConnectionMade(t asyncio.DatagramTransport) { r.transport = t }

// DatagramReceived implements asyncio.DatagramProtocol.
func (r *datagramReflector) DatagramReceived(data []byte, addr net.Addr) {
	_ = r.transport.SendTo(data, addr)
}

// answer waits for the first datagram.
type answer struct {
	asyncio.BaseDatagramProtocol
	came *asyncio.Future[string]
}

// DatagramReceived implements asyncio.DatagramProtocol.
func (a *answer) DatagramReceived(data []byte, _ net.Addr) {
	if !a.came.Done() {
		_ = a.came.SetResult(string(data))
	}
}

// ErrorReceived implements asyncio.DatagramProtocol.
func (a *answer) ErrorReceived(err error) {
	if !a.came.Done() {
		_ = a.came.SetException(err)
	}
}
