package asynciotest

import (
	"context"
	"io"
	"net"
	"os"
	"time"

	"github.com/go-asyncio/asyncio"
)

// outside is an end of a connection that no transport has: what a test does with it, it does
// beside the loop, from any goroutine. It is one of package net's, but on a loop whose network
// is simulated, which package net does not reach.
type outside interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
}

// dialOutside connects to a server. It is called by a coroutine of the loop's.
func dialOutside(ctx context.Context, l asyncio.EventLoop, address string) (outside, error) {
	if !asyncio.IsSimulated(l) {
		return net.DialTimeout("tcp", address, 10*time.Second)
	}
	s, err := asyncio.NewSocket("tcp4", "")
	if err != nil {
		return nil, err
	}
	if err := l.SockConnect(ctx, s, address); err != nil {
		_ = s.Close()
		return nil, err
	}
	return &socketOutside{loop: l, s: s}, nil
}

// connPair returns two ends of a connection, for a loop that does not run yet.
func (e *env) connPair(l asyncio.EventLoop) (a, b outside) {
	e.Helper()
	if asyncio.IsSimulated(l) {
		e.run(l, func(ctx context.Context) error {
			client, server := e.sockets(ctx, l)
			a, b = &socketOutside{loop: l, s: client}, &socketOutside{loop: l, s: server}
			return nil
		})
		return a, b
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	e.must(err)
	defer ln.Close()
	c, err := net.DialTimeout("tcp", ln.Addr().String(), 10*time.Second)
	e.must(err)
	s, err := ln.Accept()
	e.must(err)
	e.Cleanup(func() { c.Close(); s.Close() })
	return c, s
}

// fd returns the descriptor of a connection, which stays the connection's.
func (e *env) fd(o outside) (fd uintptr) {
	e.Helper()
	if o, ok := o.(*socketOutside); ok {
		return o.s.FD()
	}
	rc, err := o.(*net.TCPConn).SyscallConn()
	e.must(err)
	e.must(rc.Control(func(f uintptr) { fd = f }))
	return fd
}

// socketOutside is one over a Socket of the loop's. A call that need not wait may be made by
// what runs on the loop, too: it is done on another goroutine.
type socketOutside struct {
	loop     asyncio.EventLoop
	s        *asyncio.Socket
	deadline time.Time
}

// elsewhere calls f on a goroutine that is none of a loop's.
func elsewhere(f func() (int, error)) (n int, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		n, err = f()
	}()
	<-done
	return n, err
}

// Read implements io.Reader.
func (o *socketOutside) Read(p []byte) (int, error) {
	ctx := context.Background()
	if !o.deadline.IsZero() {
		var cancel func()
		ctx, cancel = context.WithDeadlineCause(ctx, o.deadline, os.ErrDeadlineExceeded)
		defer cancel()
	}
	n, err := elsewhere(func() (int, error) { return o.loop.SockRecvInto(ctx, o.s, p) })
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause
	}
	return n, err
}

// Write implements io.Writer.
func (o *socketOutside) Write(p []byte) (int, error) {
	return elsewhere(func() (int, error) { return o.loop.SockSendAll(context.Background(), o.s, p) })
}

// Close implements io.Closer.
func (o *socketOutside) Close() error { return o.s.Close() }

// SetReadDeadline sets when the next Read gives up.
func (o *socketOutside) SetReadDeadline(t time.Time) error {
	o.deadline = t
	return nil
}
