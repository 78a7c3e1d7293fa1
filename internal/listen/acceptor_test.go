package listen_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// row runs f in a parallel subtest with an acceptor that accepts.
func row(t *testing.T, name string, f func(b *bench)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		if err := b.a.Start(5); err != nil {
			t.Fatal(err)
		}
		f(b)
	})
}

// TestAcceptor: the life of a listening socket.
func TestAcceptor(t *testing.T) {
	t.Parallel()
	row(t, "each-in-a-step-of-its-own", func(b *bench) {
		b.comes(1)
		b.comes(2)
		b.wants("accepted 10.0.0.1:1, accepted 10.0.0.1:2")
		if b.active != 2 || len(b.waiting.Of(b.server)) != 2 || b.waiting.First().Local() != b.a.Addr() {
			b.Errorf("%d active, %d wait", b.active, len(b.waiting.Of(b.server)))
		}
		b.pass()
		b.wants("set up 10.0.0.1:1, set up 10.0.0.1:2")
		if b.active != 2 || b.waiting.First() != nil {
			b.Errorf("%d active, %v waits", b.active, b.waiting.First())
		}
	})
	row(t, "rests-after-a-failure", func(b *bench) {
		b.l.fails(syscall.EMFILE)
		b.wants("failed " + syscall.EMFILE.Error())
		if r := b.running(); len(r) != 1 || r[0].d != listen.RetryDelay || r[0].a != b.a || !b.a.Resting() || b.l.starts != 1 {
			b.Errorf("%d timers, resting=%v, begun %d times", len(r), b.a.Resting(), b.l.starts)
		}
		b.a.Again()
		if b.a.Resting() || b.l.starts != 2 || !b.l.accepting {
			b.Errorf("resting=%v, begun %d times", b.a.Resting(), b.l.starts)
		}
		b.comes(1)
		b.pass()
	})
	row(t, "fails-again", func(b *bench) {
		b.l.fails(syscall.EMFILE)
		b.l.refuse = errOdd
		b.a.Again()
		b.wants("failed " + syscall.EMFILE.Error() + ", failed odd")
		if len(b.running()) != 1 || !b.a.Resting() {
			b.Errorf("%d timers, resting=%v", len(b.running()), b.a.Resting())
		}
	})
	row(t, "told-to-one-who-leaves", func(b *bench) {
		b.leaves = true
		b.do(func() { b.l.fails(errOdd) })
		if b.wants("failed odd"); len(b.running()) != 1 {
			b.Error("it does not go on by itself")
		}
	})
	row(t, "closed-while-accepting", func(b *bench) {
		if err := b.a.Close(); err != nil || !b.l.closed {
			b.Errorf("Close: %v, closed=%v", err, b.l.closed)
		}
	})
	row(t, "closed-while-resting", func(b *bench) {
		b.l.fails(errOdd)
		if err := b.a.Close(); err != nil || len(b.running()) != 0 || b.a.Resting() {
			b.Errorf("Close: %v, %d timers", err, len(b.running()))
		}
		if b.a.Again(); b.l.starts != 1 { // it was on its way
			b.Error("a closed one accepts")
		}
	})
	row(t, "failure-after-close", func(b *bench) {
		if err := b.a.Close(); err != nil {
			b.Error(err)
		}
		b.a.AcceptFailed(errOdd)
		if b.wants("failed odd"); b.a.Resting() || len(b.timers) != 0 {
			b.Error("a closed one rests")
		}
	})
	row(t, "close-fails", func(b *bench) {
		b.l.closeErr = errOdd
		if err := b.a.Close(); !errors.Is(err, errOdd) || !strings.Contains(err.Error(), "127.0.0.1:80") {
			b.Errorf("Close: %v", err)
		}
		if text := fmt.Sprint(b.a); !strings.Contains(text, fmt.Sprint("fd=", b.a.FD())) || !strings.Contains(text, "127.0.0.1:80") {
			b.Errorf("described as %s", text)
		}
	})
	t.Run("closed-before-it-starts", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		if err := b.a.Close(); err != nil || b.l.starts != 0 {
			t.Errorf("Close: %v, begun %d times", err, b.l.starts)
		}
	})
	t.Run("not-started", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.w.refuseListen = errOdd
		if err := b.a.Start(5); !errors.Is(err, errOdd) || !strings.Contains(err.Error(), "listen on 127.0.0.1:80") || b.l.starts != 0 {
			t.Errorf("Start: %v, begun %d times", err, b.l.starts)
		}
		b.w.refuseListen, b.l.refuse = nil, errOdd
		if err := b.a.Start(5); err != errOdd {
			t.Errorf("Start: %v", err)
		}
	})
	for name, refuse := range map[string]func(w *world, e *fakeEngine){
		"no-address":  func(w *world, _ *fakeEngine) { w.refuseLocal = errOdd },
		"no-listener": func(_ *world, e *fakeEngine) { e.err = errOdd },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			e := fakeEngine{w: w}
			refuse(w, &e)
			if a, err := listen.NewAcceptor(&listen.Receiver{&server{T: t, w: w}, &listen.Waiting{}, w}, e, w.connect()); a != nil || err != errOdd || len(w.open) != 0 {
				t.Errorf("%v, %v, open %v", a, err, w.open)
			}
		})
	}
}

// TestAcceptedWithoutPeer: on a system that does not say whom it has accepted it is asked,
// and who is gone by then is passed over.
func TestAcceptedWithoutPeer(t *testing.T) {
	t.Parallel()
	row(t, "asked", func(b *bench) {
		fd := b.w.connect()
		b.w.peers[fd] = addr(b, "10.0.0.1:9")
		b.l.h.Accepted(fd, sock.Addr{})
		b.pass()
		b.wants("accepted 10.0.0.1:9, set up 10.0.0.1:9")
	})
	row(t, "gone", func(b *bench) {
		b.l.h.Accepted(b.w.connect(), sock.Addr{})
		if b.wants(""); b.active != 0 {
			b.Errorf("%d active", b.active)
		}
	})
}

// TestConn: a connection that waits, until somebody has it or it is dropped.
func TestConn(t *testing.T) {
	t.Parallel()
	row(t, "after-close", func(b *bench) {
		b.comes(1)
		if err := b.a.Close(); err != nil {
			b.Error(err)
		}
		b.pass()
		b.wants("accepted 10.0.0.1:1, set up 10.0.0.1:1")
	})
	row(t, "dropped", func(b *bench) {
		for port := range uint16(3) {
			b.comes(port + 1)
		}
		b.log = nil
		c := b.waiting.Of(b.server)[1]
		for range 2 {
			if err := c.Drop(); err != nil || !c.Dropped() {
				b.Errorf("Drop: %v", err)
			}
		}
		b.pass()
		b.wants("dropped 10.0.0.1:2, set up 10.0.0.1:1, set up 10.0.0.1:3")
		if b.active != 2 {
			b.Errorf("%d active", b.active)
		}
	})
	row(t, "all-dropped", func(b *bench) {
		for port := range uint16(3) {
			b.comes(port + 1)
		}
		b.w.refuseClose = errOdd
		for c := b.waiting.First(); c != nil; c = b.waiting.First() {
			if err := c.Drop(); err != errOdd {
				b.Errorf("Drop: %v", err)
			}
		}
		if b.pass(); b.active != 0 {
			b.Errorf("%d active", b.active)
		}
	})
	row(t, "of-another-server", func(b *bench) {
		b.comes(1)
		if other := b.waiting.Of(&server{}); len(other) != 0 {
			b.Errorf("%d wait for a server that has accepted nothing", len(other))
		}
		b.pass()
	})
	for name, how := range map[string]struct {
		setUp func(*listen.Conn) (any, error)
		log   string
	}{
		"without-protocol": {func(*listen.Conn) (any, error) { return nil, errOdd }, "<nil> odd <nil>"},
		"with-protocol":    {func(*listen.Conn) (any, error) { return "protocol", errOdd }, "protocol odd <nil>"},
		"by-goexit":        {func(*listen.Conn) (any, error) { runtime.Goexit(); return nil, nil }, "<nil> <nil> <nil>"},
	} {
		for _, leaves := range []bool{false, true} {
			row(t, fmt.Sprintf("not-set-up/%s/told-to-one-who-leaves=%v", name, leaves), func(b *bench) {
				b.comes(1)
				b.comes(2)
				first := true
				b.setUp = func(c *listen.Conn) (any, error) {
					if first {
						first = false
						return how.setUp(c)
					}
					delete(b.w.open, c.FD)
					return nil, nil
				}
				b.log = nil
				b.do(b.steps[0].SetUp)
				b.steps = b.steps[1:]
				b.wants("set up 10.0.0.1:1, dropped 10.0.0.1:1, not set up 10.0.0.1:1: " + how.log)
				b.leaves = leaves
				if b.pass(); b.active != 1 || b.waiting.First() != nil { // the others are left alone
					b.Errorf("%d active, %v waits", b.active, b.waiting.First())
				}
			})
		}
	}
	row(t, "told-to-one-who-leaves", func(b *bench) {
		b.comes(1)
		b.w.refuseClose = errOdd
		b.setUp = func(*listen.Conn) (any, error) { b.leaves = true; return nil, errOdd }
		b.log = nil
		b.pass()
		b.wants("set up 10.0.0.1:1, dropped 10.0.0.1:1")
		if b.waiting.First() != nil || b.active != 0 {
			b.Error("it is still there")
		}
	})
	row(t, "dropped-meanwhile", func(b *bench) {
		b.comes(1)
		b.setUp = func(c *listen.Conn) (any, error) { return "protocol", c.Drop() }
		b.log = nil
		b.pass()
		b.wants("set up 10.0.0.1:1, dropped 10.0.0.1:1")
	})
}

// TestHandOver: a connection that is assigned to another loop is that one's, or stays.
func TestHandOver(t *testing.T) {
	t.Parallel()
	// other adds a server of another loop to a bench, which gets all connections.
	other := func(b *bench) (*server, *listen.Receiver) {
		o := &server{T: b.T, w: b.w}
		to := &listen.Receiver{Outside: o, Waiting: &listen.Waiting{}, Sockets: b.w}
		b.assign = func() (*listen.Receiver, error) { return to, nil }
		return o, to
	}
	row(t, "arrives", func(b *bench) {
		o, _ := other(b)
		b.comes(1)
		b.pass()
		b.wants("accepted 10.0.0.1:1, dropped 10.0.0.1:1")
		if b.active != 0 || o.active != 1 || len(o.arrived) != 1 || o.arrived[0].Local() != b.a.Addr() {
			b.Errorf("%d and %d active, %d arrive", b.active, o.active, len(o.arrived))
		}
		o.arrived[0].Arrive()
		o.wants("set up 10.0.0.1:1")
		if o.active != 1 {
			b.Errorf("%d active", o.active)
		}
	})
	row(t, "not-passed-on", func(b *bench) {
		o, to := other(b)
		o.assign = func() (*listen.Receiver, error) { b.Error("asked again"); return to, nil }
		b.comes(1)
		b.pass()
		o.arrived[0].Arrive()
	})
	row(t, "server-closed", func(b *bench) {
		o, _ := other(b)
		o.closed = true
		b.comes(1)
		b.pass()
		if b.wants("accepted 10.0.0.1:1, set up 10.0.0.1:1"); b.active != 1 || o.active != 0 {
			b.Errorf("%d and %d active", b.active, o.active)
		}
	})
	row(t, "loop-closed", func(b *bench) {
		o, to := other(b)
		to.Waiting.Close()
		b.comes(1)
		b.pass()
		if b.wants("accepted 10.0.0.1:1, set up 10.0.0.1:1"); b.active != 1 || o.active != 0 || to.Waiting.First() != nil {
			b.Errorf("%d and %d active", b.active, o.active)
		}
	})
	row(t, "loop-closed-meanwhile", func(b *bench) {
		o, to := other(b)
		o.arrives = func() bool { return false }
		b.comes(1)
		b.pass()
		if b.wants("accepted 10.0.0.1:1, set up 10.0.0.1:1"); b.active != 1 || o.active != 0 || to.Waiting.First() != nil {
			b.Errorf("%d and %d active", b.active, o.active)
		}
	})
	row(t, "loop-closed-and-emptied-meanwhile", func(b *bench) {
		o, to := other(b)
		o.arrives = func() bool {
			to.Waiting.Close()
			if err := to.Waiting.First().Drop(); err != nil {
				b.Error(err)
			}
			return false
		}
		b.comes(1)
		b.pass()
		if b.active != 0 || o.active != 0 {
			b.Errorf("%d and %d active", b.active, o.active)
		}
	})
	row(t, "dropped-on-its-way", func(b *bench) {
		o, to := other(b)
		b.comes(1)
		b.pass()
		for _, c := range to.Waiting.Of(o) {
			if err := c.Drop(); err != nil {
				b.Error(err)
			}
		}
		o.arrived[0].Arrive()
		if o.wants("dropped 10.0.0.1:1"); o.active != 0 {
			b.Errorf("%d active", o.active)
		}
	})
	row(t, "other-sockets", func(b *bench) {
		_, to := other(b)
		to.Sockets = newWorld(b.T)
		b.comes(1)
		b.pass()
		b.wants("accepted 10.0.0.1:1, set up 10.0.0.1:1")
	})
	row(t, "not-assigned", func(b *bench) {
		b.assign = func() (*listen.Receiver, error) { return nil, errOdd }
		b.comes(1)
		b.pass()
		b.wants("accepted 10.0.0.1:1, dropped 10.0.0.1:1, not set up 10.0.0.1:1: <nil> odd <nil>")
	})
	row(t, "asked-one-leaves", func(b *bench) {
		b.assign = func() (*listen.Receiver, error) { runtime.Goexit(); return nil, nil }
		b.comes(1)
		b.pass()
		b.wants("accepted 10.0.0.1:1, dropped 10.0.0.1:1, not set up 10.0.0.1:1: <nil> <nil> <nil>")
	})
	row(t, "dropped-while-asked", func(b *bench) {
		o, to := other(b)
		b.assign = func() (*listen.Receiver, error) { return to, b.waiting.First().Drop() }
		b.comes(1)
		b.pass()
		if b.wants("accepted 10.0.0.1:1, dropped 10.0.0.1:1"); b.active != 0 || o.active != 0 {
			b.Errorf("%d and %d active", b.active, o.active)
		}
	})
}
