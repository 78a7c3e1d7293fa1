package asynciotest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"

	"github.com/go-asyncio/asyncio"
)

// socketCases are the behaviours of the calls on sockets, and of what is refused of signals.
var socketCases = []behaviour{
	{"sockets.002a.sock-client-roundtrip", func(e *env) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			client, server := e.sockets(ctx, l)
			_, err := l.SockSendAll(ctx, client, []byte("question"))
			e.must(err)
			want(e, "the first half", string(e.received(ctx, l, server, 4)), "ques")
			want(e, "the second half", string(e.received(ctx, l, server, 4)), "tion")
			e.must(server.Close())
			_, err = l.SockRecv(ctx, client, 1)
			e.wantIs(err, io.EOF)
			return nil
		})
	}},
	{"sockets.003a.sock-recv-cancel-race", func(e *env) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			client, server := e.sockets(ctx, l)
			receive := func(ctx context.Context) ([]byte, error) { return l.SockRecv(ctx, server, 8) }
			first := asyncio.Go(ctx, receive)
			e.must(asyncio.Sleep(ctx, 0))
			first.Cancel()
			second := asyncio.Go(ctx, receive)
			_, err := first.Await(ctx)
			e.wantIs(err, asyncio.ErrCancelled)
			_, err = l.SockSendAll(ctx, client, []byte("hello"))
			e.must(err)
			p, err := second.Await(ctx)
			e.must(err)
			want(e, "received", string(p), "hello")
			return nil
		})
	}},
	{"sockets.005.sock-huge-sendall", func(e *env) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			client, server := e.sockets(ctx, l)
			data := e.noise(1 << 20)
			var got []byte
			_, err := asyncio.Gather(ctx,
				func(ctx context.Context) (int, error) { return l.SockSendAll(ctx, client, data) },
				func(ctx context.Context) (int, error) {
					got = e.received(ctx, l, server, len(data))
					return 0, nil
				})
			e.must(err)
			want(e, "the same came", bytes.Equal(got, data), true)
			return nil
		})
	}},
	{"sockets.006.sock-recvfrom", func(e *env) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			probe, err := asyncio.NewSocket("udp4", "")
			e.can(l, err)
			e.must(errors.Join(err, probe.Close()))
			a, b := e.socket("udp4", "127.0.0.1:0"), e.socket("udp4", "127.0.0.1:0")
			data := e.noise(4096)
			n, err := l.SockSendTo(ctx, a, data, b.LocalAddr())
			e.must(err)
			want(e, "sent", n, len(data))
			got, from, err := l.SockRecvFrom(ctx, b, len(data))
			e.must(err)
			want(e, "the same came", bytes.Equal(got, data), true)
			want(e, "from", from.String(), a.LocalAddr().String())
			return nil
		})
	}},
	{"sock-elsewhere", func(e *env) {
		l := e.loop()
		e.run(l, func(ctx context.Context) error {
			client, server := e.sockets(ctx, l)
			type result struct {
				p   []byte
				err error
			}
			there := make(chan result, 1)
			go func() {
				p, err := l.SockRecv(context.Background(), server, 8)
				there <- result{p, err}
			}()
			e.must(asyncio.Sleep(ctx, 0))
			_, err := l.SockSendAll(ctx, client, []byte("hello"))
			e.must(err)
			got, err := asyncio.ToThread(ctx, func() (result, error) { return <-there, nil })
			e.must(err)
			e.must(got.err)
			want(e, "received on another goroutine", string(got.p), "hello")
			return nil
		})
	}},
	{"events.010a.signal-handler-sigkill", func(e *env) {
		l := e.loop()
		err := l.AddSignalHandler(os.Kill, func() {})
		e.can(l, err)
		e.wantIs(err, asyncio.ErrInvalidArgument)
		removed, err := l.RemoveSignalHandler(os.Kill)
		e.must(err)
		want(e, "removed", removed, false)
	}},
}

// socket makes a socket that is closed at the end of the test.
func (e *env) socket(network, address string) *asyncio.Socket {
	e.Helper()
	s, err := asyncio.NewSocket(network, address)
	e.must(err)
	e.closes(s)
	return s
}

// closes has a socket closed at the end of the test.
func (e *env) closes(s *asyncio.Socket) {
	e.Cleanup(func() {
		if err := s.Close(); err != nil {
			e.Error("closing a socket:", err)
		}
	})
}

// sockets makes two that are connected, by the loop's calls.
func (e *env) sockets(ctx context.Context, l asyncio.EventLoop) (client, server *asyncio.Socket) {
	e.Helper()
	listening := e.socket("tcp4", "127.0.0.1:0")
	e.must(listening.Listen(1))
	client = e.socket("tcp4", "")
	accepting := asyncio.Go(ctx, func(ctx context.Context) (net.Addr, error) {
		var addr net.Addr
		var err error
		server, addr, err = l.SockAccept(ctx, listening)
		return addr, err
	})
	e.must(l.SockConnect(ctx, client, listening.LocalAddr().String()))
	addr, err := accepting.Await(ctx)
	e.must(err)
	e.closes(server)
	want(e, "the peer's address", addr.String(), client.LocalAddr().String())
	return client, server
}

// received receives so many bytes.
func (e *env) received(ctx context.Context, l asyncio.EventLoop, s *asyncio.Socket, size int) []byte {
	e.Helper()
	p := make([]byte, size)
	for n := 0; n < size; {
		k, err := l.SockRecvInto(ctx, s, p[n:])
		e.must(err)
		n += k
	}
	return p
}
