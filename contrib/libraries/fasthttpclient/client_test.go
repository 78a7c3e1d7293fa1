package fasthttpclient

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/fasthttpserver"
	"github.com/go-asyncio/asyncio/contrib/libraries/internal/stage"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// TestMain starts what fasthttp keeps for good, the goroutine that knows the date, before it
// is counted what is left behind.
func TestMain(m *testing.M) {
	(&fasthttp.ResponseHeader{}).Header()
	testkit.Main(m)
}

// serve starts a fasthttp server on the stage's loop, with options if there are any.
func serve(s *stage.Stage, handler fasthttp.RequestHandler, opts *asyncio.ServerOptions) (address string, end func()) {
	s.Helper()
	running, err := fasthttpserver.Start(s.Ctx, &fasthttp.Server{Handler: handler}, "tcp", "127.0.0.1:0", opts)
	s.Must(err)
	return running.Addrs()[0].String(), func() {
		running.Close()
		running.CloseClients()
		s.Check(running.WaitClosed(s.Ctx))
	}
}

// client makes a client for the address whose goroutine ends soon after the test.
func client(s *stage.Stage, address string) *fasthttp.HostClient {
	return &fasthttp.HostClient{Addr: address, Dial: Dial(s.Loop), MaxIdleConnDuration: 100 * time.Millisecond}
}

// post sends a body in the calling coroutine, or goroutine, and returns the answer.
func post(c *fasthttp.HostClient, body string, timeout time.Duration) (string, error) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI("http://example.test/")
	req.Header.SetMethod("POST")
	req.SetBodyString(body)
	err := c.DoTimeout(req, resp, timeout)
	return string(resp.Body()), err
}

// TestInCoroutines: requests of several coroutines are under way at once, on the loop's
// goroutine, and so is the server that answers none before it has them all.
func TestInCoroutines(t *testing.T) {
	stage.Over(t, "several", func(s *stage.Stage) {
		const requests = 3
		here := 0
		all := asyncio.NewFuture[int](s.Loop)
		address, end := serve(s, func(ctx *fasthttp.RequestCtx) {
			if here++; here == requests {
				s.Check(all.SetResult(here))
			}
			_, err := all.Await(ctx)
			s.Check(err)
			ctx.Write(ctx.PostBody())
		}, nil)
		defer end()
		c := client(s, address)
		defer c.CloseIdleConnections()
		for range 2 { // the second time over connections that are there
			s.Must(asyncio.WithTaskGroup(s.Ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
				for _, body := range []string{"a", "b", "c"} {
					g.Go(func(context.Context) error {
						if text, err := post(c, body, time.Hour); text != body || err != nil {
							s.Errorf("answered %q, %v", text, err)
						}
						return nil
					})
				}
				return nil
			}))
		}
	})
	stage.Over(t, "timeout and cancellation", func(s *stage.Stage) {
		never := asyncio.NewFuture[int](s.Loop)
		address, end := serve(s, func(ctx *fasthttp.RequestCtx) { _, _ = never.Await(ctx) }, nil)
		defer end()
		defer func() { s.Check(never.SetResult(0)) }()
		c := client(s, address)
		defer c.CloseIdleConnections()
		if _, err := post(c, "", 5*time.Millisecond); !errors.Is(err, fasthttp.ErrTimeout) {
			s.Errorf("error %v", err)
		}
		started := asyncio.NewFuture[int](s.Loop)
		task := asyncio.CreateTaskErr(s.Loop, func(context.Context) error {
			s.Check(started.SetResult(1))
			_, err := post(c, "", time.Hour)
			return err
		})
		_, err := started.Await(s.Ctx)
		s.Must(err)
		task.Cancel()
		if _, err := task.Await(s.Ctx); !errors.Is(err, asyncio.ErrCancelled) {
			s.Errorf("the cancelled request ended by %v", err)
		}
	})
	stage.Over(t, "TLS", func(s *stage.Stage) {
		address, end := serve(s, func(ctx *fasthttp.RequestCtx) { ctx.Write(ctx.PostBody()) },
			&asyncio.ServerOptions{TLS: certs.Default().Server()})
		defer end()
		c := client(s, address)
		c.IsTLS, c.TLSConfig = true, certs.Default().Client()
		defer c.CloseIdleConnections()
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(req)
		defer fasthttp.ReleaseResponse(resp)
		req.SetRequestURI("https://" + address + "/")
		req.SetBodyString("secret")
		if err := c.Do(req, resp); err != nil || string(resp.Body()) != "secret" {
			s.Errorf("answered %q, %v", resp.Body(), err)
		}
	})
	stage.Over(t, "by ToThread", func(s *stage.Stage) {
		address, end := serve(s, func(ctx *fasthttp.RequestCtx) { ctx.Write(ctx.PostBody()) }, nil)
		defer end()
		c := client(s, address)
		defer c.CloseIdleConnections()
		text, err := asyncio.ToThread(s.Ctx, func() (string, error) { return post(c, "x", time.Hour) })
		if text != "x" || err != nil {
			s.Errorf("answered %q, %v", text, err)
		}
	})
}

// outside starts a server that is none of the loop's, so that its answers come while that
// stands still: once they are released.
func outside(s *stage.Stage, released <-chan struct{}) (address string, end func()) {
	s.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	s.Must(err)
	served := make(chan error)
	server := &fasthttp.Server{
		Handler:               func(*fasthttp.RequestCtx) { <-released },
		MaxIdleWorkerDuration: 100 * time.Millisecond, // its goroutines end soon after the test
	}
	go func() { served <- server.Serve(listener) }()
	return listener.Addr().String(), func() {
		s.Check(listener.Close())
		s.Check(<-served)
	}
}

// dialOutside connects on whatever goroutine asks for it.
func dialOutside(address string) (net.Conn, error) { return net.Dial("tcp", address) }

// TestWhatHoldsTheLoop: what waits on channels, here for connections that are on goroutines
// themselves. Over a connection of the loop it would wait for ever.
func TestWhatHoldsTheLoop(t *testing.T) {
	stage.Over(t, "MaxConnWaitTimeout", func(s *stage.Stage) {
		released := make(chan struct{})
		address, end := outside(s, released)
		defer end()
		c := client(s, address)
		defer c.CloseIdleConnections()
		c.MaxConns, c.MaxConnWaitTimeout, c.Dial = 1, time.Hour, dialOutside
		first := make(chan error)
		go func() {
			_, err := post(c, "", time.Hour)
			first <- err
		}()
		s.Until("the connection is in use", func() bool { return c.ConnsCount() == 1 })
		s.Holds(func() {
			_, err := post(c, "", time.Hour)
			s.Check(err)
		}, func() { close(released) }, "AcquireConn", "ToThread")
		s.Check(<-first)
	})
	stage.Over(t, "GetTimeout", func(s *stage.Stage) {
		released := make(chan struct{})
		address, end := outside(s, released)
		defer end()
		c := client(s, address)
		defer c.CloseIdleConnections()
		c.Dial = dialOutside
		s.Holds(func() {
			_, _, err := c.GetTimeout(nil, "http://"+address+"/", time.Hour)
			s.Check(err)
		}, func() { close(released) }, "GetTimeout", "ToThread")
	})
	stage.Over(t, "PipelineClient", func(s *stage.Stage) {
		released := make(chan struct{})
		address, end := outside(s, released)
		defer end()
		c := &fasthttp.PipelineClient{Addr: address, Dial: dialOutside, MaxIdleConnDuration: 100 * time.Millisecond}
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(req)
		defer fasthttp.ReleaseResponse(resp)
		req.SetRequestURI("http://example.test/")
		s.Holds(func() { s.Check(c.DoTimeout(req, resp, time.Hour)) }, func() { close(released) }, "pipelineConnClient", "ToThread")
	})
}
