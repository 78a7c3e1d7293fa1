package nethttp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/nethttp"
)

// script is a server that plays a script for each connection, the last one for all others.
func (s *stage) script(plays ...func(c net.Conn, r *bufio.Reader)) (url string) {
	s.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.Must(err)
	var all sync.WaitGroup
	all.Go(func() {
		for i := 0; ; i++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			play := plays[min(i, len(plays)-1)]
			all.Go(func() {
				defer c.Close()
				play(c, bufio.NewReader(c))
			})
		}
	})
	s.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	return "http://" + l.Addr().String()
}

// answers reads a request and answers it with a text, again and again.
func answers(answer string) func(c net.Conn, r *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		for readRequest(r) == nil {
			io.WriteString(c, answer)
		}
	}
}

// readRequest reads a request to the end of its body.
func readRequest(r *bufio.Reader) error {
	req, err := http.ReadRequest(r)
	if err == nil {
		_, err = io.Copy(io.Discard, req.Body)
	}
	return err
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// slowBody is a body whose Read does what a test wants.
type slowBody struct {
	read   func(p []byte) (int, error)
	closed atomic.Int32
}

// Read implements io.Reader.
func (b *slowBody) Read(p []byte) (int, error) { return b.read(p) }

// Close counts.
func (b *slowBody) Close() error {
	b.closed.Add(1)
	return nil
}

func TestExchange(t *testing.T) {
	t.Parallel()
	overLoops(t, "interim-responses", func(s *stage) {
		url := s.script(answers("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok))
		var heard []string
		ctx := httptrace.WithClientTrace(s.Ctx, &httptrace.ClientTrace{
			GetConn:              func(hostPort string) { heard = append(heard, "get") },
			GotConn:              func(info httptrace.GotConnInfo) { heard = append(heard, fmt.Sprint("got ", info.Reused)) },
			WroteRequest:         func(httptrace.WroteRequestInfo) { heard = append(heard, "wrote") },
			GotFirstResponseByte: func() { heard = append(heard, "first") },
			Got100Continue:       func() { heard = append(heard, "continue") },
			Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
				heard = append(heard, fmt.Sprint(code))
				return nil
			},
		})
		client := s.client(&nethttp.Transport{})
		for _, want := range []string{"[get got false wrote first 103 continue 100]", "[get got true wrote first 103 continue 100]"} {
			heard = nil
			s.says("ok")(s.get(ctx, client, url))
			if got := fmt.Sprint(heard); got != want {
				s.Errorf("heard %s, want %s", got, want)
			}
		}
	})
	overLoops(t, "early-answer-to-a-body", func(s *stage) {
		url := s.script(func(c net.Conn, r *bufio.Reader) {
			if _, err := http.ReadRequest(r); err == nil {
				io.WriteString(c, ok)
				_, _ = io.Copy(io.Discard, r) // until the other side gives up
			}
		})
		body := &slowBody{}
		body.read = func(p []byte) (int, error) {
			return 0, asyncio.Sleep(s.Ctx, time.Hour)
		}
		s.says("ok")(s.post(s.Ctx, s.client(&nethttp.Transport{}), url, body))
		s.Until("the body is closed", func() bool { return body.closed.Load() == 1 })
	})
	overLoops(t, "expect-continue", func(s *stage) {
		asked := s.peer(hello).URL // reads the body, and so says 100
		refused := s.peer(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusExpectationFailed) }).URL
		mute := s.script(func(c net.Conn, r *bufio.Reader) { answers(ok)(c, r) })
		for url, timeout := range map[string]time.Duration{asked: time.Hour, refused: time.Hour, mute: time.Millisecond} {
			client := s.client(&nethttp.Transport{ExpectContinueTimeout: timeout})
			body := &closeCounter{Reader: strings.NewReader("body")}
			req := s.request(s.Ctx, "PUT", url, body)
			req.Header.Set("Expect", "100-continue")
			resp, err := client.Do(req)
			s.Must(err)
			got, err := text(resp, nil)
			s.Check(err)
			left, err := io.ReadAll(body.Reader)
			s.Check(err)
			switch url {
			case asked:
				onloop.Want(s, "answer", got, "hello")
			case refused:
				onloop.Want(s, "status", resp.StatusCode, http.StatusExpectationFailed)
				onloop.Want(s, "unsent", string(left), "body")
			case mute:
				onloop.Want(s, "answer", got, "ok")
			}
			s.Until("the body is closed", func() bool { return body.closed.Load() == 1 })
		}
	})
	overLoops(t, "upgrade", func(s *stage) {
		url := s.script(func(c net.Conn, r *bufio.Reader) {
			if readRequest(r) == nil {
				io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome ")
				_, _ = io.Copy(c, r)
			}
		})
		resp, err := s.client(&nethttp.Transport{}).Do(s.request(s.Ctx, "GET", url, nil))
		s.Must(err)
		conn := resp.Body.(io.ReadWriteCloser)
		_, err = io.WriteString(conn, "echo")
		s.Check(err)
		got := make([]byte, len("welcome echo"))
		_, err = io.ReadFull(conn, got)
		s.Check(err)
		onloop.Want(s, "received", string(got), "welcome echo")
		s.Check(conn.(interface{ CloseWrite() error }).CloseWrite())
		_, err = conn.Read(got)
		s.Fails(err, io.EOF)
		s.Check(conn.Close())
	})
	overLoops(t, "body-fails", func(s *stage) {
		s.Quiet()
		boom := errors.New("boom")
		url := s.script(func(c net.Conn, r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) })
		for name, read := range map[string]func(p []byte) (int, error){
			"error":  func([]byte) (int, error) { return 0, boom },
			"panic":  func([]byte) (int, error) { panic(boom) },
			"goexit": func([]byte) (int, error) { runtime.Goexit(); return 0, nil },
		} {
			transport := &nethttp.Transport{}
			body := &slowBody{read: read}
			_, err := s.post(s.Ctx, s.client(transport), url, body)
			if err == nil || name == "error" && !errors.Is(err, boom) {
				s.Errorf("%s: %v", name, err)
			}
			onloop.Want(s, name+": body closed", body.closed.Load(), 1)
			onloop.Want(s, name+": connections", nethttp.Open(transport), 0)
		}
	})
	overLoops(t, "body-of-another-length", func(s *stage) {
		url := s.script(answers(ok))
		req := s.request(s.Ctx, "POST", url, &closeCounter{Reader: strings.NewReader("short")})
		req.ContentLength = 10
		_, err := s.client(&nethttp.Transport{}).Do(req)
		if err == nil || !strings.Contains(err.Error(), "ContentLength=10 with Body length 5") {
			s.Errorf("error %v", err)
		}
	})
}

func TestEnds(t *testing.T) {
	t.Parallel()
	overLoops(t, "header-timeout", func(s *stage) {
		url := s.script(func(c net.Conn, r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) })
		client := s.client(&nethttp.Transport{ResponseHeaderTimeout: time.Millisecond})
		for _, body := range []io.Reader{nil, strings.NewReader("x"), io.MultiReader(strings.NewReader("x"))} {
			_, err := s.post(s.Ctx, client, url, body)
			s.Fails(err, asyncio.ErrTimeout)
			if e := (net.Error)(nil); !errors.As(err, &e) || !e.Timeout() || !strings.Contains(err.Error(), "response headers") {
				s.Errorf("error %v", err)
			}
		}
	})
	overLoops(t, "header-timeout-is-not-for-bodies", func(s *stage) {
		more := make(chan struct{})
		url := s.peer(func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-more
			io.WriteString(w, "late")
		}).URL
		resp, err := s.client(&nethttp.Transport{ResponseHeaderTimeout: onloop.Patience}).Do(s.request(s.Ctx, "GET", url, nil))
		s.Must(err)
		close(more)
		s.says("late")(text(resp, nil))
	})
	overLoops(t, "header-too-large", func(s *stage) {
		url := s.script(answers("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 20_000) + "\r\nContent-Length: 0\r\n\r\n"))
		s.says("")(s.get(s.Ctx, s.client(&nethttp.Transport{}), url))
		_, err := s.get(s.Ctx, s.client(&nethttp.Transport{MaxResponseHeaderBytes: 10_000}), url)
		if err == nil || !strings.Contains(err.Error(), "MaxResponseHeaderBytes") {
			s.Errorf("error %v", err)
		}
	})
	overLoops(t, "no-http", func(s *stage) {
		_, err := s.get(s.Ctx, s.client(&nethttp.Transport{}), s.script(answers("what?\r\n\r\n")))
		if err == nil || !strings.Contains(err.Error(), "malformed HTTP") {
			s.Errorf("error %v", err)
		}
	})
	overLoops(t, "cut", func(s *stage) {
		cut := func(sent string) func(c net.Conn, r *bufio.Reader) {
			return func(c net.Conn, r *bufio.Reader) {
				_ = readRequest(r)
				io.WriteString(c, sent)
			}
		}
		for sent, want := range map[string]error{
			"":             io.EOF,
			"HTTP/1.1 200": io.ErrUnexpectedEOF,
			ok[:len(ok)-1]: io.ErrUnexpectedEOF,
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc": io.ErrUnexpectedEOF,
		} {
			transport := &nethttp.Transport{}
			_, err := s.get(s.Ctx, s.client(transport), s.script(cut(sent)))
			s.Fails(err, want)
			want := 0
			if got := nethttp.Open(transport); got != want {
				s.Errorf("%q: %d connections", sent, got)
			}
		}
	})
	overLoops(t, "until-the-end", func(s *stage) {
		url := s.script(func(c net.Conn, r *bufio.Reader) {
			_ = readRequest(r)
			io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\nall")
		})
		s.says("all")(s.get(s.Ctx, s.client(&nethttp.Transport{}), url))
	})
	overLoops(t, "client-timeout", func(s *stage) {
		url := s.script(func(c net.Conn, r *bufio.Reader) {
			_ = readRequest(r)
			io.WriteString(c, ok[:len(ok)-1])
			_, _ = io.Copy(io.Discard, r)
		})
		client := s.client(&nethttp.Transport{})
		client.Timeout = 20 * time.Millisecond
		_, err := s.get(s.Ctx, client, url)
		if e := (net.Error)(nil); !errors.As(err, &e) || !e.Timeout() {
			s.Errorf("error %v", err)
		}
	})
	overLoops(t, "context-deadline", func(s *stage) {
		url := s.script(func(c net.Conn, r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) })
		ctx, cancel := context.WithTimeout(s.Ctx, time.Millisecond)
		defer cancel()
		_, err := s.get(ctx, s.client(&nethttp.Transport{}), url)
		if e := (net.Error)(nil); !errors.As(err, &e) || !e.Timeout() {
			s.Errorf("error %v", err)
		}
	})
	overLoops(t, "timeout-scope", func(s *stage) {
		url := s.script(func(c net.Conn, r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) })
		transport := &nethttp.Transport{}
		client := s.client(transport)
		err := asyncio.Timeout(s.Ctx, time.Millisecond, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			_, err := s.get(ctx, client, url)
			return err
		})
		s.Fails(err, asyncio.ErrTimeout)
		onloop.Want(s, "connections", nethttp.Open(transport), 0)
	})
}

func TestRetry(t *testing.T) {
	t.Parallel()
	// once answers one request, and hangs up upon the second.
	once := func(c net.Conn, r *bufio.Reader) {
		if readRequest(r) == nil {
			io.WriteString(c, ok)
			_ = readRequest(r)
		}
	}
	overLoops(t, "idempotent", func(s *stage) {
		client := s.client(&nethttp.Transport{})
		url := s.script(once)
		for range 5 {
			s.says("ok")(s.get(s.Ctx, client, url))
		}
		req := s.request(s.Ctx, "POST", url, strings.NewReader("body"))
		req.Header.Set("Idempotency-Key", "x")
		s.says("ok")(text(client.Do(req)))
		large := s.request(s.Ctx, "POST", url, strings.NewReader(strings.Repeat("x", 1<<20)))
		large.Header.Set("Idempotency-Key", "x")
		s.says("ok")(text(client.Do(large)))
	})
	overLoops(t, "not-idempotent", func(s *stage) {
		client := s.client(&nethttp.Transport{})
		url := s.script(once)
		s.says("ok")(s.get(s.Ctx, client, url))
		_, err := s.post(s.Ctx, client, url, strings.NewReader("body"))
		s.Fails(err, io.EOF)
		s.says("ok")(s.get(s.Ctx, client, url))
		req := s.request(s.Ctx, "GET", url, io.MultiReader(strings.NewReader("cannot be read again")))
		_, err = client.Do(req)
		s.Fails(err, io.EOF)
	})
	overLoops(t, "not-a-new-connection", func(s *stage) {
		var n atomic.Int32
		url := s.script(func(c net.Conn, r *bufio.Reader) {
			n.Add(1)
			_ = readRequest(r)
		})
		_, err := s.get(s.Ctx, s.client(&nethttp.Transport{}), url)
		s.Fails(err, io.EOF)
		onloop.Want(s, "connections", n.Load(), 1)
	})
}
