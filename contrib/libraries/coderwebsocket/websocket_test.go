package coderwebsocket

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"

	"github.com/coder/websocket"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/internal/stage"
	"github.com/go-asyncio/asyncio/contrib/libraries/loopnet"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/nethttp"
)

// TestMain fails if anything is left behind.
func TestMain(m *testing.M) { testkit.Main(m) }

// echo serves a client on a goroutine.
func echo(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it was answered
	}
	defer c.CloseNow()
	for {
		kind, data, err := c.Read(r.Context())
		if err != nil {
			return
		}
		if c.Write(r.Context(), kind, data) != nil {
			return
		}
	}
}

// talk says something to the server, and goodbye.
func talk(ctx context.Context, loop asyncio.EventLoop, url string) (string, error) {
	c, err := Dial(ctx, loop, url)
	if err != nil {
		return "", err
	}
	if err := c.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
		return "", errors.Join(err, c.CloseNow())
	}
	_, data, err := c.Read(ctx)
	return string(data), errors.Join(err, c.Close(websocket.StatusNormalClosure, ""))
}

// TestByToThread: clients and the server work on goroutines, over connections of the loop.
func TestByToThread(t *testing.T) {
	stage.Over(t, "echo", func(s *stage.Stage) {
		listener, err := nethttp.Listen(s.Ctx, "tcp", "127.0.0.1:0", nil)
		s.Must(err)
		server := &http.Server{Handler: http.HandlerFunc(echo)}
		serving := make(chan error, 1)
		go func() { serving <- server.Serve(listener) }()
		client := func(ctx context.Context) (string, error) {
			return asyncio.ToThread(ctx, func() (string, error) {
				return talk(ctx, s.Loop, "ws://"+listener.Addr().String())
			})
		}
		said, err := asyncio.Gather(s.Ctx, client, client, client)
		s.Check(err)
		for _, text := range said {
			if text != "hello" {
				s.Errorf("heard %q", said)
			}
		}
		s.Check(asyncio.ToThreadErr(s.Ctx, func() error {
			err := server.Shutdown(context.Background())
			if e := <-serving; !errors.Is(e, http.ErrServerClosed) {
				err = errors.Join(err, e)
			}
			return err
		}))
		s.Check(listener.Server().WaitClosed(s.Ctx))
	})
}

// TestWhatHoldsTheLoop: Dial waits on a channel for a goroutine that needs the loop, until its
// context ends.
func TestWhatHoldsTheLoop(t *testing.T) {
	stage.Over(t, "Dial", func(s *stage.Stage) {
		listener, err := nethttp.Listen(s.Ctx, "tcp", "127.0.0.1:0", nil)
		s.Must(err)
		dialled := make(chan struct{})
		transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			defer close(dialled)
			return loopnet.Dial(ctx, s.Loop, network, address)
		}}
		ctx, cancel := context.WithCancel(context.Background())
		s.Holds(func() {
			_, _, err := websocket.Dial(ctx, "ws://"+listener.Addr().String(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
			if !errors.Is(err, context.Canceled) {
				s.Errorf("Dial: %v", err)
			}
		}, cancel, "coder/websocket", "ToThread")
		s.Check(asyncio.ToThreadErr(s.Ctx, func() error {
			<-dialled
			return listener.Close()
		}))
		s.Check(listener.Server().WaitClosed(s.Ctx))
	})
}
