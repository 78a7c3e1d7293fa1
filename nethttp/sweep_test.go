package nethttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/nethttp"
)

// sweepLimit is how many passes a request of a sweep takes at most.
const sweepLimit = 10_000

// errands are requests whose ends a sweep looks at.
var errands = map[string]func(ctx context.Context, s *stage, c *http.Client, url string) error{
	"get": func(ctx context.Context, s *stage, c *http.Client, url string) error {
		return said(s.get(ctx, c, url))
	},
	"post": func(ctx context.Context, s *stage, c *http.Client, url string) error {
		return said(s.post(ctx, c, url, strings.NewReader("short")))
	},
	"stream": func(ctx context.Context, s *stage, c *http.Client, url string) error {
		pieces := 0
		body := &slowBody{read: func(p []byte) (int, error) {
			if pieces++; pieces > 3 {
				return 0, io.EOF
			}
			return copy(p, "piece"), asyncio.Yield(ctx)
		}}
		err := said(s.post(ctx, c, url, body))
		if err == nil && body.closed.Load() != 1 {
			err = fmt.Errorf("the body was closed %d times", body.closed.Load())
		}
		return err
	},
	"large": func(ctx context.Context, s *stage, c *http.Client, url string) error {
		return said(s.post(ctx, c, url, io.MultiReader(strings.NewReader(strings.Repeat("x", 300_000)))))
	},
	"expect": func(ctx context.Context, s *stage, c *http.Client, url string) error {
		req := s.request(ctx, "PUT", url, strings.NewReader("body"))
		req.Header.Set("Expect", "100-continue")
		return said(text(c.Do(req)))
	},
}

// said is an error unless the answer is the peer's.
func said(answer string, err error) error {
	if err == nil && answer != "hello" {
		err = fmt.Errorf("answer %q", answer)
	}
	return err
}

// sweepPeer is a server of a sweep, and how one comes to it.
type sweepPeer struct {
	url       string
	transport func() *nethttp.Transport
	ends      []string // that are swept
	open      func() int
}

// sweepPeers are the servers of a sweep: plain, and with TLS.
func sweepPeers(t *testing.T) map[string]sweepPeer {
	plain, plainCount := counted(t, httptest.NewUnstartedServer(http.HandlerFunc(hello)), (*httptest.Server).Start)
	unstarted := httptest.NewUnstartedServer(http.HandlerFunc(hello))
	unstarted.Config.ErrorLog = silent
	secure, secureCount := counted(t, unstarted, (*httptest.Server).StartTLS)
	trust := secure.Client().Transport.(*http.Transport).TLSClientConfig
	return map[string]sweepPeer{
		"http": {plain.URL, func() *nethttp.Transport {
			return &nethttp.Transport{MaxConnsPerHost: 1, ExpectContinueTimeout: onloop.Patience, ResponseHeaderTimeout: onloop.Patience}
		}, []string{"cancel", "context", "both"}, plainCount.open},
		"https": {secure.URL, func() *nethttp.Transport {
			return &nethttp.Transport{TLSClientConfig: trust, TLSHandshakeTimeout: onloop.Patience}
		}, []string{"cancel"}, secureCount.open},
	}
}

// TestSweep ends a request in each pass, on a new connection and on one that was used: it
// ends as it should, nothing of it stays open, and the next request is served.
func TestSweep(t *testing.T) {
	t.Parallel()
	ends := map[string]func(task *asyncio.Task[struct{}], cancel context.CancelFunc){
		"cancel":  func(task *asyncio.Task[struct{}], _ context.CancelFunc) { task.Cancel() },
		"context": func(_ *asyncio.Task[struct{}], cancel context.CancelFunc) { cancel() },
		"both":    func(task *asyncio.Task[struct{}], cancel context.CancelFunc) { cancel(); task.Cancel() },
	}
	for name, errand := range errands {
		overLoops(t, name, func(s *stage) {
			for kind, peer := range sweepPeers(s.T) {
				for _, how := range peer.ends {
					for _, used := range []bool{false, true} {
						for n, step := 0, 1; n < sweepLimit; n += step {
							what := fmt.Sprintf("%s, %s, used %v, pass %d", kind, how, used, n)
							if s.sweepOnce(what, peer, errand, ends[how], used, n) {
								break
							}
							if n > 12 {
								step = n / 3 // a few of those in which bytes go to and fro
							}
						}
					}
				}
				s.Until(kind+": all connections are closed", func() bool { return peer.open() == 0 })
			}
		})
	}
}

// sweepOnce makes a request and ends it after n passes. It reports whether the request was
// done by then.
func (s *stage) sweepOnce(what string, peer sweepPeer, errand func(context.Context, *stage, *http.Client, string) error, end func(*asyncio.Task[struct{}], context.CancelFunc), used bool, n int) (done bool) {
	s.Helper()
	url, transport := peer.url, peer.transport()
	client := &http.Client{Transport: transport}
	if used {
		s.says("hello")(s.get(s.Ctx, client, url))
	}
	var cancel context.CancelFunc
	task := s.Start(func(ctx context.Context) error {
		inner, stop := context.WithCancel(ctx)
		defer stop()
		cancel = stop
		return errand(inner, s, client, url)
	})
	cancel = func() { task.Cancel() } // until it has a context of its own
	for i := 0; i < n && !task.Done(); i++ {
		s.Passes(1)
	}
	done = task.Done()
	end(task, func() { cancel() })
	err := s.ended(task)
	switch {
	case err == nil:
	case !errors.Is(err, context.Canceled):
		s.Errorf("%s: %v", what, err)
	case done:
		s.Errorf("%s: it was done, and yet %v", what, err)
	}
	s.says("hello")(s.get(s.Ctx, client, url)) // with MaxConnsPerHost nothing may be taken still
	s.Check(transport.Close())
	onloop.Want(s, what+": open connections", nethttp.Open(transport), 0)
	onloop.Want(s, what+": hosts", nethttp.Hosts(transport), 0)
	return done
}

// counted starts a server whose connections are counted.
func counted(t *testing.T, server *httptest.Server, start func(*httptest.Server)) (*httptest.Server, *connections) {
	c := countOf(server)
	start(server)
	t.Cleanup(server.Close)
	return server, c
}

// TestCloseSweep closes the loop after each number of passes, with coroutines and goroutines
// that make requests. All end, the deferred functions of all run, and nothing stays open.
func TestCloseSweep(t *testing.T) {
	t.Parallel()
	for name, errand := range errands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) {
				peers := sweepPeers(t)
				for n := 0; n < 100; n += 1 + n/4 {
					closeAfter(t, m, peers, n, errand)
				}
			})
		})
	}
}

// closeAfter closes a loop after n passes.
func closeAfter(t *testing.T, m testkit.Mechanism, peers map[string]sweepPeer, n int, errand func(context.Context, *stage, *http.Client, string) error) {
	t.Helper()
	s := newStage(t, m)
	s.Quiet() // of tasks that are destroyed
	var begun, ended atomic.Int32
	var outside sync.WaitGroup
	for _, peer := range peers {
		transport := peer.transport()
		transport.Loop = s.Loop
		client := &http.Client{Transport: transport}
		again := func(ctx context.Context) error {
			begun.Add(1)
			defer ended.Add(1)
			for {
				if err := errand(ctx, s, client, peer.url); err != nil {
					return err
				}
			}
		}
		s.Start(again)
		s.Start(again)
		outside.Go(func() {
			if err := again(context.Background()); !errors.Is(err, asyncio.ErrLoopClosed) {
				s.Errorf("a goroutine, after %d passes: %v", n, err)
			}
		})
	}
	s.run(func() { s.Passes(n) })
	s.Check(s.Loop.Close())
	outside.Wait()
	onloop.Want(s, "requests that have ended", ended.Load(), begun.Load())
}
