package nethttp_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/nethttp"
)

// everyLoop is overLoops, and over a simulated loop.
func everyLoop(t *testing.T, name string, f func(s *stage)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		testkit.Over(t, testkit.OrSimulated(testkit.Unpinned), func(t *testing.T, m testkit.Mechanism) {
			s := newStage(t, m)
			s.run(func() { f(s) })
		})
	})
}

// pouring is a peer that has sent more than is read, whenever the loop looks.
type pouring struct {
	asyncio.BaseProtocol
	transport   asyncio.Transport
	first, then string
}

func (p *pouring) ConnectionMade(t asyncio.Transport) {
	p.transport = t
	_, _ = t.Write([]byte(p.first))
}

// pour sends until a lot waits.
func (p *pouring) pour() error {
	for p.transport.GetWriteBufferSize() < 256<<10 {
		if _, err := p.transport.Write([]byte(p.then)); err != nil {
			return err
		}
	}
	return nil
}

// readSize is how much a connection reads at once for who reads little.
const readSize = 4096

// inOneTurn tells how much of done grows while the other coroutines of the loop have one turn
// each, at most, until over.
func (s *stage) inOneTurn(done *int, each func() error) (most *int, over func()) {
	most = new(int)
	ended := false
	task := s.Start(func(ctx context.Context) error {
		for last := *done; !ended; last = *done {
			if err := each(); err != nil {
				return err
			}
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			*most = max(*most, *done-last)
		}
		return nil
	})
	return most, func() {
		ended = true
		s.Check(s.ended(task))
	}
}

// TestFairness: a connection that always has the next request, and a body of which there is
// always more, give way after the budget of their coroutines.
func TestFairness(t *testing.T) {
	t.Parallel()
	everyLoop(t, "server", func(s *stage) {
		answered := 0
		server, url := s.serve(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/flood" {
				answered++
				return
			}
			_, _ = io.WriteString(w, "heard")
		}, nil)
		flood := &pouring{then: strings.Repeat("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n", 1000)}
		_, _, err := s.Loop.CreateConnection(s.Ctx, func() asyncio.Protocol { return flood }, "tcp", server.Addr().String(), nil)
		s.Must(err)
		most, over := s.inOneTurn(&answered, flood.pour)
		s.Until("the flood", func() bool { return answered > 0 })
		client := s.client(&nethttp.Transport{})
		for range 20 {
			s.says("heard")(s.get(s.Ctx, client, url))
		}
		over()
		s.Logf("%d requests were answered in one turn at most, %d in all", *most, answered)
		// Between two turns of one coroutine another may have two: that of a pass behind it, and
		// that of the next before it.
		if *most == 0 || *most > 2*asyncio.Budget {
			s.Errorf("%d requests were answered in one turn, twice the budget is %d", *most, 2*asyncio.Budget)
		}
		flood.transport.Abort()
	})
	everyLoop(t, "client", func(s *stage) {
		flood := &pouring{then: strings.Repeat("x", 64<<10)}
		peer, err := s.Loop.CreateServer(s.Ctx, func() asyncio.Protocol { return flood }, "tcp", "127.0.0.1:0", nil)
		s.Must(err)
		flood.first = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
		resp, err := s.client(&nethttp.Transport{}).Do(s.request(s.Ctx, "GET", "http://"+peer.Addrs()[0].String(), nil))
		s.Must(err)
		read := 0
		most, over := s.inOneTurn(&read, flood.pour)
		p := make([]byte, 1<<10)
		for read < 32<<20 {
			n, err := resp.Body.Read(p)
			s.Must(err)
			read += n
		}
		over()
		s.Check(resp.Body.Close())
		peer.Close()
		s.Logf("%d bytes were read in one turn at most", *most)
		if bound := (asyncio.Budget + 1) * readSize; *most == 0 || *most > bound {
			s.Errorf("%d bytes were read in one turn, the budget is %d", *most, bound)
		}
	})
}
