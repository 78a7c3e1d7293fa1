package simulated_test

import (
	"bytes"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// echo is one end of an echo over engines that wait by themselves.
type echo struct {
	e    *simulated.Engine
	s    engine.Stream
	got  []byte
	back bool // it sends what it gets
	out  []byte
	over bool
}

func (c *echo) ReadBuffer() ([]byte, bool)   { return nil, false }
func (c *echo) ReadEOF()                     { c.over = true }
func (c *echo) ReadFailed(error)             { c.over = true }
func (c *echo) Unsent([]byte, error)         {}
func (c *echo) Outgoing(v [][]byte) [][]byte { return append(v, c.out) }

func (c *echo) Received(p []byte) {
	c.got = append(c.got, p...)
	if c.back {
		c.put(p)
	}
}

func (c *echo) Sent(n int, err error) {
	if c.out = c.out[n:]; err == nil && len(c.out) > 0 {
		_ = c.s.Send()
	}
}

func (c *echo) put(p []byte) {
	if len(c.out) == 0 {
		n, _, _ := c.s.Write(p)
		if p = p[n:]; len(p) > 0 {
			defer c.s.Send()
		}
	}
	c.out = append(c.out, p...)
}

// Accepted has the server echo.
func (c *echo) Accepted(fd uintptr, _ sock.Addr) {
	c.s, _ = c.e.Stream(fd, c)
	_ = c.s.StartReading()
}

func (c *echo) AcceptFailed(error) { c.over = true }

// drive polls an engine until over.
func drive(t *testing.T, e *simulated.Engine, over func() bool) {
	for !over() {
		events, err := e.Poll(engine.Forever)
		if err != nil {
			t.Error(err)
			return
		}
		for _, ev := range events {
			ev.To.Complete(ev.Ev)
		}
	}
}

// echoes has two hosts, each on a goroutine of its own, echo over a network.
func echoes(t *testing.T, n *simulated.Network) {
	server, client := &echo{back: true}, &echo{}
	for i, c := range []*echo{client, server} {
		h, err := n.AddHost([]string{"client", "server"}[i], addr4(i))
		if err != nil {
			t.Fatal(err)
		}
		if c.e, err = h.NewEngine(); err != nil {
			t.Fatal(err)
		}
		defer c.e.Close()
	}
	s := server.e.Sockets()
	fd, err := s.Open(sock.Inet4, sock.Stream)
	if err != nil {
		t.Fatal(err)
	}
	a := inet(t, addr4(1), 80)
	if err := s.Bind(fd, a); err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	l, err := server.e.Listener(fd, server)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.StartAccepting(1); err != nil {
		t.Fatal(err)
	}
	want := pattern(500_000)
	var running sync.WaitGroup
	running.Go(func() { drive(t, server.e, func() bool { return server.over }) })
	running.Go(func() {
		fd, err := client.e.Sockets().Open(sock.Inet4, sock.Stream)
		if err != nil {
			t.Error(err)
			return
		}
		_, err = client.e.Connect(fd, a, func(err error) {
			if err != nil {
				t.Error(err)
				client.over = true
				return
			}
			client.s, _ = client.e.Stream(fd, client)
			_ = client.s.StartReading()
			client.put(want)
		})
		if err != nil {
			t.Error(err)
			return
		}
		drive(t, client.e, func() bool { return client.over || len(client.got) == len(want) })
		if client.s != nil {
			_ = client.s.Close()
		}
	})
	running.Wait()
	if !bytes.Equal(client.got, want) {
		t.Errorf("%d bytes came back, and not as they were", len(client.got))
	}
}

// TestFree: engines that wait by themselves.
func TestFree(t *testing.T) {
	t.Parallel()
	for _, c := range []simulated.Conditions{{}, {Latency: simulated.Spread{Most: 100 * time.Microsecond}}} {
		n := simulated.New(simulated.Config{})
		n.Change(func() { n.SetUsual(c) })
		echoes(t, n)
	}
}

// TestFreeInABubble: the network's time is that of package time, also where that is fake.
func TestFreeInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := simulated.New(simulated.Config{})
		n.Change(func() {
			n.SetUsual(simulated.Conditions{Latency: simulated.Spread{Least: time.Hour, Most: 2 * time.Hour}})
			n.SetStack(simulated.Stack{ConnectTimeout: 24 * time.Hour})
		})
		begun := time.Now()
		echoes(t, n)
		if took := time.Since(begun); took < 5*time.Hour {
			t.Errorf("it took %v", took)
		}
	})
}

// TestPollInABubble: a poll takes as long as it is to, by the host's clock, and Wake ends it.
func TestPollInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := simulated.New(simulated.Config{})
		h, err := n.AddHost("fast", netip.Addr{}.Next(), addr4(0))
		if err == nil {
			t.Error("a host has no address among its addresses")
		}
		h, err = n.AddHost("fast", addr4(0))
		if err != nil {
			t.Fatal(err)
		}
		n.Change(func() { h.SetDrift(1) })
		e, err := h.NewEngine()
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		for _, d := range []time.Duration{0, engine.BriefWait, -5, time.Second, time.Hour} {
			begun, showed := time.Now(), e.Now()
			if events, err := e.Poll(d); len(events) != 0 || err != nil {
				t.Errorf("%v, %v", events, err)
			}
			took, want := time.Since(begun), (max(d, 0)+1)/2 // not before it is over
			if took != want || e.Now()-showed != 2*want {
				t.Errorf("Poll(%v) took %v, and %v by the host's clock", d, took, e.Now()-showed)
			}
		}
		time.AfterFunc(time.Minute, e.Wake)
		begun := time.Now()
		if _, err := e.Poll(engine.Forever); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != time.Minute {
			t.Errorf("woken after %v", took)
		}
	})
}
