package churn_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// handshakes are how many connections TestMemory makes on each kind of loop. The long form
// has one kind at a time, each in a process of its own:
//
//	go test ./internal/churn -v -timeout 0 -run 'TestMemory/epoll' -handshakes 100000
var handshakes = flag.Int("handshakes", 400, "how many TLS connections TestMemory makes on each kind of loop")

// atOnce is how many there are at a time.
const atOnce = 16

// many is from how many connections on the memory of the whole process is looked at, too.
const many = 20_000

// TestMemory has many connections with TLS come, agree, echo and end in all ways, and looks
// at what stays: as much after all of them as after the first few.
func TestMemory(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	before := testkit.Snapshot()
	for _, m := range testkit.Available(t, kinds) {
		t.Run(m.Name, func(t *testing.T) {
			loop, err := loops.New(m, quiet)
			if err != nil {
				t.Fatal(err)
			}
			r := &rounds{T: t, loop: loop, rng: rand.New(rand.NewPCG(*seed, 3))}
			if err := loop.RunUntilComplete(asyncio.CreateTaskErr(loop, r.run)); err != nil {
				t.Errorf("seed %d: %v", *seed, err)
			}
			if err := loop.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	if err := before.Left(20 * time.Second); err != nil {
		t.Fatal(err)
	}
}

// rounds are the connections of one loop, which has both of their ends.
type rounds struct {
	*testing.T
	loop          asyncio.EventLoop
	rng           *rand.Rand
	secure, clear place
	begun, live   int
	wake          asyncio.Waiter
}

// remains is what is in use when no connection is left.
type remains struct {
	heap, resident uint64
	goroutines     int
}

// run makes a tenth of the connections, then half, then all, and compares.
func (r *rounds) run(ctx context.Context) error {
	servers, err := r.listen(ctx)
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range servers {
			s.Close()
		}
	}()
	var all []remains
	for _, n := range []int{*handshakes / 10, *handshakes / 2, *handshakes} {
		err := asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
			for range atOnce {
				g.Go(func(ctx context.Context) error {
					for r.begun < n {
						r.begun++
						if err := r.one(ctx); err != nil {
							return err
						}
					}
					return nil
				})
			}
			return nil
		})
		if err := errorOf(err, r.ended(ctx)); err != nil {
			return err
		}
		m := r.remains()
		r.Logf("after %d connections: %d KiB of heap, %d KiB resident, %d goroutines", n, m.heap>>10, m.resident>>10, m.goroutines)
		all = append(all, m)
	}
	r.compare(all)
	return nil
}

// errorOf is the first of two.
func errorOf(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// compare fails the test if more stays than pools and tables do.
func (r *rounds) compare(all []remains) {
	first, last := all[0], all[len(all)-1]
	const slack = 256 << 10
	if more := int64(last.heap) - int64(first.heap); more > slack+int64(min(*handshakes, many))<<10/2 {
		r.Errorf("%d bytes of heap stay that were not there after a tenth of %d connections", more, *handshakes)
	}
	if last.goroutines > first.goroutines+atOnce { // the loop keeps some for coroutines to come
		r.Errorf("%d goroutines stay, %d stayed after a tenth of the connections", last.goroutines, first.goroutines)
	}
	if *handshakes >= many && last.resident > first.resident*5/4 {
		r.Errorf("%d bytes are resident after all, %d after a tenth of them", last.resident, first.resident)
	}
}

// remains looks at what is in use.
func (r *rounds) remains() remains {
	var m runtime.MemStats
	for range 2 { // what pools keep goes with the second
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return remains{m.HeapAlloc, resident(), runtime.NumGoroutine()}
}

// listen makes a server for TLS and one for what goes over to it.
func (r *rounds) listen(ctx context.Context) (servers []*asyncio.Server, err error) {
	for _, at := range []struct {
		*place
		use use
	}{{&r.secure, tlsPlace}, {&r.clear, clearPlace}} {
		s, err := r.loop.CreateServer(ctx, func() asyncio.Protocol { return &echoEnd{r: r, over: at.use == clearPlace} }, "tcp", "127.0.0.1:0", at.use.options())
		if err != nil {
			return servers, err
		}
		servers = append(servers, s)
		*at.place = place{"tcp", s.Addrs()[0].String(), at.use}
	}
	return servers, nil
}

// ended waits until no end is left.
func (r *rounds) ended(ctx context.Context) error {
	return asyncio.Timeout(ctx, patience, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		for r.live > 0 {
			if err := r.wake.Wait(ctx); err != nil {
				return fmt.Errorf("%d ends are left: %w", r.live, err)
			}
		}
		return nil
	})
}

// How a connection ends, as its first byte says.
const (
	clientCloses = iota
	serverCloses
	clientAborts
	clientResets
	waysToEnd
)

// one makes one connection: of either version, from its start or upon one in clear; now and
// then it is cancelled while it is made.
func (r *rounds) one(ctx context.Context) error {
	e := &onceEnd{r: r, got: make([]byte, 0, 64)}
	s := speaks{version: tls.VersionTLS12 + uint16(r.rng.IntN(2))}
	over, cancels := r.rng.IntN(4) == 0, r.rng.IntN(16) == 0
	task := asyncio.GoErr(ctx, func(ctx context.Context) error { return r.connect(ctx, e, s, over) })
	if cancels {
		if _, err := r.loop.CallLater(time.Duration(r.rng.IntN(3000))*time.Microsecond, func() { task.Cancel("churn") }); err != nil {
			return err
		}
	}
	if _, err := task.Await(ctx); err != nil {
		if e.t != nil {
			e.t.Abort()
		}
		if cancels && errors.Is(err, asyncio.ErrCancelled) {
			err = e.wait(ctx)
		}
		return err
	}
	sent := bytes.Clone(pattern[:64])
	sent[0] = byte(r.rng.IntN(waysToEnd))
	if _, err := e.t.Write(sent); err != nil {
		return err
	}
	for len(e.got) < len(sent) && !e.lost {
		if err := e.wake.Wait(ctx); err != nil {
			return err
		}
	}
	if !bytes.Equal(e.got, sent) {
		return fmt.Errorf("%q came back of %q", e.got, sent)
	}
	switch sent[0] {
	case clientCloses:
		if err := e.t.Close(); err != nil {
			return err
		}
	case clientAborts:
		e.t.Abort()
	case clientResets:
		resetNow(r.loop, e.t)
	}
	return e.wait(ctx)
}

// connect makes a connection with TLS.
func (r *rounds) connect(ctx context.Context, e *onceEnd, s speaks, over bool) error {
	at, o := r.secure, &asyncio.ConnectionOptions{TLS: s.config(false), TLSHandshakeTimeout: patience, TLSShutdownTimeout: patience}
	if over {
		at, o = r.clear, nil
	}
	if _, _, err := r.loop.CreateConnection(ctx, func() asyncio.Protocol { return e }, at.network, at.address, o); err != nil || !over {
		return err
	}
	t, err := r.loop.StartTLS(ctx, e.t, e, s.config(false), &asyncio.StartTLSOptions{HandshakeTimeout: patience, ShutdownTimeout: patience})
	if err == nil {
		e.t = t
	}
	return err
}

// onceEnd is the client's end of one message.
type onceEnd struct {
	asyncio.BaseProtocol
	r    *rounds
	t    asyncio.Transport
	got  []byte
	lost bool
	wake asyncio.Waiter
}

// ConnectionMade implements asyncio.Protocol.
func (e *onceEnd) ConnectionMade(t asyncio.Transport) {
	e.t = t
	e.r.live++
}

// DataReceived implements asyncio.Protocol.
func (e *onceEnd) DataReceived(p []byte) {
	e.got = append(e.got, p...)
	e.wake.Wake()
}

// ConnectionLost implements asyncio.Protocol.
func (e *onceEnd) ConnectionLost(error) {
	e.lost = true
	e.wake.Wake()
	e.r.gone()
}

// gone notes the end of an end.
func (r *rounds) gone() {
	r.live--
	r.wake.Wake()
}

// wait waits for the end, if there was a beginning.
func (e *onceEnd) wait(ctx context.Context) error {
	return asyncio.Timeout(ctx, patience, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		for e.t != nil && !e.lost {
			if err := e.wake.Wait(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// echoEnd is the server's end: it echoes, and closes if it is told to.
type echoEnd struct {
	asyncio.BaseProtocol
	r      *rounds
	over   bool
	t      asyncio.Transport
	change change
}

// ConnectionMade implements asyncio.Protocol.
func (e *echoEnd) ConnectionMade(t asyncio.Transport) {
	e.t = t
	e.r.live++
	if !e.over {
		return
	}
	e.change.begin(e.r.loop, t, e, speaks{}, true, func(over asyncio.Transport, err error) {
		if err != nil {
			t.Abort()
			return
		}
		if e.t = over; len(e.change.late) > 0 {
			e.DataReceived(e.change.late)
		}
	})
}

// DataReceived implements asyncio.Protocol.
func (e *echoEnd) DataReceived(p []byte) {
	if e.change.keeps(p) {
		return
	}
	_, _ = e.t.Write(p) // the client may be gone
	if p[0] == serverCloses {
		_ = e.t.Close() // the loop's own goroutine asks
	}
}

// ConnectionLost implements asyncio.Protocol.
func (e *echoEnd) ConnectionLost(error) { e.r.gone() }
