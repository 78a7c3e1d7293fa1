package nethttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/nethttp"
)

// serve serves on the loopback interface until the test ends.
func (s *stage) serve(h http.HandlerFunc, opts *nethttp.ServeOptions) (server *nethttp.Server, url string) {
	s.Helper()
	server, err := nethttp.Serve(context.Background(), h, "tcp", "127.0.0.1:0", opts, nethttp.WithLoop(s.Loop))
	s.Must(err)
	s.atEnd = append(s.atEnd, func() { s.Check(server.Close()) })
	return server, "http://" + server.Addr().String()
}

// outside is net/http's own client, for goroutines.
func (s *stage) outside() *http.Client {
	t := &http.Transport{}
	s.Cleanup(t.CloseIdleConnections)
	return &http.Client{Transport: t}
}

// raw sends what is sent to a server, and returns all that comes until it closes.
func (s *stage) raw(url, sent string) string {
	s.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	s.Must(err)
	defer c.Close()
	_, err = io.WriteString(c, sent)
	s.Check(err)
	got, err := io.ReadAll(c)
	s.Check(err)
	return string(got)
}

func TestServer(t *testing.T) {
	t.Parallel()
	bare(t, "answers", func(s *stage) {
		s.runLoop()
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			if asyncio.CurrentTask() == nil {
				s.Error("no coroutine")
			}
			fmt.Fprint(w, r.Method, " ", r.URL.Path, " ", n, " ", err)
		}, nil)
		client := s.outside()
		for range 3 {
			s.says("GET /x 0 <nil>")(text(client.Get(url + "/x")))
			s.says("POST / 1000000 <nil>")(text(client.Post(url, "", strings.NewReader(strings.Repeat("x", 1_000_000)))))
			s.says("POST / 1000000 <nil>")(text(client.Post(url, "", io.MultiReader(strings.NewReader(strings.Repeat("x", 1_000_000))))))
		}
	})
	bare(t, "headers", func(s *stage) {
		s.runLoop()
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/large":
				io.WriteString(w, strings.Repeat("x", 100_000))
			case "/none":
				w.WriteHeader(http.StatusNoContent)
				_, err := w.Write([]byte("x"))
				s.Fails(err, http.ErrBodyNotAllowed)
			case "/length":
				w.Header().Set("Content-Length", "3")
				io.WriteString(w, "abc")
				_, err := io.WriteString(w, "d")
				s.Fails(err, http.ErrContentLength)
			default:
				w.Header().Set("X", "1")
				io.WriteString(w, "<html>")
			}
		}, nil)
		client := s.outside()
		for _, x := range []struct {
			method, path string
			status       int
			length       int64
			kind, body   string
		}{
			{"GET", "/", 200, 6, "text/html; charset=utf-8", "<html>"},
			{"HEAD", "/", 200, 6, "text/html; charset=utf-8", ""},
			{"GET", "/large", 200, -1, "text/plain; charset=utf-8", strings.Repeat("x", 100_000)},
			{"GET", "/none", 204, 0, "", ""},
			{"GET", "/length", 200, 3, "text/plain; charset=utf-8", "abc"},
		} {
			resp, err := client.Do(s.request(context.Background(), x.method, url+x.path, nil))
			s.Must(err)
			got, err := text(resp, nil)
			s.Check(err)
			what := x.method + " " + x.path
			onloop.Want(s, what+" status", resp.StatusCode, x.status)
			onloop.Want(s, what+" length", resp.ContentLength, x.length)
			onloop.Want(s, what+" type", resp.Header.Get("Content-Type"), x.kind)
			onloop.Want(s, what+" body", got, x.body)
			if resp.Header.Get("Date") == "" {
				s.Errorf("%s: no date", what)
			}
		}
	})
	bare(t, "trailers-and-flushes", func(s *stage) {
		s.runLoop()
		more := asyncio.NewFuture[struct{}](s.Loop)
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-End")
			w.WriteHeader(http.StatusEarlyHints)
			io.WriteString(w, "one ")
			s.Check(http.NewResponseController(w).Flush())
			_, err := more.Await(r.Context())
			s.Check(err)
			io.WriteString(w, "two")
			w.Header().Set("X-End", "a")
			w.Header().Set(http.TrailerPrefix+"X-More", "b")
		}, nil)
		resp, err := s.outside().Get(url)
		s.Must(err)
		first := make([]byte, 4)
		_, err = io.ReadFull(resp.Body, first)
		s.Check(err)
		s.Check(more.SetResult(struct{}{}))
		s.says("two")(text(resp, nil))
		onloop.Want(s, "first", string(first), "one ")
		onloop.Want(s, "trailers", resp.Trailer.Get("X-End")+resp.Trailer.Get("X-More"), "ab")
	})
	bare(t, "one-thread", func(s *stage) {
		s.runLoop()
		there := 0
		all := asyncio.NewFuture[struct{}](s.Loop)
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			if there++; there == 10 {
				s.Check(all.SetResult(struct{}{}))
			}
			_, err := all.Await(r.Context())
			s.Check(err)
			io.WriteString(w, "together")
		}, nil)
		client, done := s.outside(), make(chan struct{})
		for range 10 {
			go func() {
				s.says("together")(text(client.Get(url)))
				done <- struct{}{}
			}()
		}
		for range 10 {
			<-done
		}
	})
	bare(t, "expect-continue", func(s *stage) {
		s.runLoop()
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/read" {
				all, err := io.ReadAll(r.Body)
				s.Check(err)
				w.Write(all)
			}
		}, nil)
		head := "Host: x\r\nContent-Length: 4\r\nExpect: %s\r\nConnection: close\r\n\r\n"
		got := s.raw(url, "PUT / HTTP/1.1\r\n"+fmt.Sprintf(head, "100-continue"))
		if !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") {
			s.Errorf("unread: %q", got)
		}
		got = s.raw(url, "PUT /read HTTP/1.1\r\n"+fmt.Sprintf(head, "100-continue")+"body")
		if !strings.HasPrefix(got, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n") || !strings.HasSuffix(got, "\r\n\r\nbody") {
			s.Errorf("read: %q", got)
		}
		got = s.raw(url, "PUT / HTTP/1.1\r\n"+fmt.Sprintf(head, "sorcery"))
		if !strings.HasPrefix(got, "HTTP/1.1 417 ") {
			s.Errorf("another: %q", got)
		}
	})
	bare(t, "old-and-pipelined", func(s *stage) {
		s.runLoop()
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, r.URL.Path)
			w.(http.Flusher).Flush()
		}, nil)
		if got := s.raw(url, "GET /a HTTP/1.0\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.0 200 OK\r\n") || !strings.HasSuffix(got, "\r\n\r\n/a") || strings.Contains(got, "chunked") {
			s.Errorf("HTTP/1.0: %q", got)
		}
		got := s.raw(url, "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\n\r\n")
		if !strings.Contains(got, "\r\n/a\r\n") || !strings.Contains(got, "\r\n/b\r\n") || strings.Contains(got, "/c") {
			s.Errorf("pipelined: %q", got)
		}
	})
	bare(t, "hijack", func(s *stage) {
		s.runLoop()
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			s.Check(err)
			_, err = w.Write([]byte("x"))
			s.Fails(err, http.ErrHijacked)
			line, err := rw.ReadString('\n')
			s.Check(err)
			fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\nyou said %s", line)
			go func() { // a hijacked connection can be used from anywhere
				defer conn.Close()
				_, _ = io.Copy(conn, rw)
			}()
		}, nil)
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		s.Must(err)
		defer c.Close()
		_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\nhello\nmore")
		s.Check(err)
		s.Check(c.(*net.TCPConn).CloseWrite())
		got, err := io.ReadAll(c)
		s.Check(err)
		onloop.Want(s, "received", string(got), "HTTP/1.1 101 Switching Protocols\r\n\r\nyou said hello\nmore")
	})
	bare(t, "tls", func(s *stage) {
		s.runLoop()
		server, _ := s.serve(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.Proto, " ", r.TLS != nil && r.TLS.HandshakeComplete)
		}, &nethttp.ServeOptions{Server: asyncio.ServerOptions{TLS: certs.Default().Server()}})
		transport := &http.Transport{TLSClientConfig: certs.Default().Client()}
		defer transport.CloseIdleConnections()
		s.says("HTTP/1.1 true")(text((&http.Client{Transport: transport}).Get("https://" + server.Addr().String())))
	})
	overLoops(t, "reverse-proxy", func(s *stage) {
		_, behind := s.serve(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.Copy(w, r.Body)
			s.Check(err)
		}, nil)
		u, err := url.Parse(behind)
		s.Must(err)
		transport := &nethttp.Transport{}
		client := s.client(transport)
		proxy := &httputil.ReverseProxy{
			Transport: transport,
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(u) },
		}
		_, front := s.serve(proxy.ServeHTTP, nil)
		page := strings.Repeat("0123456789", 100_000)
		s.several(3, func(ctx context.Context) {
			for range 2 {
				s.says(page)(s.post(ctx, client, front, io.MultiReader(strings.NewReader(page))))
			}
		})
	})
	overLoops(t, "both-sides-on-one-loop", func(s *stage) {
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.Copy(w, r.Body)
			s.Check(err)
		}, nil)
		client := s.client(&nethttp.Transport{})
		page := strings.Repeat("0123456789", 100_000)
		s.several(5, func(ctx context.Context) {
			for range 3 {
				s.says(page)(s.post(ctx, client, url, io.MultiReader(strings.NewReader(page))))
			}
		})
	})
}

func TestServerEnds(t *testing.T) {
	t.Parallel()
	bare(t, "bad-requests", func(s *stage) {
		s.runLoop()
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) { s.Error("a handler was called") }, &nethttp.ServeOptions{MaxHeaderBytes: 10_000})
		for sent, status := range map[string]int{
			"what?\r\n\r\n":                                                    400,
			"GET / HTTP/1.1\r\n\r\n":                                           400, // no host
			"GET / HTTP/1.1\r\nHost: a b\r\n\r\n":                              400,
			"GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n":                     400,
			"GET / HTTP/1.1\r\nHost: x\r\nA B: x\r\n\r\n":                      400,
			"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n":          400,
			"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: magic\r\n\r\n":    400,
			"GET / HTTP/2.0\r\nHost: x\r\n\r\n":                                505,
			"GET / HTTP/1.1\r\nA: " + strings.Repeat("x", 20_000) + "\r\n\r\n": 431,
		} {
			got := s.raw(url, sent)
			if !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d ", status)) || !strings.Contains(got, "Connection: close") {
				s.Errorf("%.60q: %q, want %d", sent, got, status)
			}
		}
	})
	bare(t, "handler-fails", func(s *stage) {
		s.runLoop()
		boom := errors.New("boom")
		var reports []asyncio.ExceptionContext
		s.Must(awaitOnLoop(s, func() error {
			return s.Loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) { reports = append(reports, c) })
		}))
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "begun")
			switch r.URL.Path {
			case "/panic":
				panic(boom)
			case "/abort":
				panic(http.ErrAbortHandler)
			case "/goexit":
				runtime.Goexit()
			}
		}, nil)
		client := s.outside()
		for _, path := range []string{"/abort", "/goexit", "/panic"} {
			if _, err := text(client.Get(url + path)); err == nil {
				s.Errorf("%s: there is an answer", path)
			}
		}
		s.says("begun")(text(client.Get(url)))
		s.Must(awaitOnLoop(s, func() error {
			found := 0
			for _, r := range reports {
				if errors.Is(r.Err, boom) && strings.Contains(r.Message, "GET /panic") {
					found++
				} else if !errors.Is(r.Err, asyncio.ErrGoexit) {
					s.Errorf("reported: %+v", r)
				}
			}
			onloop.Want(s, "reports of the panic", found, 1)
			return nil
		}))
	})
	bare(t, "another-goroutine", func(s *stage) {
		s.runLoop()
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			_, err := asyncio.ToThread(r.Context(), func() (struct{}, error) {
				_, err := w.Write([]byte("x"))
				s.Fails(err, asyncio.ErrWrongGoroutine)
				s.Fails(http.NewResponseController(w).Flush(), asyncio.ErrWrongGoroutine)
				_, _, err = http.NewResponseController(w).Hijack()
				s.Fails(err, asyncio.ErrWrongGoroutine)
				return struct{}{}, nil
			})
			s.Check(err)
			io.WriteString(w, "mine")
		}, nil)
		s.says("mine")(text(s.outside().Get(url)))
	})
	bare(t, "body-outlives-handler", func(s *stage) {
		s.runLoop()
		ended := make(chan error, 1)
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			asyncio.GoErr(r.Context(), func(context.Context) error {
				_, err := io.ReadAll(r.Body)
				ended <- err
				return nil
			})
			_ = asyncio.Yield(r.Context())
			io.WriteString(w, "done")
		}, nil)
		got := s.raw(url, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nshort")
		if !strings.HasSuffix(got, "\r\n\r\ndone") {
			s.Errorf("answer %q", got)
		}
		if err := <-ended; err == nil {
			s.Error("the body was read whole")
		}
	})
	bare(t, "too-short", func(s *stage) {
		s.runLoop()
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "short")
		}, nil)
		_, err := text(s.outside().Get(url))
		s.Fails(err, io.ErrUnexpectedEOF)
	})
	bare(t, "unread-body", func(s *stage) {
		s.runLoop()
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "enough") }, nil)
		client := s.outside()
		for _, n := range []int{10, 100_000, 10 << 20} {
			s.says("enough")(text(client.Post(url, "", bytes.NewReader(make([]byte, n)))))
		}
	})
	bare(t, "timeouts", func(s *stage) {
		s.runLoop()
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			s.Fails(err, os.ErrDeadlineExceeded)
		}, &nethttp.ServeOptions{ReadTimeout: 20 * time.Millisecond})
		for _, sent := range []string{"", "GET / HTTP/1.1\r\nHost:"} {
			onloop.Want(s, "answer to an unfinished request", s.raw(url, sent), "")
		}
		s.raw(url, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nshort")
	})
	bare(t, "write-timeout", func(s *stage) {
		s.runLoop()
		ended := make(chan error, 1)
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					ended <- err
					return
				}
			}
		}, &nethttp.ServeOptions{WriteTimeout: 20 * time.Millisecond})
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		s.Must(err)
		defer c.Close()
		_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		s.Check(err)
		s.Fails(<-ended, os.ErrDeadlineExceeded)
	})
	bare(t, "peer-goes", func(s *stage) {
		s.runLoop()
		begun, ended := make(chan struct{}, 1), make(chan error, 1)
		_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			begun <- struct{}{}
			ended <- asyncio.Sleep(r.Context(), time.Hour)
		}, nil)
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		s.Must(err)
		_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		s.Check(err)
		<-begun
		s.Check(c.Close())
		s.Fails(<-ended, context.Canceled)
	})
	bare(t, "shutdown", func(s *stage) {
		s.runLoop()
		begun := make(chan struct{}, 1)
		more := asyncio.NewFuture[struct{}](s.Loop)
		server, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			begun <- struct{}{}
			_, err := more.Await(r.Context())
			s.Check(err)
			io.WriteString(w, "the last")
		}, nil)
		idle, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		s.Must(err)
		defer idle.Close()
		answer := make(chan struct{})
		go func() {
			defer close(answer)
			s.says("the last")(text(s.outside().Get(url)))
		}()
		<-begun
		now, cancel := context.WithCancel(context.Background())
		cancel()
		s.Fails(server.Shutdown(now), context.Canceled)
		_, err = idle.Read(make([]byte, 1))
		s.Fails(err, io.EOF)
		if c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
			c.Close()
			s.Error("somebody listens still")
		}
		s.Check(more.SetResult(struct{}{}))
		s.Check(server.Shutdown(context.Background()))
		<-answer
	})
	t.Run("no-loop", func(t *testing.T) {
		t.Parallel()
		if _, err := nethttp.Serve(context.Background(), nil, "tcp", "127.0.0.1:0", nil); !errors.Is(err, asyncio.ErrNoRunningLoop) {
			t.Errorf("error %v", err)
		}
	})
}

// TestServerCloseSweep closes the loop after each number of passes, with requests in all
// states. All handlers end, and nothing stays open.
func TestServerCloseSweep(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) {
		for n := range 40 {
			s := newStage(t, m)
			s.Quiet() // of tasks that are destroyed
			begun, ended := 0, 0
			s.run(func() {
				_, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
					begun++
					defer func() { ended++ }()
					for range 3 {
						io.WriteString(w, "piece")
						w.(http.Flusher).Flush()
						if asyncio.Yield(r.Context()) != nil {
							return
						}
					}
				}, nil)
				client := s.client(&nethttp.Transport{})
				s.atEnd = nil // it is the closing of the loop that ends all
				for range 3 {
					s.Start(func(ctx context.Context) error {
						for {
							if _, err := s.get(ctx, client, url); err != nil {
								return err
							}
						}
					})
				}
				s.Passes(n)
			})
			s.Check(s.Loop.Close())
			onloop.Want(s, fmt.Sprint("handlers that have ended after ", n, " passes"), ended, begun)
		}
	})
}

// awaitOnLoop runs f on the loop, which another goroutine runs.
func awaitOnLoop(s *stage, f func() error) error {
	_, err := asyncio.RunCoroutineThreadsafe(s.Loop, func(context.Context) (struct{}, error) { return struct{}{}, f() }).Await(context.Background())
	return err
}
