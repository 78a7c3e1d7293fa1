package asynciotest

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/go-asyncio/asyncio"
)

// datagramCases are the behaviours of endpoints of datagrams.
var datagramCases = []behaviour{
	{"datagram-echo", func(e *env) {
		e.posted(func(ctx context.Context, l asyncio.EventLoop, server *postbox) {
			server.answers = true
			client := e.endpoint(ctx, l, asyncio.DatagramOptions{RemoteAddress: server.transport.LocalAddr().String()})
			texts := []string{"a", "", strings.Repeat("b", 1000), "c"}
			for i, text := range texts {
				e.must(client.transport.SendTo([]byte(text), nil))
				client.wait(ctx, i+1)
			}
			want(e, "answers", slices.Equal(client.got, texts), true)
			want(e, "who asked", server.from[0].String(), client.transport.LocalAddr().String())
			want(e, "one value for one peer", server.from[0] == server.from[3], true)
			e.must(client.transport.Close())
			client.lost.wait(ctx)
			want(e, "error at the end", client.err, nil)
		})
	}},
	{"datagram-one-socket-many-peers", func(e *env) {
		e.posted(func(ctx context.Context, l asyncio.EventLoop, server *postbox) {
			server.answers = true
			for i := range 20 {
				client := e.endpoint(ctx, l, local)
				text := strings.Repeat(string(rune('a'+i)), i)
				e.must(client.transport.SendTo([]byte(text), server.transport.LocalAddr()))
				client.wait(ctx, 1)
				want(e, "the answer", client.got[0], text)
				want(e, "who answered", client.from[0].String(), server.transport.LocalAddr().String())
			}
		})
	}},
	{"datagram-wrong-address", func(e *env) {
		e.posted(func(ctx context.Context, l asyncio.EventLoop, server *postbox) {
			client := e.endpoint(ctx, l, asyncio.DatagramOptions{RemoteAddress: server.transport.LocalAddr().String()})
			e.wantIs(client.transport.SendTo(nil, client.transport.LocalAddr()), asyncio.ErrInvalidArgument)
			e.wantIs(server.transport.SendTo(nil, nil), asyncio.ErrInvalidArgument)
			e.must(client.transport.SendTo(nil, server.transport.LocalAddr()))
			server.wait(ctx, 1)
		})
	}},
	{"datagram-too-long", func(e *env) {
		e.posted(func(ctx context.Context, l asyncio.EventLoop, server *postbox) {
			small := e.endpoint(ctx, l, asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0", MaxSize: 10})
			e.must(server.transport.SendTo(make([]byte, 11), small.transport.LocalAddr()))
			e.must(server.transport.SendTo(make([]byte, 10), small.transport.LocalAddr()))
			small.wait(ctx, 1)
			want(e, "bytes", len(small.got[0]), 10)
			tooLong := new(asyncio.DatagramTooLongError)
			want(e, "told of the other", len(small.errs) == 1 && errors.As(small.errs[0], &tooLong), true)
		})
	}},
	{"datagram-protocol-panics", func(e *env) {
		e.posted(func(ctx context.Context, l asyncio.EventLoop, server *postbox) {
			server.panics = true
			client := e.endpoint(ctx, l, local)
			for i := range 3 {
				e.must(client.transport.SendTo([]byte("x"), server.transport.LocalAddr()))
				server.wait(ctx, i+1)
			}
			want(e, "the endpoint is closing", server.transport.IsClosing(), false)
		})
	}},
	{"datagram-late-send", func(e *env) {
		e.posted(func(ctx context.Context, l asyncio.EventLoop, server *postbox) {
			client := e.endpoint(ctx, l, local)
			client.transport.Abort()
			client.lost.wait(ctx)
			e.wantIs(client.transport.SendTo(nil, server.transport.LocalAddr()), net.ErrClosed)
			e.must(client.transport.Close())
		})
	}},
	{"datagram-options-contradict", func(e *env) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			for _, o := range []asyncio.DatagramOptions{{}, {Network: "tcp", LocalAddress: "127.0.0.1:0"}, {Network: "udp"}, {LocalAddress: "nowhere"}} {
				_, _, err := l.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return &postbox{} }, &o)
				e.wantIs(err, asyncio.ErrInvalidArgument)
			}
			return nil
		})
	}},
}

// local is an endpoint on this machine.
var local = asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0"}

// postbox is a protocol that keeps what it is told.
type postbox struct {
	transport asyncio.DatagramTransport
	got       []string
	from      []net.Addr
	errs      []error
	err       error
	lost      latch
	more      asyncio.Waiter
	answers   bool // sends back what comes
	panics    bool
}

// ConnectionMade implements asyncio.DatagramProtocol.
func (p *postbox) ConnectionMade(t asyncio.DatagramTransport) { p.transport = t }

// DatagramReceived implements asyncio.DatagramProtocol.
func (p *postbox) DatagramReceived(data []byte, addr net.Addr) {
	p.got, p.from = append(p.got, string(data)), append(p.from, addr)
	p.more.Wake()
	if p.answers {
		_ = p.transport.SendTo(data, addr)
	}
	if p.panics {
		panic("the protocol")
	}
}

// ErrorReceived implements asyncio.DatagramProtocol.
func (p *postbox) ErrorReceived(err error) { p.errs = append(p.errs, err) }

// ConnectionLost implements asyncio.DatagramProtocol.
func (p *postbox) ConnectionLost(err error) {
	p.err = err
	p.lost.open()
}

// wait waits for so many datagrams in all.
func (p *postbox) wait(ctx context.Context, count int) {
	for len(p.got) < count && p.more.Wait(ctx) == nil {
		continue
	}
}

// endpoint makes one with a postbox.
func (e *env) endpoint(ctx context.Context, l asyncio.EventLoop, o asyncio.DatagramOptions) *postbox {
	e.Helper()
	p := &postbox{}
	t, got, err := l.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return p }, &o)
	e.can(l, err)
	e.must(err)
	want(e, "the protocol", got == asyncio.DatagramProtocol(p) && t == p.transport, true)
	e.Cleanup(func() {
		if !l.IsClosed() {
			t.Abort()
		}
	})
	return p
}

// posted runs f in a coroutine of a loop with an endpoint.
func (e *env) posted(f func(ctx context.Context, l asyncio.EventLoop, server *postbox)) {
	e.Helper()
	l := e.loop()
	e.run(l, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		f(ctx, l, e.endpoint(ctx, l, local))
		return ctx.Err()
	})
}
