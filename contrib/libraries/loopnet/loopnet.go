// Package loopnet gives Go's libraries connections of an event loop: a dialer and a listener
// as package net has them. What is made is a streams.Conn, and its comment says who may use
// it: in a coroutine of the loop a Read or Write suspends, on a goroutine it blocks.
package loopnet

import (
	"context"
	"net"
	"sync"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// Dial connects on the loop. ctx is that of the dialling alone: the connection outlives it.
// Any goroutine may call it, and a coroutine of the loop.
func Dial(ctx context.Context, loop asyncio.EventLoop, network, address string) (net.Conn, error) {
	r, w, err := streams.OpenConnection(ctx, network, address, nil, streams.WithLoop(loop))
	if err != nil {
		return nil, err
	}
	return streams.Conn(context.Background(), r, w), nil
}

// Listener is a net.Listener whose connections live on a loop.
type Listener struct {
	server *asyncio.Server
	loop   asyncio.EventLoop

	mu       sync.Mutex
	more     sync.Cond
	accepted []net.Conn // and not yet asked for
	closed   bool
}

var _ net.Listener = (*Listener)(nil)

// Listen listens on the loop. Any goroutine may call it, and a coroutine of the loop.
func Listen(ctx context.Context, loop asyncio.EventLoop, network, address string) (*Listener, error) {
	l := &Listener{loop: loop}
	l.more.L = &l.mu
	server, err := streams.StartServer(ctx, func(_ context.Context, r *streams.StreamReader, w *streams.StreamWriter) {
		l.put(streams.Conn(context.Background(), r, w))
	}, network, address, nil, streams.WithLoop(loop))
	if err != nil {
		return nil, err
	}
	l.server = server
	return l, nil
}

// put keeps a connection for Accept, or closes it if nobody asks any more.
func (l *Listener) put(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = c.Close() // nobody was told of it
		return
	}
	l.accepted = append(l.accepted, c)
	l.more.Signal()
}

// Accept implements net.Listener. It blocks its goroutine, which must be none of a loop's.
func (l *Listener) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.accepted) == 0 && !l.closed {
		l.more.Wait()
	}
	if l.closed {
		return nil, &net.OpError{Op: "accept", Net: l.Addr().Network(), Addr: l.Addr(), Err: net.ErrClosed}
	}
	c := l.accepted[0]
	l.accepted = l.accepted[1:]
	return c, nil
}

// Close implements net.Listener. What was accepted and not asked for is closed.
func (l *Listener) Close() error {
	l.mu.Lock()
	left := l.accepted
	l.accepted, l.closed = nil, true
	l.more.Broadcast()
	l.mu.Unlock()
	for _, c := range left {
		_ = c.Close() // nobody was told of it
	}
	_, err := l.loop.CallSoonThreadsafe(l.server.Close)
	return err
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.server.Addrs()[0] }
