package nethttp_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/nethttp"
)

// silent is for servers whose complaints are no failure.
var silent = log.New(io.Discard, "", 0)

// closeCounter counts how often a body is closed.
type closeCounter struct {
	io.Reader
	closed atomic.Int32
}

// Close counts.
func (c *closeCounter) Close() error {
	c.closed.Add(1)
	return nil
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	overLoops(t, "callback", func(s *stage) {
		client := s.client(&nethttp.Transport{})
		done := asyncio.NewFuture[error](s.Loop)
		_, err := s.Loop.CallSoon(func() {
			_, err := client.Get("http://127.0.0.1:1/")
			s.Check(done.SetResult(err))
		})
		s.Must(err)
		err, _ = done.Await(s.Ctx)
		s.Fails(err, asyncio.ErrAwaitInCallback)
	})
	overLoops(t, "requests", func(s *stage) {
		transport := &nethttp.Transport{}
		s.client(transport)
		x := func(method, scheme, host string, header http.Header) *http.Request {
			return &http.Request{Method: method, URL: &url.URL{Scheme: scheme, Host: host}, Header: header}
		}
		for name, req := range map[string]*http.Request{
			"no URL":    {Header: http.Header{}},
			"no header": x("", "http", "x", nil),
			"scheme":    x("", "ftp", "x", http.Header{}),
			"no host":   x("", "http", "", http.Header{}),
			"method":    x("A B", "http", "x", http.Header{}),
			"name":      x("", "http", "x", http.Header{"A B": {"x"}}),
			"value":     x("", "http", "x", http.Header{"A": {"x\r\ny"}}),
		} {
			body := &closeCounter{Reader: strings.NewReader("x")}
			req.Body = body
			if _, err := transport.RoundTrip(req); !errors.Is(err, asyncio.ErrInvalidArgument) {
				s.Errorf("%s: %v", name, err)
			}
			onloop.Want(s, name+": body closed", body.closed.Load(), 1)
		}
	})
	overLoops(t, "closed", func(s *stage) {
		transport := &nethttp.Transport{}
		client := s.client(transport)
		s.Check(transport.Close())
		_, err := s.get(s.Ctx, client, "http://127.0.0.1:1/")
		s.Fails(err, nethttp.ErrTransportClosed)
	})
	t.Run("no-loop", func(t *testing.T) {
		t.Parallel()
		_, err := (&http.Client{Transport: &nethttp.Transport{}}).Get("http://127.0.0.1:1/")
		if !errors.Is(err, asyncio.ErrNoRunningLoop) {
			t.Errorf("error %v", err)
		}
	})
	bare(t, "loop-closed", func(s *stage) {
		client := s.client(&nethttp.Transport{})
		s.Check(s.Loop.Close())
		_, err := s.get(context.Background(), client, "http://127.0.0.1:1/")
		s.Fails(err, asyncio.ErrLoopClosed)
	})
	overLoops(t, "two-readers", func(s *stage) {
		more := make(chan struct{})
		server := s.peer(func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-more
			io.WriteString(w, "end")
		})
		resp, err := s.client(&nethttp.Transport{}).Do(s.request(s.Ctx, "GET", server.URL, nil))
		s.Must(err)
		task := s.Start(func(context.Context) error {
			s.says("end")(text(resp, nil))
			return nil
		})
		s.Passes(2)
		_, err = resp.Body.Read(make([]byte, 1))
		s.Fails(err, asyncio.ErrInvalidState)
		close(more)
		s.Check(s.ended(task))
	})
}
