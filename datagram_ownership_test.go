package asyncio_test

import (
	"context"
	"net"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// posting is a call that makes an endpoint of datagrams.
func posting(o asyncio.DatagramOptions) maker {
	return func(ctx context.Context, s *scene) (func(), error) {
		o := o
		if o.Sock == fromScene {
			o.Sock = s.boundSocket(sock.Datagram)
		}
		tr, _, err := s.loop.CreateDatagramEndpoint(ctx, datagramsOf(s.protocol), &o)
		if err != nil {
			return nil, err
		}
		return tr.Abort, nil
	}
}

// datagramsOf makes of a factory of protocols one of protocols of datagrams, whose beginning
// and end those hear of.
func datagramsOf(factory func() asyncio.Protocol) func() asyncio.DatagramProtocol {
	if factory == nil {
		return nil
	}
	return func() asyncio.DatagramProtocol {
		p := factory()
		if p == nil {
			return nil
		}
		return &retold{p}
	}
}

// retold tells a protocol of connections when an endpoint begins and ends.
type retold struct{ to asyncio.Protocol }

func (r *retold) ConnectionMade(asyncio.DatagramTransport) { r.to.ConnectionMade(nil) }
func (r *retold) DatagramReceived([]byte, net.Addr)        {}
func (r *retold) ErrorReceived(error)                      {}
func (r *retold) ConnectionLost(err error)                 { r.to.ConnectionLost(err) }
