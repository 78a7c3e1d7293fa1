package golden_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
)

func TestSockets(t *testing.T) {
	compareBy(t, playInTime, "sockets", []any{
		whatIsThereIsReceivedAtOnce, aReceiveWaits, theEndIsReceived, aCancelledReceiveTakesNothing,
		aReceiveIsTimedOut, bothSidesAtOnce, aReceiveIntoABuffer, aConnectionIsAccepted, datagramsKeepTheirBounds,
	})
}

// sockets makes two that are connected.
func (s *stage) sockets(ctx context.Context) (a, b *asyncio.Socket) {
	if asyncio.IsSimulated(s.loop) {
		return s.accepted(ctx)
	}
	x, y, err := sock.Pair()
	s.must(err)
	a, err = asyncio.SocketFromFD(x)
	s.must(err)
	b, err = asyncio.SocketFromFD(y)
	s.must(err)
	return a, b
}

// accepted makes two that are connected by the loop's own calls.
func (s *stage) accepted(ctx context.Context) (a, b *asyncio.Socket) {
	listening, err := asyncio.NewSocket("tcp4", "127.0.0.1:0")
	s.must(err)
	defer s.closes(listening)
	s.must(listening.Listen(1))
	a, err = asyncio.NewSocket("tcp4", "")
	s.must(err)
	s.must(s.loop.SockConnect(ctx, a, listening.LocalAddr().String()))
	b, _, err = s.loop.SockAccept(ctx, listening)
	s.must(err)
	return a, b
}

// closes closes sockets.
func (s *stage) closes(all ...*asyncio.Socket) {
	for _, x := range all {
		s.must(x.Close())
	}
}

// receive says what was received. The end of the stream, io.EOF here, is an empty receive
// in Python.
func (s *stage) receive(ctx context.Context, name string, from *asyncio.Socket, n int) error {
	p, err := s.loop.SockRecv(ctx, from, n)
	if err != nil && err != io.EOF {
		s.out(name, describe(err))
		return nil
	}
	s.out(name, "received", "["+string(p)+"]")
	return nil
}

func (s *stage) receiving(name string, from *asyncio.Socket, n int) *asyncio.Task[any] {
	return s.task(func(ctx context.Context) (any, error) { return nil, s.receive(ctx, name, from, n) })
}

func (s *stage) send(ctx context.Context, name string, to *asyncio.Socket, text string) {
	_, err := s.loop.SockSendAll(ctx, to, []byte(text))
	s.must(err)
	s.out(name, "sent", text)
}

func whatIsThereIsReceivedAtOnce(ctx context.Context, s *stage) error {
	a, b := s.sockets(ctx)
	s.send(ctx, "one", a, "hello")
	s.soon(s.say("a pass later"))
	s.must(s.receive(ctx, "two", b, 3))
	s.must(s.receive(ctx, "two", b, 3))
	s.must(ticks(ctx, 0))
	s.closes(a, b)
	return nil
}

func aReceiveWaits(ctx context.Context, s *stage) error {
	a, b := s.sockets(ctx)
	task := s.receiving("one", b, 8)
	s.must(ticks(ctx, 1))
	s.out("still waiting", !task.Done())
	s.send(ctx, "two", a, "late")
	s.soon(s.say("a pass later"))
	s.must(ticks(ctx, 0))
	s.out("done", task.Done())
	s.wait(ctx, task)
	s.closes(a, b)
	return nil
}

func theEndIsReceived(ctx context.Context, s *stage) error {
	a, b := s.sockets(ctx)
	task := s.receiving("one", b, 8)
	s.must(ticks(ctx, 1))
	s.send(ctx, "two", a, "last words")
	s.closes(a)
	s.wait(ctx, task)
	s.must(s.receive(ctx, "one", b, 8))
	s.must(s.receive(ctx, "one", b, 8))
	s.closes(b)
	return nil
}

func aCancelledReceiveTakesNothing(ctx context.Context, s *stage) error {
	a, b := s.sockets(ctx)
	first := s.receiving("first", b, 8)
	s.must(ticks(ctx, 1))
	first.Cancel("enough")
	second := s.receiving("second", b, 8)
	s.must(ticks(ctx, 1))
	s.out("second waits", !second.Done())
	s.send(ctx, "peer", a, "hello")
	s.wait(ctx, second)
	s.closes(a, b)
	return nil
}

func aReceiveIsTimedOut(ctx context.Context, s *stage) error {
	a, b := s.sockets(ctx)
	_, err := asyncio.WaitFor(ctx, tickTimes(3), func(ctx context.Context) (any, error) {
		p, err := s.loop.SockRecv(ctx, b, 8)
		if err != nil {
			s.out("one", describe(asyncio.ErrCancelled))
			return nil, err
		}
		return p, nil
	})
	if !errors.Is(err, asyncio.ErrTimeout) {
		s.must(err)
	}
	s.out(describe(err))
	s.send(ctx, "peer", a, "later")
	s.must(s.receive(ctx, "two", b, 8))
	s.closes(a, b)
	return nil
}

func bothSidesAtOnce(ctx context.Context, s *stage) error {
	a, b := s.sockets(ctx)
	const size = 4 << 20
	drain := func(ctx context.Context) (any, error) {
		got := 0
		for got < size {
			p, err := s.loop.SockRecv(ctx, b, 1<<16)
			s.must(err)
			got += len(p)
		}
		s.out("received all", got)
		return nil, nil
	}
	fill := func(ctx context.Context) (any, error) {
		n, err := s.loop.SockSendAll(ctx, a, make([]byte, size))
		s.must(err)
		s.out("sent all", n)
		return nil, nil
	}
	other := s.receiving("the other way", a, 8)
	_, err := asyncio.Gather(ctx, drain, fill)
	s.must(err)
	s.send(ctx, "back", b, "thanks")
	s.wait(ctx, other)
	s.closes(a, b)
	return nil
}

func aReceiveIntoABuffer(ctx context.Context, s *stage) error {
	a, b := s.sockets(ctx)
	buffer := make([]byte, 10)
	s.send(ctx, "one", a, "hello")
	n, err := s.loop.SockRecvInto(ctx, b, buffer[:3])
	s.must(err)
	s.out(n, string(bytes.TrimRight(buffer[:5], "\x00")))
	n, err = s.loop.SockRecvInto(ctx, b, buffer[3:])
	s.must(err)
	s.out(n, string(bytes.TrimRight(buffer, "\x00")))
	s.closes(a, b)
	return nil
}

func aConnectionIsAccepted(ctx context.Context, s *stage) error {
	listening, err := asyncio.NewSocket("tcp4", "127.0.0.1:0")
	s.must(err)
	s.must(listening.Listen(0))
	client, err := asyncio.NewSocket("tcp4", "")
	s.must(err)
	var server *asyncio.Socket
	accepting := s.task(func(ctx context.Context) (any, error) {
		c, addr, err := s.loop.SockAccept(ctx, listening)
		s.must(err)
		s.out("accepted the client", addr.String() == client.LocalAddr().String())
		server = c
		return nil, nil
	})
	s.must(ticks(ctx, 1))
	s.out("waits", !accepting.Done())
	s.must(s.loop.SockConnect(ctx, client, listening.LocalAddr().String()))
	s.wait(ctx, accepting)
	s.out("connected")
	s.send(ctx, "client", client, "hello")
	s.must(s.receive(ctx, "server", server, 8))
	s.closes(listening, client, server)
	return nil
}

func datagramsKeepTheirBounds(ctx context.Context, s *stage) error {
	a, err := asyncio.NewSocket("udp4", "127.0.0.1:0")
	s.must(err)
	b, err := asyncio.NewSocket("udp4", "127.0.0.1:0")
	s.must(err)
	for _, text := range []string{"one", "", "three"} {
		n, err := s.loop.SockSendTo(ctx, a, []byte(text), b.LocalAddr())
		s.must(err)
		s.out("sent", n)
	}
	for _, n := range []int{8, 8, 3} {
		data, from, err := s.loop.SockRecvFrom(ctx, b, n)
		s.must(err)
		s.out("received ["+string(data)+"] from the sender", from.String() == a.LocalAddr().String())
	}
	var got []byte
	waiting := s.task(func(ctx context.Context) (any, error) {
		var err error
		got, _, err = s.loop.SockRecvFrom(ctx, b, 8)
		return nil, err
	})
	s.must(ticks(ctx, 1))
	s.out("waits", !waiting.Done())
	n, err := s.loop.SockSendTo(ctx, a, []byte("four"), b.LocalAddr())
	s.must(err)
	s.out("sent", n)
	s.wait(ctx, waiting)
	s.out(string(got))
	s.closes(a, b)
	return nil
}
