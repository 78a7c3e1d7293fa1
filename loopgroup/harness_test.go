package loopgroup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/loopgroup"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// patience is when a test that hangs gives up.
const patience = 30 * time.Second

// must stops the test at an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError fails the test if err is not target.
func wantError(t testing.TB, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error %v, want %v", err, target)
	}
}

// within is a context that ends before the test does.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// over has the loops of a group over a mechanism.
func over(m testkit.Mechanism) loopgroup.Option {
	return loopgroup.WithLoopFactory(func(int) (asyncio.EventLoop, error) { return newLoop(m) })
}

// newLoop makes a loop over a mechanism.
func newLoop(m testkit.Mechanism) (asyncio.EventLoop, error) {
	return testkit.On(m,
		func(s selectors.Selector) (asyncio.EventLoop, error) { return asyncio.NewSelectorEventLoop(s) },
		func(p proactors.Proactor) (asyncio.EventLoop, error) { return asyncio.NewProactorEventLoop(p) })
}

// newGroup makes a group that is closed with the test.
func newGroup(t testing.TB, opts ...loopgroup.Option) *loopgroup.Group {
	t.Helper()
	g, err := loopgroup.New(opts...)
	must(t, err)
	t.Cleanup(func() { _ = g.Close() }) // its error concerns the test that provoked it
	return g
}

// started is newGroup, and Start.
func started(t testing.TB, opts ...loopgroup.Option) *loopgroup.Group {
	t.Helper()
	g := newGroup(t, opts...)
	must(t, g.Start())
	return g
}

// echo sends back what it receives.
type echo struct {
	asyncio.BaseProtocol
	transport asyncio.Transport
}

func newEcho() asyncio.Protocol { return &echo{} }

func (e *echo) ConnectionMade(t asyncio.Transport) { e.transport = t }
func (e *echo) DataReceived(data []byte)           { _, _ = e.transport.Write(data) }

// listener makes a server of echoes on a port of the system's.
func listener(t testing.TB, g *loopgroup.Group, spread loopgroup.Spread) *loopgroup.Server {
	t.Helper()
	s, err := g.CreateServer(within(t), newEcho, "tcp", "127.0.0.1:0", nil, spread)
	must(t, err)
	return s
}

// dial connects to a server.
func dial(t testing.TB, s *loopgroup.Server) net.Conn {
	t.Helper()
	addr := s.Addrs()[0]
	c, err := net.DialTimeout(addr.Network(), addr.String(), patience)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	must(t, c.SetDeadline(time.Now().Add(patience)))
	return c
}

// exchange sends something and waits for it to come back.
func exchange(c net.Conn, text string) error {
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	back := make([]byte, len(text))
	if _, err := io.ReadFull(c, back); err != nil {
		return err
	}
	if string(back) != text {
		return fmt.Errorf("sent %q, got %q", text, back)
	}
	return nil
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("never: %s", what)
		}
	}
}

// sum adds up.
func sum(counts []int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// failures collects what a group tells of loops that died.
type failures struct {
	mu   sync.Mutex
	list []loopgroup.LoopFailure
}

func (f *failures) option() loopgroup.Option {
	return loopgroup.WithFailureHandler(func(failure loopgroup.LoopFailure) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.list = append(f.list, failure)
	})
}

func (f *failures) all() []loopgroup.LoopFailure {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]loopgroup.LoopFailure(nil), f.list...)
}

// spreads are those of this system.
func spreads() []loopgroup.Spread {
	if loopgroup.PortIsSpread {
		return []loopgroup.Spread{loopgroup.HandOver, loopgroup.ReusePort}
	}
	return []loopgroup.Spread{loopgroup.HandOver}
}

// everywhere runs f over each mechanism and spread.
func everywhere(t *testing.T, f func(t *testing.T, m testkit.Mechanism, spread loopgroup.Spread)) {
	t.Helper()
	testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) {
		for _, spread := range spreads() {
			t.Run(spread.String(), func(t *testing.T) {
				t.Parallel()
				f(t, m, spread)
			})
		}
	})
}
