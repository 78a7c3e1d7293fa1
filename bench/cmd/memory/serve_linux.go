package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/bench/internal/serve"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
	"github.com/go-asyncio/asyncio/streams"
)

// server is an echo server: it says where it listens, once, and goes on for ever.
type server struct {
	name string
	run  func(listening func(string)) error
}

var servers = []server{
	{"asyncio-epoll", overLoop(epoll, callbacks)},
	{"asyncio-uring", overLoop(uring, callbacks)},
	{"asyncio-streams-epoll", overLoop(epoll, coroutines)},
	{"asyncio-streams-uring", overLoop(uring, coroutines)},
	{"gonet", overNet},
	{"gnet", overGnet},
}

// allNames are the names of the servers.
func allNames() (all []string) {
	for _, s := range servers {
		all = append(all, s.name)
	}
	return all
}

// beServer is the program of a server's process.
func beServer(name string) error {
	out := json.NewEncoder(os.NewFile(3, "answers")) // gnet logs to standard output
	for _, s := range servers {
		if s.name != name {
			continue
		}
		failed := make(chan error, 1)
		ready := make(chan string, 1)
		go func() { failed <- s.run(func(address string) { ready <- address }) }()
		select {
		case err := <-failed:
			return err
		case address := <-ready:
			if err := out.Encode(address); err != nil {
				return err
			}
		}
		return obey(out.Encode)
	}
	return fmt.Errorf("there is no server %q", name)
}

func epoll() (asyncio.EventLoop, error) {
	s, err := selectors.NewEpollSelector()
	if err != nil {
		return nil, err
	}
	return asyncio.NewSelectorEventLoop(s)
}

func uring() (asyncio.EventLoop, error) {
	p, err := proactors.NewIOUringProactor()
	if err != nil {
		return nil, err
	}
	return asyncio.NewProactorEventLoop(p)
}

// overLoop runs a server of a loop's.
func overLoop(loop func() (asyncio.EventLoop, error), open func(context.Context) (*asyncio.Server, error)) func(func(string)) error {
	return func(listening func(string)) error {
		_, err := asyncio.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
			s, err := open(ctx)
			if err != nil {
				return struct{}{}, err
			}
			listening(s.Addrs()[0].String())
			return struct{}{}, s.ServeForever(ctx)
		}, asyncio.WithLoopFactory(loop))
		return err
	}
}

// echo is the server in callbacks: it receives no more while it has too much to send.
type echo struct {
	asyncio.BaseProtocol
	t asyncio.Transport
}

func (e *echo) ConnectionMade(t asyncio.Transport) { e.t = t }
func (e *echo) DataReceived(p []byte)              { _, _ = e.t.Write(p) } // of an error ConnectionLost tells
func (e *echo) PauseWriting()                      { _ = e.t.PauseReading() }
func (e *echo) ResumeWriting()                     { _ = e.t.ResumeReading() }

func callbacks(ctx context.Context) (*asyncio.Server, error) {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return nil, err
	}
	l, err := listen()
	if err != nil {
		return nil, err
	}
	defer l.Close() // the server has a duplicate
	return loop.CreateServer(ctx, func() asyncio.Protocol { return &echo{} }, "", "", &asyncio.ServerOptions{Listener: l})
}

// sendBuffer is how much the system keeps for a connection of what is to be sent: little, so
// that the rest of a burst is the server's.
const sendBuffer = 64 << 10

// listen listens; the connections that are accepted have the buffer.
func listen() (net.Listener, error) {
	c := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		controlled := raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
		})
		return errors.Join(controlled, err)
	}}
	return c.Listen(context.Background(), "tcp", "127.0.0.1:0")
}

// bufferSize is what a goroutine of gonet reads into.
const bufferSize = 4 << 10

// coroutines is the server in a coroutine for each connection.
func coroutines(ctx context.Context) (*asyncio.Server, error) {
	l, err := listen()
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		defer func() { _ = w.Close() }()
		for {
			p, err := r.Next(ctx) // no memory of its own while nothing comes
			if err != nil {
				return nil // the peer's affair
			}
			if _, err := w.Write(p); err != nil {
				return nil
			}
			if err := w.Drain(ctx); err != nil {
				return nil
			}
		}
	}, "", "", &asyncio.ServerOptions{Listener: l})
}

// overNet is the server over package net, a goroutine for each connection.
func overNet(listening func(string)) error {
	l, err := listen()
	if err != nil {
		return err
	}
	listening(l.Addr().String())
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			buf := make([]byte, bufferSize)
			for {
				n, err := c.Read(buf)
				if err != nil {
					return
				}
				if _, err := c.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// gnetEcho is the server over gnet. It does not hold back who does not read: gnet has no call
// for that.
type gnetEcho struct {
	gnet.BuiltinEventEngine
	listening func(string)
}

// OnBoot learns the port from the listener: gnet does not tell it.
func (e *gnetEcho) OnBoot(engine gnet.Engine) gnet.Action {
	fd, err := engine.Dup()
	check(err)
	address, err := unix.Getsockname(fd)
	check(err)
	check(unix.Close(fd))
	e.listening(serve.TCPAddr(address).String())
	return gnet.None
}

// OnTraffic echoes.
func (*gnetEcho) OnTraffic(c gnet.Conn) gnet.Action {
	p, err := c.Next(-1)
	if err == nil {
		_, err = c.Write(p)
	}
	if err != nil {
		return gnet.Close
	}
	return gnet.None
}

func overGnet(listening func(string)) error {
	return gnet.Run(&gnetEcho{listening: listening}, "tcp://127.0.0.1:0",
		gnet.WithMulticore(false), gnet.WithNumEventLoop(1), gnet.WithTCPNoDelay(gnet.TCPNoDelay), gnet.WithSocketSendBuffer(sendBuffer))
}
