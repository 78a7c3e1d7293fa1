package asyncio_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// receiver is a protocol of datagrams that writes down what happens to it.
type receiver struct {
	events    []string
	got       []string // the datagrams
	from      []net.Addr
	errs      []error
	transport asyncio.DatagramTransport
	lost      bool
	lostErr   error

	onMade   func(asyncio.DatagramTransport)
	onData   func(data []byte, from net.Addr)
	onError  func(error)
	onLost   func(error)
	onPause  func()
	onResume func()
}

func (r *receiver) note(format string, args ...any) {
	r.events = append(r.events, fmt.Sprintf(format, args...))
}

func (r *receiver) history() string { return strings.Join(r.events, " ") }

func (r *receiver) ConnectionMade(t asyncio.DatagramTransport) {
	r.transport = t
	r.note("made")
	if r.onMade != nil {
		r.onMade(t)
	}
}

func (r *receiver) DatagramReceived(data []byte, from net.Addr) {
	r.note("data")
	r.got = append(r.got, string(data))
	r.from = append(r.from, from)
	if r.onData != nil {
		r.onData(data, from)
	}
}

func (r *receiver) ErrorReceived(err error) {
	r.note("error")
	r.errs = append(r.errs, err)
	if r.onError != nil {
		r.onError(err)
	}
}

func (r *receiver) ConnectionLost(err error) {
	r.note("lost")
	r.lost, r.lostErr = true, err
	if r.onLost != nil {
		r.onLost(err)
	}
}

func (r *receiver) PauseWriting() {
	r.note("pause")
	if r.onPause != nil {
		r.onPause()
	}
}

func (r *receiver) ResumeWriting() {
	r.note("resume")
	if r.onResume != nil {
		r.onResume()
	}
}

// endpoint makes an endpoint with a receiver, and ends it with the test. Coroutines only.
func (n *netTest) endpoint(ctx context.Context, o asyncio.DatagramOptions, options ...func(*receiver)) *receiver {
	n.Helper()
	r := &receiver{}
	for _, option := range options {
		option(r)
	}
	_, p, err := n.l.CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return r }, &o)
	if err != nil {
		n.Fatal(err)
	}
	if p != asyncio.DatagramProtocol(r) || r.transport == nil {
		n.Error("the protocol is another one, or was not told")
	}
	return r
}

// local is an endpoint on this machine.
var local = asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0"}

// plainPeer is a peer that is no loop's.
func (n *netTest) plainPeer() *testkit.UDPPeer {
	n.Helper()
	return testkit.NewUDPPeer(n.T)
}

// posts has a plain peer send.
func (n *netTest) posts(c *testkit.UDPPeer, text string, to net.Addr) {
	n.Helper()
	c.Send([]byte(text), to.(*net.UDPAddr))
}

// letters has a plain peer receive so many datagrams. It blocks: what the loop had to do for
// them it has done before.
func (n *netTest) letters(c *testkit.UDPPeer, count int) (got []string) {
	n.Helper()
	if asyncio.OnLoop(n.l) {
		n.check(asyncio.Engine(n.l).Flush()) // a proactor may have them only queued
	}
	p := make([]byte, 1<<16)
	for range count {
		got = append(got, string(p[:c.Receive(p)]))
	}
	return got
}

// dgramRow is a row about endpoints: f runs as netRow's do, in a coroutine, with a plain
// peer and an endpoint, which is ended after it. Rows of proactors run on those.
func dgramRow(t *testing.T, row string, f func(ctx context.Context, n *netTest, c *testkit.UDPPeer, r *receiver)) {
	t.Helper()
	which := testkit.Unpinned
	if strings.HasPrefix(row, "proactor.") {
		which = testkit.Proactors
	}
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		overLoops(t, which, func(t *testing.T) {
			n := newNetTest(t)
			n.run(func(ctx context.Context) {
				r := n.endpoint(ctx, local)
				f(ctx, n, n.plainPeer(), r)
				n.aborts(ctx, r)
			})
		})
	})
}

// spuriousDatagram has the engine hear that there is something to receive, as a selector may
// say in error. Over a proactor there is nothing like it.
func spuriousDatagram(t asyncio.DatagramTransport) {
	if s, ok := asyncio.DatagramOf(t).(engine.Completer); ok {
		s.Complete(uint64(engine.Read))
	}
}

// aborts ends an endpoint and waits for its end.
func (n *netTest) aborts(ctx context.Context, r *receiver) {
	n.Helper()
	r.transport.Abort()
	n.until(ctx, "the end", func() bool { return r.lost })
}
