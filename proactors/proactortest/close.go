package proactortest

import (
	"errors"
	"runtime"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

var closeCases = []testCase{
	{"close-ends-operations", testCloseEnds},
	{"close-new", testCloseNew},
	{"closed", testClosed},
	{"close-lent", testCloseLent},
	{"close-accepted", testCloseAccepted},
	{"close-wake", testCloseWake},
}

// testCloseEnds: operations that are under way end with the proactor, those that the
// system never heard of included, and the descriptors stay.
func testCloseEnds(b *bench) {
	x, y := b.pair()
	l, _ := b.listener()
	ops := b.waiting(x, l)
	b.wait(0)
	queued := []*op{{}, {}}
	b.submit(queued[0], proactors.Request{Kind: proactors.Poll, FD: x, Mask: readable})
	b.submit(queued[1], proactors.Request{Kind: proactors.Receive, FD: x})
	b.cancel(ops[0])
	b.must(b.p.Close())
	for _, o := range append(ops, queued...) {
		if o.InFlight() {
			b.Errorf("%+v is in flight", o.request)
		}
	}
	b.put(y, []byte("hello"))
	if got := b.take(x, 5); string(got) != "hello" {
		b.Errorf("%q came", got)
	}
}

// testCloseNew: one that never did anything.
func testCloseNew(b *bench) {
	b.must(b.p.Close())
	b.must(b.p.Close())
}

func testClosed(b *bench) {
	x, _ := b.pair()
	b.must(b.p.Close())
	var o op
	_, waited := b.p.Wait(time.Hour)
	for call, err := range map[string]error{
		"Attach": b.p.Attach(x), "Flush": b.p.Flush(), "Wait": waited,
		"Submit":         b.p.Submit(&o.Operation, &proactors.Request{Kind: proactors.Poll, FD: x, Mask: writable}),
		"Submit, posted": b.p.Submit(&o.Operation, &proactors.Request{Kind: proactors.Send, Post: true, FD: x, Bufs: [][]byte{{1}}}),
	} {
		if !errors.Is(err, proactors.ErrClosed) {
			b.Errorf("%s: %v", call, err)
		}
	}
	b.p.Cancel(&o.Operation)
	b.p.Wake()
	if o.InFlight() || len(b.p.Descriptors()) != 0 {
		b.Errorf("in flight: %v; descriptors %v", o.InFlight(), b.p.Descriptors())
	}
	if m, ok := b.p.(proactors.Meter); ok {
		if u := m.Usage(); u.InFlight != 0 || u.Lent != 0 {
			b.Errorf("%+v", u)
		}
	}
	_, _ = b.p.Name(), b.p.String()
}

// testCloseLent: what is lent may be given back later.
func testCloseLent(b *bench) {
	x, y := b.pair()
	b.put(y, []byte("hello"))
	c := b.do(proactors.Request{Kind: proactors.Receive, FD: x})
	b.must(b.p.Close())
	b.p.Release(c)
}

// testCloseAccepted: a connection that nobody was told of is closed, or waits still.
func testCloseAccepted(b *bench) {
	l, a := b.listener()
	var o op
	b.submit(&o, proactors.Request{Kind: proactors.Accept, FD: l})
	b.wait(0)
	fd := b.dial(a)
	defer sock.Close(fd)
	b.must(b.p.Flush())
	b.must(b.p.Close())
	deadline := time.Now().Add(patience)
	for p := make([]byte, 1); ; runtime.Gosched() {
		if other, err := sock.Accept(l); err == nil {
			b.must(sock.Close(other))
			return
		}
		if _, err := sock.Read(fd, p); err == nil || sock.Disconnected(err) {
			return
		}
		if time.Now().After(deadline) {
			b.Fatal("the connection is neither closed nor does it wait")
		}
	}
}

// testCloseWake: others may call Wake while and after it is closed.
func testCloseWake(b *bench) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				b.p.Wake()
			}
		}
	}()
	for range 100 {
		b.wait(0)
	}
	b.must(b.p.Close())
	for range 100 {
		runtime.Gosched()
	}
	close(stop)
	<-stopped
}
