package churn_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio"
)

// hasty is how long the hasty server waits for a handshake.
const hasty = 20 * time.Millisecond

// mute is a server's end that says nothing.
type mute struct{ asyncio.BaseProtocol }

// unmet is the protocol of a connection that must never be made.
type unmet struct {
	asyncio.BaseProtocol
	book *book
}

// ConnectionMade implements asyncio.Protocol.
func (u *unmet) ConnectionMade(t asyncio.Transport) {
	u.book.fail("a handshake that was stalled is done")
	t.Abort()
}

// loss is a client's end of which only the end counts.
type loss struct {
	asyncio.BaseProtocol
	made bool
	over bool
	wake asyncio.Waiter
}

// ConnectionMade implements asyncio.Protocol.
func (l *loss) ConnectionMade(asyncio.Transport) { l.made = true }

// ConnectionLost implements asyncio.Protocol.
func (l *loss) ConnectionLost(error) {
	l.over = true
	l.wake.Wake()
}

// wait waits for the end.
func (l *loss) wait(ctx context.Context) error {
	return asyncio.Timeout(ctx, patience, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		for !l.over {
			if err := l.wake.Wait(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// churnStalls has handshakes that never end, by either side, cut off by the other's patience,
// by a cancel or by the network.
func churnStalls(ctx context.Context, loop asyncio.EventLoop, b *book, places []place, seed uint64, d time.Duration) error {
	until := loop.Time() + d
	return asyncio.WithTaskGroup(ctx, func(_ context.Context, g *asyncio.TaskGroup) error {
		for i := range 4 {
			s := &staller{loop, b, places, rand.New(rand.NewPCG(seed, uint64(1000+i)))}
			g.Go(func(ctx context.Context) error {
				for loop.Time() < until {
					if err := s.one(ctx); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return nil
	})
}

// staller makes one stalled handshake after the other.
type staller struct {
	loop   asyncio.EventLoop
	book   *book
	places []place
	rng    *rand.Rand
}

// at is the place of a kind.
func (s *staller) at(use use) place {
	for _, p := range s.places {
		if p.use == use {
			return p
		}
	}
	panic("there is no such place")
}

// one stalls one handshake.
func (s *staller) one(ctx context.Context) error {
	err := [](func(context.Context) error){s.client, s.server, s.over}[s.rng.IntN(3)](ctx)
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return asyncio.Sleep(ctx, 50*time.Millisecond)
	case err != nil:
		return err
	}
	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	s.book.total.Stalled++
	return nil
}

// client is a client in clear that says the beginning of what a client says, or anything. The
// server's patience ends it, unless the client does before.
func (s *staller) client(ctx context.Context) error {
	p := &loss{}
	at := s.at(hastyPlace)
	t, _, err := s.loop.CreateConnection(ctx, func() asyncio.Protocol { return p }, at.network, at.address, nil)
	if err != nil {
		return err
	}
	hello := firstWords()
	said := hello[:s.rng.IntN(len(hello))]
	if s.rng.IntN(4) == 0 {
		said = pattern[:1+s.rng.IntN(2000)]
	}
	if _, err := t.Write(said); err != nil {
		return err
	}
	cuts := s.rng.IntN(2) == 0
	if cuts {
		if err := asyncio.Sleep(ctx, time.Duration(s.rng.IntN(5000))*time.Microsecond); err != nil {
			return err
		}
	}
	if cuts && !p.over {
		[]func(){t.Abort, func() { _ = t.Close() }, func() { resetNow(s.loop, t) }}[s.rng.IntN(3)]()
	}
	return s.wait(ctx, t, p)
}

// wait waits for a connection's end. The peer's reset may be lost where that can be.
func (s *staller) wait(ctx context.Context, t asyncio.Transport, p *loss) error {
	err := p.wait(ctx)
	if errors.Is(err, asyncio.ErrTimeout) && asyncio.IsSimulated(s.loop) {
		t.Abort()
		err = p.wait(ctx)
	}
	return err
}

// server is a server that says nothing to a client that speaks TLS.
func (s *staller) server(ctx context.Context) error {
	p := &loss{}
	at := s.at(mutePlace)
	return s.ends(ctx, func(ctx context.Context) error {
		_, _, err := s.loop.CreateConnection(ctx, func() asyncio.Protocol { return p }, at.network, at.address, &asyncio.ConnectionOptions{
			TLS: s.speaks().config(false), TLSHandshakeTimeout: s.patience(),
		})
		if p.made {
			s.book.fail("a client has met a server that says nothing")
		}
		return err
	})
}

// over goes over to TLS where the server says nothing.
func (s *staller) over(ctx context.Context) error {
	p := &loss{}
	at := s.at(mutePlace)
	t, _, err := s.loop.CreateConnection(ctx, func() asyncio.Protocol { return p }, at.network, at.address, nil)
	if err != nil {
		return err
	}
	err = s.ends(ctx, func(ctx context.Context) error {
		_, err := s.loop.StartTLS(ctx, t, p, s.speaks().config(false), &asyncio.StartTLSOptions{HandshakeTimeout: s.patience()})
		return err
	})
	t.Abort() // a cancel that came first has left it as it was
	return errors.Join(err, p.wait(ctx))
}

// speaks chooses a version.
func (s *staller) speaks() speaks { return speaks{version: tls.VersionTLS12 + uint16(s.rng.IntN(2))} }

// patience chooses how long a client waits.
func (s *staller) patience() time.Duration {
	return time.Duration(1+s.rng.IntN(20_000)) * time.Microsecond
}

// ends runs f, which must time out, or is cancelled meanwhile.
func (s *staller) ends(ctx context.Context, f func(context.Context) error) error {
	task := asyncio.GoErr(ctx, f)
	cancels := s.rng.IntN(2) == 0
	if cancels {
		if _, err := s.loop.CallLater(s.patience(), func() { task.Cancel("churn") }); err != nil {
			return err
		}
	}
	switch _, err := task.Await(ctx); {
	case errors.Is(err, asyncio.ErrTimeout), cancels && errors.Is(err, asyncio.ErrCancelled):
		return nil
	case err == nil:
		return errors.New("a handshake without a peer is done")
	default:
		return err
	}
}

// firstWords are what a client says first.
var firstWords = sync.OnceValue(func() []byte {
	c := &listener{}
	_ = tls.Client(c, speaks{version: tls.VersionTLS13}.config(false)).Handshake() // nobody answers
	return c.said
})

// listener is a connection that hears and says nothing.
type listener struct {
	net.Conn
	said []byte
}

func (l *listener) Write(p []byte) (int, error) {
	l.said = append(l.said, p...)
	return len(p), nil
}

func (l *listener) Read([]byte) (int, error)         { return 0, io.EOF }
func (l *listener) Close() error                     { return nil }
func (l *listener) SetWriteDeadline(time.Time) error { return nil }
