package gorillawebsocket

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/internal/stage"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/streams"
)

// TestMain fails if anything is left behind.
func TestMain(m *testing.M) { testkit.Main(m) }

// serve has handler serve each client; end waits until the last one has gone.
func serve(s *stage.Stage, handler func(ctx context.Context, c *websocket.Conn, w *streams.StreamWriter) error) (url string, end func()) {
	s.Helper()
	upgrader := &websocket.Upgrader{}
	server, err := streams.StartServer(s.Ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		defer w.Close()
		c, _, err := Accept(ctx, upgrader, r, w)
		if err != nil {
			return nil // it was answered
		}
		return handler(ctx, c, w)
	}, "tcp", "127.0.0.1:0", nil)
	s.Must(err)
	return "ws://" + server.Addrs()[0].String(), func() {
		server.Close()
		s.Check(server.WaitClosed(s.Ctx))
	}
}

// dial connects to the server.
func dial(s *stage.Stage, url string) *websocket.Conn {
	s.Helper()
	c, _, err := Dial(s.Ctx, s.Loop, url, nil)
	s.Must(err)
	return c
}

// goodbye ends a connection as a client does, and waits for the answer.
func goodbye(s *stage.Stage, c *websocket.Conn) {
	s.Helper()
	s.Check(c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Time{}))
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		s.Errorf("the connection ended by %v", err)
	}
	s.Check(c.Close())
}

// TestOneCoroutine: a coroutine on each side reads and writes in turn.
func TestOneCoroutine(t *testing.T) {
	stage.Over(t, "echo", func(s *stage.Stage) {
		url, end := serve(s, func(_ context.Context, c *websocket.Conn, _ *streams.StreamWriter) error {
			for {
				kind, data, err := c.ReadMessage()
				if err != nil {
					return nil
				}
				if err := c.WriteMessage(kind, data); err != nil {
					return err
				}
			}
		})
		defer end()
		s.Must(asyncio.WithTaskGroup(s.Ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			for _, text := range []string{"one", "two", strings.Repeat("three", 100000)} {
				g.Go(func(context.Context) error {
					c := dial(s, url)
					defer goodbye(s, c)
					pongs := 0
					c.SetPongHandler(func(string) error { pongs++; return nil })
					s.Check(c.WriteControl(websocket.PingMessage, nil, time.Time{}))
					s.Check(c.WriteMessage(websocket.TextMessage, []byte(text)))
					if _, data, err := c.ReadMessage(); string(data) != text || err != nil || pongs != 1 {
						s.Errorf("%d bytes of %d, %d pongs, %v", len(data), len(text), pongs, err)
					}
					return nil
				})
			}
			return nil
		}))
	})
	stage.Over(t, "by ToThread", func(s *stage.Stage) {
		url, end := serve(s, func(_ context.Context, c *websocket.Conn, _ *streams.StreamWriter) error {
			kind, data, err := c.ReadMessage()
			if err == nil {
				err = c.WriteMessage(kind, data)
			}
			return err
		})
		defer end()
		text, err := asyncio.ToThread(s.Ctx, func() (string, error) {
			c, _, err := Dial(s.Ctx, s.Loop, url, nil)
			if err != nil {
				return "", err
			}
			defer c.Close()
			if err := c.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
				return "", err
			}
			_, data, err := c.ReadMessage()
			return string(data), err
		})
		if text != "hello" || err != nil {
			s.Errorf("heard %q, %v", text, err)
		}
	})
	stage.Over(t, "refused", func(s *stage.Stage) {
		url, end := serve(s, nil)
		defer end()
		b := s.Browse(strings.TrimPrefix(url, "ws://"))
		defer b.Close()
		if status, _, text := b.Post("/", ""); status != 400 || text != "Bad Request\n" {
			s.Errorf("answered %d, %q", status, text)
		}
	})
	stage.Over(t, "cancelled", func(s *stage.Stage) {
		url, end := serve(s, func(_ context.Context, c *websocket.Conn, _ *streams.StreamWriter) error {
			_, _, _ = c.ReadMessage()
			return nil
		})
		defer end()
		c := dial(s, url)
		task := asyncio.CreateTaskErr(s.Loop, func(context.Context) error {
			_, _, err := c.ReadMessage()
			return err
		})
		s.Must(asyncio.Yield(s.Ctx))
		task.Cancel()
		if _, err := task.Await(s.Ctx); !errors.Is(err, asyncio.ErrCancelled) {
			s.Errorf("the read ended by %v", err)
		}
		s.Check(c.Close())
	})
}

// flood has a coroutine of the server write until the peer, which does not read, holds it up.
func flood(s *stage.Stage, w *streams.StreamWriter, write func() error) (writer *asyncio.Task[struct{}]) {
	writer = asyncio.CreateTaskErr(s.Loop, func(context.Context) error {
		for {
			if err := write(); err != nil {
				return nil // the test is over
			}
		}
	})
	_, high := w.Transport().GetWriteBufferLimits()
	s.Until("the writer waits for the peer", func() bool { return w.Transport().GetWriteBufferSize() > high })
	return writer
}

// TestTwoCoroutines: while one waits for its peer to read, in a write, another one cannot
// write: that holds the loop. A Peer's never does.
func TestTwoCoroutines(t *testing.T) {
	piece := bytes.Repeat([]byte("x"), 1<<20)
	stage.Over(t, "a write beside a write holds the loop", func(s *stage.Stage) {
		url, end := serve(s, func(ctx context.Context, c *websocket.Conn, w *streams.StreamWriter) error {
			writer := flood(s, w, func() error { return c.WriteMessage(websocket.BinaryMessage, piece) })
			turned := false
			_, err := s.Loop.CallSoon(func() { turned = true })
			s.Check(err)
			// It is what the answer to a ping does, with a second in place of this.
			err = c.WriteControl(websocket.PongMessage, nil, time.Now().Add(10*time.Millisecond))
			if e := net.Error(nil); !errors.As(err, &e) || !e.Timeout() || turned {
				s.Errorf("the answer ended by %v; the loop has turned: %v", err, turned)
			}
			w.Transport().Abort()
			_, err = writer.Await(ctx)
			return err
		})
		defer end()
		c := dial(s, url)
		s.Until("the server has given up", func() bool {
			_, _, err := c.NextReader()
			return err != nil
		})
		s.Check(c.Close())
	})
	stage.Over(t, "Peer", func(s *stage.Stage) {
		url, end := serve(s, func(ctx context.Context, c *websocket.Conn, w *streams.StreamWriter) error {
			p, err := NewPeer(c, 10)
			if err != nil {
				return err
			}
			writer := asyncio.GoErr(ctx, p.Run)
			flooding := flood(s, w, func() error { return p.Send(ctx, websocket.BinaryMessage, piece) })
			_, _, err = p.Receive() // it answers a ping, and ends with the connection
			if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				s.Errorf("the connection ended by %v", err)
			}
			p.End()
			_, _ = writer.Await(ctx) // what it could not send any more
			_, err = flooding.Await(ctx)
			return err
		})
		defer end()
		c := dial(s, url)
		ponged := false
		c.SetPongHandler(func(string) error { ponged = true; return nil })
		s.Check(c.WriteControl(websocket.PingMessage, nil, time.Time{}))
		s.Until("the pong comes, between the messages", func() bool {
			_, _, err := c.ReadMessage()
			s.Must(err)
			return ponged
		})
		s.Check(c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Time{}))
		var err error
		for err == nil {
			_, _, err = c.ReadMessage()
		}
		if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			s.Errorf("the server ended by %v", err)
		}
		s.Check(c.Close())
	})
}
