package fasthttpserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/internal/stage"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestMain starts what fasthttp keeps for good, the goroutines that compress and the one that
// knows the date, before it is counted what is left behind.
func TestMain(m *testing.M) {
	fasthttp.AppendGzipBytes(nil, []byte("x"))
	(&fasthttp.ResponseHeader{}).Header()
	testkit.Main(m)
}

// serve starts a server; end waits until it and its connections have gone.
func serve(s *stage.Stage, server *fasthttp.Server) (address string, end func()) {
	s.Helper()
	running, err := Start(s.Ctx, server, "tcp", "127.0.0.1:0", nil)
	s.Must(err)
	return running.Addrs()[0].String(), func() {
		running.Close()
		running.CloseClients()
		s.Check(running.WaitClosed(s.Ctx))
	}
}

// TestHandlersAreCoroutines: three handlers wait for each other on the loop, and share a
// number without a lock.
func TestHandlersAreCoroutines(t *testing.T) {
	stage.Over(t, "handlers", func(s *stage.Stage) {
		const clients = 3
		here := 0
		all := asyncio.NewFuture[int](s.Loop)
		address, end := serve(s, &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
			if loop, err := asyncio.GetRunningLoop(); err != nil || loop != s.Loop {
				s.Errorf("the handler runs on %v, %v", loop, err)
			}
			if here++; here == clients {
				s.Check(all.SetResult(here))
			}
			n, err := all.Await(ctx)
			fmt.Fprint(ctx, n, err, string(ctx.PostBody()))
		}})
		defer end()
		s.Must(asyncio.WithTaskGroup(s.Ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			for i := range clients {
				g.Go(func(context.Context) error {
					b := s.Browse(address)
					defer b.Close()
					body := fmt.Sprint("body ", i)
					if _, _, text := b.Post("/", body); text != "3 <nil>"+body {
						s.Errorf("answered %q", text)
					}
					return nil
				})
			}
			return nil
		}))
	})
}

// TestKeepAlive: several requests on a connection, small and large ones, and an idle
// connection at the end that the server closes.
func TestKeepAlive(t *testing.T) {
	stage.Over(t, "bodies", func(s *stage.Stage) {
		address, end := serve(s, &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
			ctx.SetBodyStream(strings.NewReader(string(ctx.PostBody())), -1)
		}})
		b := s.Browse(address)
		for _, n := range []int{0, 1, 1 << 20, 5} {
			body := strings.Repeat("b", n)
			if _, _, text := b.Post("/", body); text != body {
				s.Errorf("%d bytes of %d", len(text), n)
			}
		}
		end()
		b.Close()
	})
	stage.Over(t, "idle timeout", func(s *stage.Stage) {
		address, end := serve(s, &fasthttp.Server{IdleTimeout: time.Millisecond, Handler: func(*fasthttp.RequestCtx) {}})
		defer end()
		b := s.Browse(address)
		defer b.Close()
		b.Post("/", "")
		s.Ended(b)
	})
	stage.Over(t, "compressed", func(s *stage.Stage) {
		address, end := serve(s, &fasthttp.Server{Handler: fasthttp.CompressHandler(func(ctx *fasthttp.RequestCtx) {
			ctx.WriteString(strings.Repeat("z", 10000))
		})})
		defer end()
		b := s.Browse(address)
		defer b.Close()
		b.Accept = "gzip"
		if _, header, text := b.Post("/", ""); header.Get("Content-Encoding") != "gzip" || len(text) > 1000 {
			s.Errorf("%d bytes, %v", len(text), header)
		}
	})
}

// TestCancellation: a handler's task that is cancelled ends its wait and its connection.
func TestCancellation(t *testing.T) {
	stage.Over(t, "cancelled", func(s *stage.Stage) {
		got := asyncio.NewFuture[error](s.Loop)
		address, end := serve(s, &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
			asyncio.CurrentTask().Cancel()
			s.Check(got.SetResult(asyncio.Sleep(ctx, time.Hour)))
			asyncio.CurrentTask().Cancel()
		}})
		defer end()
		b := s.Browse(address)
		defer b.Close()
		b.Post("/", "")
		err, _ := got.Await(s.Ctx)
		if err == nil || !strings.Contains(err.Error(), "cancel") {
			s.Errorf("the wait ended by %v", err)
		}
		s.Ended(b)
	})
}

// TestHandler: handlers of net/http run in coroutines.
func TestHandler(t *testing.T) {
	stage.Over(t, "net/http", func(s *stage.Stage) {
		mux := http.NewServeMux()
		mux.HandleFunc("POST /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
			if _, err := asyncio.GetRunningLoop(); err != nil {
				s.Error(err)
			}
			s.Check(asyncio.Sleep(r.Context(), 0))
			body, err := io.ReadAll(r.Body)
			s.Check(err)
			w.Header().Add("X-Two", "one")
			w.Header().Add("X-Two", "two")
			w.WriteHeader(http.StatusCreated)
			w.WriteHeader(http.StatusTeapot) // it is settled
			fmt.Fprintf(w, "%s %s", r.PathValue("name"), body)
		})
		mux.HandleFunc("/json", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, "{}")
		})
		mux.HandleFunc("/empty", func(http.ResponseWriter, *http.Request) {})
		address, end := serve(s, &fasthttp.Server{Handler: Handler(mux)})
		defer end()
		b := s.Browse(address)
		defer b.Close()
		status, header, text := b.Post("/hello/you", "there")
		if status != 201 || text != "you there" || len(header["X-Two"]) != 2 {
			s.Errorf("%d %v %q", status, header, text)
		}
		if _, header, text := b.Post("/json", ""); header.Get("Content-Type") != "application/json" || text != "{}" {
			s.Errorf("%v %q", header, text)
		}
		if status, _, text := b.Post("/empty", ""); status != 200 || text != "" {
			s.Errorf("%d %q", status, text)
		}
		if status, _, _ := b.Post("/nowhere", ""); status != 404 {
			s.Errorf("status %d", status)
		}
	})
}

// TestHijack: a hijacked connection goes on, on a goroutine of fasthttp's.
func TestHijack(t *testing.T) {
	stage.Over(t, "hijacked", func(s *stage.Stage) {
		address, end := serve(s, &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
			ctx.Hijack(func(c net.Conn) {
				if _, err := asyncio.GetRunningLoop(); err == nil {
					s.Error("a hijack handler runs on the loop")
				}
				_, err := io.Copy(c, io.LimitReader(c, 4))
				s.Check(err)
			})
		}})
		defer end()
		b := s.Browse(address)
		defer b.Close()
		b.Post("/", "")
		if text := s.Echo(b, "ping"); text != "ping" {
			s.Errorf("echoed %q", text)
		}
		s.Ended(b)
	})
}

// TestWhatHoldsTheLoop: what waits on a channel for another goroutine in a coroutine holds
// the loop until that goroutine is done, and is reported.
func TestWhatHoldsTheLoop(t *testing.T) {
	for name, wrap := range map[string]func(handler func()) fasthttp.RequestHandler{
		"fasthttpadaptor": func(handler func()) fasthttp.RequestHandler {
			return fasthttpadaptor.NewFastHTTPHandlerFunc(func(http.ResponseWriter, *http.Request) { handler() })
		},
		"TimeoutHandler": func(handler func()) fasthttp.RequestHandler {
			return fasthttp.TimeoutHandler(func(*fasthttp.RequestCtx) { handler() }, time.Hour, "too late")
		},
	} {
		stage.Over(t, name, func(s *stage.Stage) {
			released := make(chan struct{})
			wrapped := wrap(func() {
				if _, err := asyncio.GetRunningLoop(); err == nil {
					s.Error("the handler runs on the loop")
				}
				<-released
			})
			address, end := serve(s, &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
				s.Holds(func() { wrapped(ctx) }, func() { close(released) }, "fasthttp", "ToThread")
			}})
			defer end()
			b := s.Browse(address)
			defer b.Close()
			b.Post("/", "")
		})
	}
}
