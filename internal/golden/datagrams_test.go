package golden_test

import (
	"context"
	"net"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

func TestDatagrams(t *testing.T) {
	compareBy(t, playInTime, "datagrams", []any{
		madeBeforeTheCallReturns, whatWaitsComesAfterMade, datagramsComeInOrderAlsoEmptyOnes,
		anAnswerGoesToTheSender, connectedNeedsNoAddress, connectedHearsNobodyElse,
		closedIsLostAPassLater, abortedIsLostAPassLater, whatIsThereWhenItIsClosedIsNotReceived,
		closedOutOfReceived, closedOutOfMade, whatWasSentBeforeCloseArrives, anotherProtocolGoesOn,
	})
}

// endpoint is a protocol of datagrams that prints what happens to it.
type endpoint struct {
	witness
	transport asyncio.DatagramTransport
	sender    net.Addr
}

func (p *endpoint) ConnectionMade(t asyncio.DatagramTransport) {
	p.transport = t
	p.heard("made")
}

func (p *endpoint) DatagramReceived(data []byte, addr net.Addr) {
	p.sender = addr
	p.heard("received", "["+string(data)+"]")
}

func (p *endpoint) ErrorReceived(err error) {
	if sock.Refused(err) {
		p.heard("error", "refused")
		return
	}
	p.heard("error", err)
}

func (p *endpoint) ConnectionLost(err error) { p.heard("lost", err) }
func (p *endpoint) PauseWriting()            { p.heard("paused") }
func (p *endpoint) ResumeWriting()           { p.heard("resumed") }

func (p *endpoint) send(text string, to net.Addr) {
	p.stage.must(p.transport.SendTo([]byte(text), to))
}

// stranger is a socket of datagrams that is no endpoint's.
type stranger interface {
	Send(data []byte, to *net.UDPAddr)
	LocalAddr() *net.UDPAddr
}

// stranger makes one: none of the loop's, unless its network is simulated.
func (s *stage) stranger() stranger {
	if !asyncio.IsSimulated(s.loop) {
		return testkit.NewUDPPeer(s.t)
	}
	own, err := asyncio.NewSocket("udp4", here)
	s.must(err)
	return simulatedStranger{s, own}
}

// simulatedStranger is one on the loop's host.
type simulatedStranger struct {
	s   *stage
	own *asyncio.Socket
}

// Send sends a datagram. The task that runs calls it.
func (p simulatedStranger) Send(data []byte, to *net.UDPAddr) {
	_, err := p.s.loop.SockSendTo(context.Background(), p.own, data, to)
	p.s.must(err)
}

// LocalAddr is its address.
func (p simulatedStranger) LocalAddr() *net.UDPAddr { return p.own.LocalAddr().(*net.UDPAddr) }

// here is an address of this machine's.
const here = "127.0.0.1:0"

// endpoint makes an endpoint at an address of this machine's.
func (s *stage) endpoint(ctx context.Context, name string) *endpoint {
	return s.endpointOf(ctx, &endpoint{witness: s.witness(name)}, asyncio.DatagramOptions{LocalAddress: here})
}

// connectedTo makes an endpoint that is connected.
func (s *stage) connectedTo(ctx context.Context, name string, to net.Addr) *endpoint {
	return s.endpointOf(ctx, &endpoint{witness: s.witness(name)}, asyncio.DatagramOptions{RemoteAddress: to.String()})
}

func (s *stage) endpointOf(ctx context.Context, p *endpoint, o asyncio.DatagramOptions) *endpoint {
	_, _, err := s.loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return p }, &o)
	s.must(err)
	return p
}

// ends closes endpoints, one after the other.
func (s *stage) ends(ctx context.Context, endpoints ...*endpoint) {
	for _, p := range endpoints {
		n := p.events
		s.must(p.transport.Close())
		p.until(ctx, n+1)
	}
}

func madeBeforeTheCallReturns(ctx context.Context, s *stage) error {
	p := &endpoint{witness: s.witness("one")}
	p.on["made"] = func() { s.soon(s.say("a pass after made")) }
	t, _, err := s.loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol {
		s.out("the factory is called")
		return p
	}, &asyncio.DatagramOptions{LocalAddress: here})
	s.must(err)
	s.out("returned", t == p.transport, t.IsClosing(), t.LocalAddr().(*net.UDPAddr).IP)
	s.ends(ctx, p)
	return nil
}

func whatWaitsComesAfterMade(ctx context.Context, s *stage) error {
	c := s.stranger()
	given, err := asyncio.NewSocket("udp4", here)
	s.must(err)
	c.Send([]byte("early"), given.LocalAddr().(*net.UDPAddr))
	fd, err := given.Detach()
	s.must(err)
	p := s.endpointOf(ctx, &endpoint{witness: s.witness("one")}, asyncio.DatagramOptions{Sock: fd})
	s.out("returned")
	p.until(ctx, 2)
	s.ends(ctx, p)
	return nil
}

// posts has a peer send to an endpoint.
func (p *endpoint) posts(c stranger, texts ...string) {
	for _, text := range texts {
		c.Send([]byte(text), p.transport.LocalAddr().(*net.UDPAddr))
	}
}

func datagramsComeInOrderAlsoEmptyOnes(ctx context.Context, s *stage) error {
	p, c := s.endpoint(ctx, "one"), s.stranger()
	p.posts(c, "one", "", "three")
	p.until(ctx, 4)
	s.out("from the sender", p.sender.String() == c.LocalAddr().String())
	s.ends(ctx, p)
	return nil
}

func anAnswerGoesToTheSender(ctx context.Context, s *stage) error {
	server := s.endpoint(ctx, "server")
	server.on["received"] = func() { server.send("answer", server.sender) }
	client := s.endpoint(ctx, "client")
	client.send("question", server.transport.LocalAddr())
	client.until(ctx, 2)
	s.out("from the server", client.sender.String() == server.transport.LocalAddr().String())
	s.ends(ctx, client, server)
	return nil
}

func connectedNeedsNoAddress(ctx context.Context, s *stage) error {
	server := s.endpoint(ctx, "server")
	at := server.transport.LocalAddr()
	client := s.connectedTo(ctx, "client", at)
	s.out("the peer is the server", client.transport.RemoteAddr().String() == at.String())
	client.send("without", nil)
	server.until(ctx, 2)
	client.send("with", at)
	server.until(ctx, 3)
	err := client.transport.SendTo([]byte("other"), client.transport.LocalAddr())
	s.out("another address is", refused(err, asyncio.ErrInvalidArgument))
	s.out("closing", client.transport.IsClosing())
	client.send("still there", nil)
	server.until(ctx, 4)
	s.ends(ctx, client, server)
	return nil
}

func connectedHearsNobodyElse(ctx context.Context, s *stage) error {
	server, other := s.endpoint(ctx, "server"), s.stranger()
	client := s.connectedTo(ctx, "client", server.transport.LocalAddr())
	client.posts(other, "stranger")
	server.send("friend", client.transport.LocalAddr())
	client.until(ctx, 2)
	s.ends(ctx, client, server)
	return nil
}

func closedIsLostAPassLater(ctx context.Context, s *stage) error {
	p := s.endpoint(ctx, "one")
	s.must(p.transport.Close())
	p.saysItIsClosing(ctx)
	return nil
}

func abortedIsLostAPassLater(ctx context.Context, s *stage) error {
	p := s.endpoint(ctx, "one")
	p.transport.Abort()
	p.saysItIsClosing(ctx)
	return nil
}

// saysItIsClosing is how an endpoint ends, which nothing more that is asked for changes.
func (p *endpoint) saysItIsClosing(ctx context.Context) {
	s := p.stage
	s.out("closing", p.transport.IsClosing())
	s.soon(s.say("a pass later"))
	s.must(p.transport.Close())
	p.transport.Abort()
	s.out("and again")
	p.until(ctx, 2)
	s.must(ticks(ctx, 0))
}

func whatIsThereWhenItIsClosedIsNotReceived(ctx context.Context, s *stage) error {
	p := s.endpoint(ctx, "one")
	p.posts(s.stranger(), "too late")
	s.must(p.transport.Close())
	p.until(ctx, 2)
	s.must(ticks(ctx, 0))
	return nil
}

func closedOutOfReceived(ctx context.Context, s *stage) error {
	p := s.endpoint(ctx, "one")
	p.on["received"] = func() { s.must(p.transport.Close()) }
	p.posts(s.stranger(), "one", "two", "three")
	p.until(ctx, 3)
	s.must(ticks(ctx, 0))
	return nil
}

func closedOutOfMade(ctx context.Context, s *stage) error {
	p := &endpoint{witness: s.witness("one")}
	p.on["made"] = func() { s.must(p.transport.Close()) }
	t, _, err := s.loop.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return p },
		&asyncio.DatagramOptions{LocalAddress: here})
	s.must(err)
	s.out("returned", t == p.transport, t.IsClosing())
	p.until(ctx, 2)
	return nil
}

func whatWasSentBeforeCloseArrives(ctx context.Context, s *stage) error {
	server, client := s.endpoint(ctx, "server"), s.endpoint(ctx, "client")
	for _, text := range []string{"one", "two"} {
		client.send(text, server.transport.LocalAddr())
	}
	s.must(client.transport.Close())
	client.until(ctx, 2)
	server.until(ctx, 3)
	s.ends(ctx, server)
	return nil
}

func anotherProtocolGoesOn(ctx context.Context, s *stage) error {
	p, c := s.endpoint(ctx, "one"), s.stranger()
	q := &endpoint{witness: s.witness("two"), transport: p.transport}
	p.posts(c, "for one")
	p.until(ctx, 2)
	s.must(p.transport.SetProtocol(q))
	s.out("it is two's", p.transport.GetProtocol() == asyncio.DatagramProtocol(q))
	p.posts(c, "for two")
	q.until(ctx, 1)
	s.ends(ctx, q)
	return nil
}
