package streams

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

type contextKey string

// TestServerContext: a handler has the values of the context with which its server was
// made, and what it adds is its own.
func TestServerContext(t *testing.T) {
	t.Parallel()
	const key = contextKey("key")
	overLoops(t, "base.721.server-context-captured", func(s *stage) {
		for _, secure := range []bool{false, true} {
			var forServer, forClient *tls.Config
			if secure {
				forServer, forClient = certs.Default().Server(), certs.Default().Client()
			}
			made, cancel := context.WithCancel(context.WithValue(s.ctx, key, "when made"))
			var seen any
			var over error
			server, err := StartServer(made, func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
				seen, over = ctx.Value(key), ctx.Err()
				return w.Close()
			}, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{TLS: forServer})
			s.must(err)
			cancel() // which ends no handler
			made = context.WithValue(made, key, "set after")
			r, w, err := OpenConnection(s.ctx, "tcp", server.Addrs()[0].String(), &asyncio.ConnectionOptions{TLS: forClient})
			s.must(err)
			s.want("")(r.ReadAll(s.ctx))
			if seen != "when made" || over != nil || made.Value(key) != "set after" {
				s.Errorf("the handler saw %v, %v", seen, over)
			}
			s.finish(server, w)
		}
	})
	overLoops(t, "base.722.server-context-per-connection", func(s *stage) {
		const clients = 100
		made := context.WithValue(s.ctx, key, "server")
		together := asyncio.NewFuture[struct{}](s.loop)
		in, wrong := 0, 0
		server, err := StartServer(made, func(ctx context.Context, r *StreamReader, w *StreamWriter) error {
			if ctx.Value(key) != "server" {
				wrong++
			}
			in++
			mine := in
			ctx = context.WithValue(ctx, key, mine)
			if in == clients {
				_ = together.SetResult(struct{}{})
			} else if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			if ctx.Value(key) != mine {
				wrong++
			}
			return w.Close()
		}, "tcp", "127.0.0.1:0", nil)
		s.must(err)
		var ws []*StreamWriter
		for range clients {
			_, w := s.open(server.Addrs()[0].String())
			ws = append(ws, w)
		}
		_, err = together.Await(s.ctx)
		s.check(err)
		if wrong > 0 || made.Value(key) != "server" {
			s.Errorf("%d saw what was not theirs", wrong)
		}
		s.finish(server, ws...)
	})
}

// TestRefusedSockets: a call that is refused here closes the socket that it was given.
func TestRefusedSockets(t *testing.T) {
	t.Parallel()
	overLoops(t, "closed", func(s *stage) {
		s.needs("sockets of package net")
		calls := map[string]func(fd uintptr) error{
			"OpenConnection without a limit": func(fd uintptr) error {
				_, _, err := OpenConnection(s.ctx, "", "", &asyncio.ConnectionOptions{Sock: fd}, WithLimit(0))
				return err
			},
			"StartServer without a limit": func(fd uintptr) error {
				_, err := StartServer(s.ctx, echo, "", "", &asyncio.ServerOptions{Sock: fd}, WithLimit(0))
				return err
			},
			"StartServer without a handler": func(fd uintptr) error {
				var none func(context.Context, *StreamReader, *StreamWriter)
				_, err := StartServer(s.ctx, none, "", "", &asyncio.ServerOptions{Sock: fd})
				return err
			},
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		s.must(err)
		defer listener.Close()
		for name, call := range calls {
			c, err := net.Dial("tcp", listener.Addr().String())
			s.must(err)
			peer, err := listener.Accept()
			s.must(err)
			fd, err := sock.FromConn(c)
			s.must(errors.Join(err, c.Close()))
			s.wantError(call(fd), asyncio.ErrInvalidArgument)
			s.check(peer.SetReadDeadline(time.Now().Add(10 * time.Second)))
			if _, err := peer.Read(make([]byte, 1)); err != io.EOF {
				s.Errorf("%s: the peer reads %v", name, err)
			}
			s.check(peer.Close())
		}
	})
}
