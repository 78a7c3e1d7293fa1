package nethttp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/nethttp"
)

// listen listens on the loopback interface.
func (s *stage) listen(opts *asyncio.ServerOptions) *nethttp.Listener {
	s.Helper()
	l, err := nethttp.Listen(context.Background(), "tcp", "127.0.0.1:0", opts, nethttp.WithLoop(s.Loop))
	s.Must(err)
	return l
}

// TestListener has net/http's own server, and its own client, on either side of a loop.
func TestListener(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, r.Proto, " ", n, " ", err)
	})
	for name, start := range map[string]func(s *httptest.Server){
		"HTTP/1.1": (*httptest.Server).Start,
		"HTTP/2.0": func(s *httptest.Server) {
			s.EnableHTTP2 = true
			s.StartTLS()
		},
	} {
		bare(t, name, func(s *stage) {
			s.runLoop()
			server := httptest.NewUnstartedServer(handler)
			s.Check(server.Listener.Close())
			server.Listener = s.listen(nil)
			start(server)
			defer server.Close()
			for range 3 {
				s.says(name + " 100000 <nil>")(text(server.Client().Post(server.URL, "", strings.NewReader(strings.Repeat("x", 100_000)))))
			}
		})
	}
	bare(t, "shutdown", func(s *stage) {
		s.runLoop()
		server := &http.Server{Handler: handler}
		l := s.listen(nil)
		served := make(chan error)
		go func() { served <- server.Serve(l) }()
		client := &http.Client{Transport: &http.Transport{}}
		s.says("HTTP/1.1 0 <nil>")(text(client.Get("http://" + l.Addr().String())))
		s.Check(server.Shutdown(context.Background()))
		s.Fails(<-served, http.ErrServerClosed)
		s.Check(l.Server().WaitClosed(context.Background()))
		client.CloseIdleConnections()
	})
	bare(t, "close-ends-accept", func(s *stage) {
		s.runLoop()
		l := s.listen(nil)
		ended := make(chan error)
		for range 2 {
			go func() {
				_, err := l.Accept()
				ended <- err
			}()
		}
		s.Check(l.Close())
		for range 2 {
			s.Fails(<-ended, net.ErrClosed)
		}
		s.Fails(l.Close(), net.ErrClosed)
	})
	bare(t, "loop-close-ends-accept", func(s *stage) {
		var l *nethttp.Listener
		s.run(func() { l = s.listen(nil) })
		ended := make(chan error)
		go func() {
			_, err := l.Accept()
			ended <- err
		}()
		s.Check(s.Loop.Close())
		s.Fails(<-ended, asyncio.ErrLoopClosed)
	})
	overLoops(t, "cancelled-accept", func(s *stage) {
		l := s.listen(nil)
		task := s.Start(func(context.Context) error {
			_, err := l.Accept()
			return err
		})
		s.Passes(2)
		task.Cancel()
		s.Fails(s.ended(task), asyncio.ErrCancelled)
		s.Check(l.Close())
	})
	overLoops(t, "too-many-wait", func(s *stage) {
		l := s.listen(&asyncio.ServerOptions{Backlog: 1})
		first, err := net.Dial("tcp", l.Addr().String())
		s.Must(err)
		defer first.Close()
		c, err := l.Accept()
		s.Must(err)
		s.Check(c.Close())
		for range 2 { // one waits, the other is refused
			another, err := net.Dial("tcp", l.Addr().String())
			s.Must(err)
			defer another.Close()
			first = another
		}
		s.elsewhere(func() {
			if _, err := first.Read(make([]byte, 1)); err == nil {
				s.Error("the connection that was refused has data")
			}
		})
		c, err = l.Accept()
		s.Must(err)
		s.Check(errors.Join(c.Close(), l.Close()))
	})
	overLoops(t, "nobody-accepts", func(s *stage) {
		l := s.listen(nil)
		c, err := net.Dial("tcp", l.Addr().String())
		s.Must(err)
		defer c.Close()
		s.Passes(10)
		s.Check(l.Close())
		s.Check(l.Server().WaitClosed(s.Ctx))
	})
	overLoops(t, "tls-is-refused", func(s *stage) {
		_, err := nethttp.Listen(s.Ctx, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{TLS: &tls.Config{}})
		s.Fails(err, asyncio.ErrInvalidArgument)
	})
	t.Run("no-loop", func(t *testing.T) {
		t.Parallel()
		if _, err := nethttp.Listen(context.Background(), "tcp", "127.0.0.1:0", nil); !errors.Is(err, asyncio.ErrNoRunningLoop) {
			t.Errorf("error %v", err)
		}
	})
}
