package serve

import (
	"context"
	"net"

	"github.com/go-asyncio/asyncio"
)

// endpoints are the sockets of datagrams, one for each loop.
type endpoints []*datagramEcho

// datagramEcho is the server of datagrams in callbacks. What the system does not take at
// once the transport buffers; while that is too much nothing is answered, as if it had been
// lost on the way.
type datagramEcho struct {
	asyncio.BaseDatagramProtocol
	worker    *worker
	transport asyncio.DatagramTransport
	full      bool
	gone      chan struct{} // closed with the socket
}

// receiveEach has each loop receive on the same address, whose port the system may have
// picked.
func receiveEach(ctx context.Context, at endpoint, workers []*worker) (_ intake, err error) {
	var all endpoints
	defer func() {
		if err != nil {
			all.stop()
		}
	}()
	if len(workers) > 1 { // somebody else who shares his port would not be noticed
		alone, err := receiveOn(ctx, at, workers[0], false)
		if err != nil {
			return nil, err
		}
		endpoints{alone}.stop()
		<-alone.gone
	}
	for _, w := range workers {
		e, err := receiveOn(ctx, at, w, len(workers) > 1)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		at.address = e.transport.LocalAddr().String()
	}
	return all, nil
}

// receiveOn makes the socket of one loop.
func receiveOn(ctx context.Context, at endpoint, w *worker, shared bool) (*datagramEcho, error) {
	e := &datagramEcho{worker: w, gone: make(chan struct{})}
	_, _, err := w.loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return e },
		&asyncio.DatagramOptions{Network: at.network, LocalAddress: at.address, ReusePort: shared})
	return e, err
}

func (s endpoints) addrs() []net.Addr { return []net.Addr{s[0].transport.LocalAddr()} }

func (s endpoints) stop() {
	for _, e := range s {
		ask(e.worker, func() error { return e.transport.Close() })
	}
}

func (s endpoints) wait(ctx context.Context) error {
	for _, e := range s {
		select {
		case <-e.gone:
		case <-e.worker.ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// ConnectionMade implements asyncio.DatagramProtocol.
func (e *datagramEcho) ConnectionMade(t asyncio.DatagramTransport) { e.transport = t }

// DatagramReceived implements asyncio.DatagramProtocol. What cannot be sent back concerns
// the client.
func (e *datagramEcho) DatagramReceived(data []byte, addr net.Addr) {
	e.worker.received(len(data))
	if !e.full {
		_ = e.transport.SendTo(data, addr)
	}
}

// PauseWriting implements asyncio.FlowControl.
func (e *datagramEcho) PauseWriting() { e.full = true }

// ResumeWriting implements asyncio.FlowControl.
func (e *datagramEcho) ResumeWriting() { e.full = false }

// ConnectionLost implements asyncio.DatagramProtocol.
func (e *datagramEcho) ConnectionLost(error) { close(e.gone) }
