package nethttp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/nethttp"
)

// connections counts those of a server, by their state.
type connections struct {
	mu  sync.Mutex
	now map[net.Conn]http.ConnState
	all int
}

// countOf counts the connections of a server that has not begun.
func countOf(server *httptest.Server) *connections {
	c := &connections{now: map[net.Conn]http.ConnState{}}
	server.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch state {
		case http.StateNew:
			c.all++
		case http.StateClosed, http.StateHijacked:
			delete(c.now, conn)
			return
		}
		c.now[conn] = state
	}
	return c
}

// countedPeer is peer with its connections counted.
func (s *stage) countedPeer(h http.HandlerFunc) (url string, c *connections) {
	server, c := counted(s.T, httptest.NewUnstartedServer(h), (*httptest.Server).Start)
	return server.URL, c
}

// made is how many there have been.
func (c *connections) made() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

// open is how many there are.
func (c *connections) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.now)
}

// hello answers.
func hello(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	io.WriteString(w, "hello")
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	overLoops(t, "one-connection", func(s *stage) {
		url, c := s.countedPeer(hello)
		client := s.client(&nethttp.Transport{})
		for range 5 {
			s.says("hello")(s.get(s.Ctx, client, url))
			s.says("hello")(s.post(s.Ctx, client, url, io.MultiReader(strings.NewReader(strings.Repeat("x", 100_000)))))
		}
		onloop.Want(s, "connections", c.made(), 1)
		client.CloseIdleConnections()
		s.Until("the end", func() bool { return c.open() == 0 })
	})
	overLoops(t, "disabled", func(s *stage) {
		url, c := s.countedPeer(hello)
		client := s.client(&nethttp.Transport{DisableKeepAlives: true})
		for range 3 {
			s.says("hello")(s.get(s.Ctx, client, url))
		}
		onloop.Want(s, "connections", c.made(), 3)
		s.Until("the end", func() bool { return c.open() == 0 })
	})
	overLoops(t, "server-says-close", func(s *stage) {
		url, c := s.countedPeer(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			hello(w, r)
		})
		client := s.client(&nethttp.Transport{})
		for range 3 {
			s.says("hello")(s.get(s.Ctx, client, url))
		}
		onloop.Want(s, "connections", c.made(), 3)
	})
	overLoops(t, "unread-body-closes", func(s *stage) {
		url, c := s.countedPeer(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, strings.Repeat("x", 1<<20))
		})
		client := s.client(&nethttp.Transport{})
		resp, err := client.Do(s.request(s.Ctx, "GET", url, nil))
		s.Must(err)
		s.Check(resp.Body.Close())
		_, err = resp.Body.Read(make([]byte, 1))
		s.Fails(err, http.ErrBodyReadAfterClose)
		s.Until("the end", func() bool { return c.made() == 1 && c.open() == 0 })
	})
	overLoops(t, "idle-limits", func(s *stage) {
		for _, transport := range []*nethttp.Transport{
			{MaxIdleConnsPerHost: 3}, {MaxIdleConnsPerHost: 10, MaxIdleConns: 3}, {MaxIdleConnsPerHost: -1}, {},
		} {
			keep := map[int]int{3: 3, 10: 3, -1: 0, 0: http.DefaultMaxIdleConnsPerHost}[transport.MaxIdleConnsPerHost]
			url, c := s.atOnce(5)
			client := s.client(transport)
			s.several(5, func(ctx context.Context) { s.says("hello")(s.get(ctx, client, url)) })
			onloop.Want(s, "connections made", c.made(), 5)
			s.Until(fmt.Sprint(keep, " idle connections"), func() bool { return c.open() == keep })
		}
	})
	overLoops(t, "idle-timeout", func(s *stage) {
		url, c := s.countedPeer(hello)
		client := s.client(&nethttp.Transport{IdleConnTimeout: time.Millisecond})
		for range 2 {
			s.says("hello")(s.get(s.Ctx, client, url))
			s.Until("the end", func() bool { return c.made() > 0 && c.open() == 0 })
		}
	})
	overLoops(t, "server-ends-idle-connection", func(s *stage) {
		url, c := s.countedPeer(hello)
		transport := &nethttp.Transport{}
		client := s.client(transport)
		s.says("hello")(s.get(s.Ctx, client, url))
		c.mu.Lock()
		for conn := range c.now {
			conn.Close()
		}
		c.mu.Unlock()
		s.Until("the end", func() bool { return nethttp.Open(transport) == 0 })
		s.says("hello")(s.get(s.Ctx, client, url))
		onloop.Want(s, "connections", c.made(), 2)
	})
	overLoops(t, "several-loops", func(s *stage) {
		url, c := s.countedPeer(hello)
		client := s.client(&nethttp.Transport{})
		s.says("hello")(s.get(s.Ctx, client, url))
		s.elsewhere(func() {
			_, err := asyncio.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
				defer client.CloseIdleConnections()
				s.says("hello")(s.get(ctx, client, url))
				return struct{}{}, nil
			})
			s.Check(err)
		})
		onloop.Want(s, "connections", c.made(), 2)
	})
}

// atOnce is a peer that answers when so many requests are there.
func (s *stage) atOnce(n int32) (url string, c *connections) {
	var there atomic.Int32
	all := make(chan struct{})
	return s.countedPeer(func(w http.ResponseWriter, r *http.Request) {
		if there.Add(1) == n {
			close(all)
		}
		<-all
		hello(w, r)
	})
}

// several runs f in so many coroutines, and waits for them.
func (s *stage) several(n int, f func(ctx context.Context)) {
	s.Helper()
	var tasks []*asyncio.Task[struct{}]
	for range n {
		tasks = append(tasks, s.Start(func(ctx context.Context) error {
			f(ctx)
			return nil
		}))
	}
	for _, task := range tasks {
		s.Check(s.ended(task))
	}
}

func TestMaxConnsPerHost(t *testing.T) {
	t.Parallel()
	overLoops(t, "take-turns", func(s *stage) {
		url, c := s.countedPeer(hello)
		client := s.client(&nethttp.Transport{MaxConnsPerHost: 2})
		s.several(20, func(ctx context.Context) { s.says("hello")(s.get(ctx, client, url)) })
		if n := c.made(); n > 2 {
			s.Errorf("%d connections", n)
		}
	})
	overLoops(t, "in-order", func(s *stage) {
		url, _ := s.countedPeer(hello)
		client := s.client(&nethttp.Transport{MaxConnsPerHost: 1})
		var order []int
		var tasks []*asyncio.Task[struct{}]
		for i := range 10 {
			tasks = append(tasks, s.Start(func(ctx context.Context) error {
				s.says("hello")(s.get(ctx, client, url))
				order = append(order, i)
				return nil
			}))
		}
		for _, task := range tasks {
			s.Check(s.ended(task))
		}
		onloop.Want(s, "order", fmt.Sprint(order), "[0 1 2 3 4 5 6 7 8 9]")
	})
	overLoops(t, "who-is-cancelled-takes-no-turn", func(s *stage) {
		for n := range 8 {
			url, _ := s.countedPeer(hello)
			transport := &nethttp.Transport{MaxConnsPerHost: 1}
			client := s.client(transport)
			resp, err := client.Do(s.request(s.Ctx, "GET", url, nil))
			s.Must(err)
			get := func(ctx context.Context) error {
				_, err := s.get(ctx, client, url)
				return err
			}
			first, second := s.Start(get), s.Start(get)
			s.Passes(2)
			s.says("hello")(text(resp, nil)) // the first one's turn
			s.Passes(n)
			first.Cancel()
			if err := s.ended(first); err != nil {
				s.Fails(err, asyncio.ErrCancelled)
			}
			s.Check(s.ended(second))
			s.Check(transport.Close())
			onloop.Want(s, "connections", nethttp.Open(transport), 0)
			onloop.Want(s, "hosts", nethttp.Hosts(transport), 0)
		}
	})
	overLoops(t, "no-connection-hands-the-turn-on", func(s *stage) {
		transport := &nethttp.Transport{MaxConnsPerHost: 1, Connect: func(ctx context.Context, _ asyncio.EventLoop, _ func() asyncio.Protocol, _, _ string) (asyncio.Transport, asyncio.Protocol, error) {
			return nil, nil, fmt.Errorf("no way: %w", asyncio.Sleep(ctx, 0))
		}}
		client := s.client(transport)
		s.several(5, func(ctx context.Context) {
			if _, err := s.get(ctx, client, "http://example.test"); err == nil || !strings.Contains(err.Error(), "no way") {
				s.Errorf("error %v", err)
			}
		})
		onloop.Want(s, "connections", nethttp.Open(transport), 0)
	})
	bare(t, "goroutines", func(s *stage) {
		url, c := s.countedPeer(hello)
		s.runLoop()
		client := s.client(&nethttp.Transport{MaxConnsPerHost: 2})
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for range 5 {
					s.says("hello")(s.get(context.Background(), client, url))
				}
			})
		}
		all.Wait()
		if n := c.made(); n > 2 {
			s.Errorf("%d connections", n)
		}
	})
}
