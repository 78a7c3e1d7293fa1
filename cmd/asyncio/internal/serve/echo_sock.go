package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/reuseport"
	"github.com/go-asyncio/asyncio/loopgroup"
)

// sockets is an intake without servers and transports: coroutines that accept, and one for
// each client, by the loops' calls on sockets.
type sockets struct {
	listening []*asyncio.Socket
	address   net.Addr
	file      string         // of a unix socket, to be removed
	open      sync.WaitGroup // clients, and coroutines that accept
	stopping  context.Context
	once      func()
	tls       *tls.Config
}

// listenSockets listens, once for all loops or once for each: see open.
func listenSockets(ctx context.Context, o *Options, workers []*worker) (_ intake, err error) {
	spread := o.Share == shareReusePort || o.Share == shareAuto && loopgroup.PortIsSpread && o.at.network == networkTCP
	if err := checkFree(ctx, o.at, workers[0]); err != nil {
		return nil, err
	}
	s := &sockets{tls: o.secure.config}
	stopping, cancel := context.WithCancel(context.Background())
	s.stopping, s.once = stopping, sync.OnceFunc(func() { cancel(); s.close() })
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if len(workers) == 1 || !spread {
		socket, err := s.listen(ctx, o.at, &net.ListenConfig{})
		if err == nil {
			s.accept(workers[0], socket, workers)
		}
		return s, err
	}
	at := o.at
	for _, w := range workers {
		socket, err := s.listen(ctx, at, &net.ListenConfig{Control: reuseport.Control})
		if err != nil {
			return nil, err
		}
		at.address = s.address.String() // whose port the system may have picked
		s.accept(w, socket, []*worker{w})
	}
	return s, nil
}

// checkFree finds out whether somebody else listens on the address: one who shares
// his port would not be noticed otherwise. It binds and never listens, so that no
// client can come meanwhile. Of a path it takes away the file of a socket that nobody
// has any more.
func checkFree(ctx context.Context, at endpoint, w *worker) error {
	s, err := listenProtocol(ctx, w, at, &asyncio.ServerOptions{DeferServing: true})
	if err != nil {
		return err
	}
	s.Close()
	return s.WaitClosed(ctx)
}

// pauses tells of the times in which accepting rests: of the first, and how many
// they were once somebody was accepted again. They may be many, one a second. It
// belongs to who accepts.
type pauses int

func (p *pauses) begin(err error) {
	if *p++; *p == 1 {
		slog.Warn("accepting rests until a client has gone", "error", err, "tries again after", acceptPause)
	}
}

func (p *pauses) end() {
	if *p > 0 {
		slog.Warn("accepting goes on", "tries in vain", int(*p))
		*p = 0
	}
}

// listen makes a listening socket as package net does it, which has an address for every
// name.
func (s *sockets) listen(ctx context.Context, at endpoint, config *net.ListenConfig) (*asyncio.Socket, error) {
	l, err := config.Listen(ctx, at.network, at.address)
	if err != nil {
		return nil, err
	}
	defer l.Close() // the Socket has the same one open
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
		if !strings.HasPrefix(at.address, "@") {
			s.file = at.address
		}
	}
	socket, err := asyncio.SocketFrom(l)
	if err != nil {
		return nil, err
	}
	s.address = l.Addr()
	s.listening = append(s.listening, socket)
	return socket, nil
}

// accept has a worker accept, and gives the clients to others by turns.
func (s *sockets) accept(w *worker, listening *asyncio.Socket, to []*worker) {
	s.open.Add(1)
	asyncio.RunCoroutineThreadsafe(w.loop, func(ctx context.Context) (struct{}, error) {
		defer s.open.Done()
		var rests pauses
		for next := 0; ; next = (next + 1) % len(to) {
			c, _, err := w.loop.SockAccept(ctx, listening)
			switch {
			case err == nil:
				rests.end()
				s.serve(to[next], c)
			case errors.Is(err, net.ErrClosed):
				return struct{}{}, nil
			default:
				rests.begin(err)
				if asyncio.Sleep(s.stopping, acceptPause) != nil {
					return struct{}{}, nil
				}
			}
		}
	})
}

// serve has a worker serve a client. A Socket is no loop's, so it may be accepted on one
// and served on another.
func (s *sockets) serve(w *worker, c *asyncio.Socket) {
	s.open.Add(1)
	over := sync.OnceFunc(func() {
		_ = c.Close()
		s.open.Done()
	})
	task := asyncio.RunCoroutineThreadsafe(w.loop, func(ctx context.Context) (struct{}, error) {
		defer over()
		w.echoSocket(ctx, c, s.tls)
		return struct{}{}, nil
	})
	if task.Done() && task.Exception() != nil { // the loop has failed
		over()
		slog.Warn("a client could not be taken over", "error", task.Exception())
	}
}

func (s *sockets) addrs() []net.Addr { return []net.Addr{s.address} }

func (s *sockets) stop() { s.once() }

func (s *sockets) close() {
	for _, socket := range s.listening {
		_ = socket.Close()
	}
	if s.file != "" {
		_ = os.Remove(s.file)
	}
}

func (s *sockets) wait(ctx context.Context) error { return waitFor(ctx, &s.open) }

// socketClient is a Socket as something that can be cut off.
type socketClient struct{ *asyncio.Socket }

// Abort implements connection.
func (c socketClient) Abort() { _ = c.Close() }

// socketChunk is how much is read at most at once.
const socketChunk = 16 << 10

// echoSocket is the server in a coroutine per client, by calls on a socket. A connection
// that breaks is the client's affair and no failure.
func (w *worker) echoSocket(ctx context.Context, s *asyncio.Socket, config *tls.Config) {
	var c client
	w.enter(&c, socketClient{s})
	defer w.leave(&c)
	receive := func(p []byte) (int, error) { return w.loop.SockRecvInto(ctx, s, p) }
	send := func(p []byte) error { _, err := w.loop.SockSendAll(ctx, s, p); return err }
	if config != nil {
		conn, err := w.shakeHands(ctx, s, config)
		if err != nil {
			return
		}
		defer conn.Close()
		receive = conn.Read
		send = func(p []byte) error { _, err := conn.Write(p); return err }
	}
	buf := make([]byte, socketChunk)
	for {
		n, err := receive(buf)
		if err != nil {
			return
		}
		w.received(n)
		if send(buf[:n]) != nil {
			return
		}
	}
}
