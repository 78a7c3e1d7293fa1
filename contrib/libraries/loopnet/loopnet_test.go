package loopnet_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/internal/stage"
	"github.com/go-asyncio/asyncio/contrib/libraries/loopnet"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
	"github.com/go-asyncio/asyncio/streams"
)

// TestMain fails if anything is left behind.
func TestMain(m *testing.M) { testkit.Main(m) }

// over is what speaks crypto/tls over a connection of the loop, to a server that sends
// everything back by the loop's own TLS.
func over(s *stage.Stage, speak func(c *tls.Conn) error) {
	s.Helper()
	server, err := streams.StartServer(s.Ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		c := streams.Conn(ctx, r, w)
		defer c.Close()
		_, err := io.Copy(c, c)
		return err
	}, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{TLS: certs.Default().Server()})
	s.Must(err)
	defer func() {
		server.Close()
		s.Check(server.WaitClosed(s.Ctx))
	}()
	conn, err := loopnet.Dial(s.Ctx, s.Loop, "tcp", server.Addrs()[0].String())
	s.Must(err)
	config := certs.Default().Client()
	config.ServerName = "localhost"
	c := tls.Client(conn, config)
	s.Check(speak(c))
	s.Check(c.Close())
}

// say has JSON go there and back.
func say(c net.Conn) error {
	if err := json.NewEncoder(c).Encode("hello"); err != nil {
		return err
	}
	var text string
	err := json.NewDecoder(c).Decode(&text)
	if err == nil && text != "hello" {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// TestCryptoTLS: crypto/tls, and what only reads and writes, in a coroutine and by ToThread;
// after the handshake another coroutine may write while one reads.
func TestCryptoTLS(t *testing.T) {
	stage.Over(t, "in a coroutine", func(s *stage.Stage) {
		over(s, func(c *tls.Conn) error { return say(c) })
	})
	stage.Over(t, "by ToThread", func(s *stage.Stage) {
		over(s, func(c *tls.Conn) error { return asyncio.ToThreadErr(s.Ctx, func() error { return say(c) }) })
	})
	stage.Over(t, "in two coroutines", func(s *stage.Stage) {
		over(s, func(c *tls.Conn) error {
			if err := c.HandshakeContext(context.Background()); err != nil {
				return err
			}
			data := make([]byte, 1<<20)
			writes := asyncio.GoErr(s.Ctx, func(context.Context) error {
				_, err := c.Write(data)
				return err
			})
			if _, err := io.ReadFull(c, data); err != nil {
				return err
			}
			_, err := writes.Await(s.Ctx)
			return err
		})
	})
}

// TestTransportHoldsTheLoop: http.Transport waits on channels for goroutines of its own.
func TestTransportHoldsTheLoop(t *testing.T) {
	stage.Over(t, "http.Transport", func(s *stage.Stage) {
		released := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
		defer server.Close()
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport}
		s.Holds(func() {
			resp, err := client.Get(server.URL)
			s.Check(err)
			if err == nil {
				s.Check(resp.Body.Close())
			}
		}, func() { close(released) }, "net/http", "ToThread")
	})
}
