package enginetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// testAcceptHeldBack: connections that come while nothing is accepted are
// accepted later.
func testAcceptHeldBack(t *testing.T, b *bench) {
	l, a, addr := b.listen()
	connected := 0
	for range 3 {
		fd, _ := b.dial(addr, func(err error) { b.must(err); connected++ })
		b.cleanup = append(b.cleanup, func() { b.e.Sockets().Close(fd) })
	}
	b.until("connections", func() bool { return connected == 3 })
	b.quiet()
	if len(a.got) != 0 {
		t.Fatal("accepted before StartAccepting")
	}
	b.must(l.StartAccepting(10))
	b.until("the accepted ones", func() bool { return len(a.got) == 3 })
	l.StopAccepting()
	l.StopAccepting()
	b.must(l.StartAccepting(10))
	if len(a.failed) != 0 {
		t.Errorf("accepting failed: %v", a.failed)
	}
}

func testStopInAccepted(t *testing.T, b *bench) {
	l, a, addr := b.listen()
	connected := 0
	for range 3 {
		fd, _ := b.dial(addr, func(err error) { b.must(err); connected++ })
		b.cleanup = append(b.cleanup, func() { b.e.Sockets().Close(fd) })
	}
	b.until("connections", func() bool { return connected == 3 })
	a.on = func(uintptr) { l.StopAccepting() }
	for want := 1; want <= 3; want++ {
		b.must(l.StartAccepting(10))
		b.until("one more", func() bool { return len(a.got) == want })
		b.quiet()
		if len(a.got) != want {
			t.Fatalf("%d accepted, want %d", len(a.got), want)
		}
	}
	a.on = nil
	b.must(l.Close())
	b.must(l.Close())
	if err := l.StartAccepting(1); err == nil {
		t.Error("StartAccepting of a closed listener succeeds")
	}
}

// testAcceptBounded: as many connections in one pass as backlog says, and one more.
func testAcceptBounded(t *testing.T, b *bench) {
	for _, backlog := range []int{0, 1, 4} {
		const clients = 12
		l, a, addr := b.listen()
		connected := 0
		for range clients {
			fd, _ := b.dial(addr, func(err error) { b.must(err); connected++ })
			b.cleanup = append(b.cleanup, func() { b.e.Sockets().Close(fd) })
		}
		b.until("connections", func() bool { return connected == clients })
		b.must(l.StartAccepting(backlog))
		most, before := 0, 0
		b.until("all of them", func() bool {
			most = max(most, len(a.got)-before)
			before = len(a.got)
			return before == clients
		})
		if most != backlog+1 {
			t.Errorf("backlog %d: %d accepted in one pass", backlog, most)
		}
	}
}

// testAcceptAddress: whoever is told of knows its peer's address, also if that has reset
// the connection before; the others were never there.
func testAcceptAddress(t *testing.T, b *bench) {
	l, a, addr := b.listen()
	const clients = 6
	names := map[sock.Addr]bool{}
	var stays sock.Addr
	for i := range clients {
		connected := false
		fd, _ := b.dial(addr, func(err error) { b.must(err); connected = true })
		b.until("a connection", func() bool { return connected })
		name, err := b.e.Sockets().LocalAddr(fd)
		b.must(err)
		names[name] = true
		if i == clients-1 {
			stays = name
			defer b.e.Sockets().Close(fd)
			break
		}
		b.reset(fd)
	}
	b.must(l.StartAccepting(2))
	b.until("the one that stays", func() bool { return slices.Contains(a.peers, stays) })
	for _, peer := range a.peers {
		if !names[peer] {
			t.Errorf("accepted from %v", peer)
		}
		delete(names, peer)
	}
	if len(a.failed) != 0 {
		t.Errorf("accepting failed: %v", a.failed)
	}
}

// reset closes a connection so that its peer reads a reset.
func (b *bench) reset(fd uintptr) {
	b.Helper()
	setLinger := sock.SetLinger
	if s, ok := b.e.Sockets().(interface{ SetLinger(uintptr, int) error }); ok {
		setLinger = s.SetLinger
	}
	b.must(setLinger(fd, 0))
	b.must(b.e.Sockets().Close(fd))
}

func testConnectRefused(t *testing.T, b *bench) {
	held, addr := b.bindOpen() // it does not listen, and nobody else can
	defer b.e.Sockets().Close(held)
	var got error
	calls := 0
	fd, err := b.e.Sockets().Open(addr.Family(), sock.Stream)
	b.must(err)
	defer b.e.Sockets().Close(fd)
	cancel, err := b.e.Connect(fd, addr, func(err error) { calls++; got = err })
	if err != nil {
		return // refused at once
	}
	b.until("the refusal", func() bool { return calls > 0 })
	b.quiet()
	cancel()
	if got == nil || calls != 1 {
		t.Errorf("done(%v), called %d times", got, calls)
	}
}

func testConnectCancelled(t *testing.T, b *bench) {
	l, a, addr := b.listen()
	b.must(l.StartAccepting(10))
	var cancel func()
	var early, called bool
	fd, cancel := b.dial(addr, func(error) { called = true })
	early = called
	cancel()
	cancel()
	b.must(b.e.Sockets().Close(fd))
	b.quiet()
	if called && !early {
		t.Error("done was called after cancel")
	}
	_ = a
}

// watcher is a Completer that counts.
type watcher struct {
	got  []engine.Mask
	then func()
}

func (w *watcher) Complete(ev uint64) {
	w.got = append(w.got, engine.Mask(ev))
	if w.then != nil {
		w.then()
	}
}

func testWatch(t *testing.T, b *bench) {
	fa, fb := b.pair()
	defer b.e.Sockets().Close(fb)
	other := b.stream(fa)
	w := &watcher{}
	b.must(b.e.Watch(fb, engine.Write, w))
	b.until("writability", func() bool { return len(w.got) > 1 })
	if w.got[0] != engine.Write {
		t.Errorf("got %v, want Write alone", w.got[0])
	}
	w.got = nil
	b.must(b.e.Watch(fb, engine.Read, w))
	b.quiet()
	if len(w.got) != 0 {
		t.Fatalf("got %v of a descriptor with nothing to read", w.got)
	}
	other.put([]byte("x"))
	b.until("readability, again and again", func() bool { return len(w.got) > 2 })
	w.got = nil
	b.must(b.e.Watch(fb, engine.Read|engine.Write, w))
	b.until("both", func() bool { return len(w.got) > 0 && w.got[len(w.got)-1] == engine.Read|engine.Write })
	b.must(b.e.Watch(fb, 0, nil))
	w.got = nil
	b.quiet()
	if len(w.got) != 0 {
		t.Error("told of after the watch was removed")
	}
}

// testWatchReplacedAfterPoll: what Poll found for the one is not for the other.
func testWatchReplacedAfterPoll(t *testing.T, b *bench) {
	fa, fb := b.pair()
	defer b.e.Sockets().Close(fb)
	b.stream(fa).say("x")
	old, fresh := &watcher{}, &watcher{}
	b.must(b.e.Watch(fb, engine.Read, old))
	replaced := false
	b.between = func() {
		b.must(b.e.Watch(fb, engine.Read, fresh))
		replaced = true
	}
	for !replaced {
		b.pass(patience)
	}
	if len(old.got)+len(fresh.got) != 0 {
		t.Fatalf("the old watch got %v, the new one %v", old.got, fresh.got)
	}
	b.until("an event of its own", func() bool { return len(fresh.got) > 0 })
	if len(old.got) != 0 {
		t.Error("the old watch still gets events")
	}
	// The same one, removed and added anew, is a new watch too.
	fresh.got, replaced = nil, false
	b.between = func() {
		b.must(b.e.Watch(fb, 0, nil))
		b.must(b.e.Watch(fb, engine.Read, fresh))
		replaced = true
	}
	for !replaced {
		b.pass(patience)
	}
	if len(fresh.got) != 0 {
		t.Error("a watch made after the poll got what the poll had found")
	}
	b.must(b.e.Watch(fb, 0, nil))
}

// testWatchKeptAfterPoll: a direction that stays keeps its event when the other
// is added, which has to wait.
func testWatchKeptAfterPoll(t *testing.T, b *bench) {
	fa, fb := b.pair()
	defer b.e.Sockets().Close(fb)
	b.stream(fa).say("x")
	w := &watcher{}
	b.must(b.e.Watch(fb, engine.Read, w))
	changed := false
	b.between = func() {
		b.must(b.e.Watch(fb, engine.Read|engine.Write, w))
		changed = true
	}
	for !changed {
		b.pass(patience)
	}
	if len(w.got) != 1 || w.got[0] != engine.Read {
		t.Errorf("got %v, want Read once", w.got)
	}
	b.must(b.e.Watch(fb, 0, nil))
}

func testWatchRemovedAfterPoll(t *testing.T, b *bench) {
	fa, fb := b.pair()
	defer b.e.Sockets().Close(fb)
	b.stream(fa).say("x")
	w := &watcher{}
	b.must(b.e.Watch(fb, engine.Read|engine.Write, w))
	for b.between != nil || len(w.got) == 0 {
		b.pass(patience)
	}
	w.got = nil
	b.between = func() { b.must(b.e.Watch(fb, 0, nil)) }
	b.pass(patience)
	b.quiet()
	if len(w.got) != 0 {
		t.Errorf("got %v after the watch was removed", w.got)
	}
}

type named struct{ peer }

func (named) String() string { return "<the transport>" }

func testWatchRefusedForOwned(t *testing.T, b *bench) {
	fa, fb := b.pair()
	defer b.e.Sockets().Close(fb)
	s, err := b.e.Stream(fa, &named{})
	b.must(err)
	for _, mask := range []engine.Mask{engine.Read, 0} {
		err = b.e.Watch(fa, mask, &watcher{})
		var used *engine.UsedError
		if !errors.As(err, &used) || used.FD != fa {
			t.Fatalf("Watch of a stream's descriptor: %v", err)
		}
		if want := fmt.Sprintf("%d is used by transport <the transport>", fa); !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	b.must(s.Close())
	l, _, _ := b.listen()
	if err := b.e.Watch(l.FD(), engine.Read, &watcher{}); !errors.As(err, new(*engine.UsedError)) {
		t.Errorf("Watch of a listener's descriptor: %v", err)
	}
}

func testWatchUnknown(t *testing.T, b *bench) {
	fa, fb := b.pair()
	b.must(b.e.Watch(fa, 0, nil))
	b.must(b.e.Sockets().Close(fa))
	b.must(b.e.Sockets().Close(fb))
	b.must(b.e.Watch(fa, 0, nil))
}

// testStreamEndsWatch: a descriptor that becomes a stream is watched no more.
func testStreamEndsWatch(t *testing.T, b *bench) {
	fa, fb := b.pair()
	w := &watcher{}
	b.must(b.e.Watch(fb, engine.Read, w))
	server := b.stream(fb)
	b.must(server.s.StartReading())
	b.stream(fa).put([]byte("x"))
	b.until("the data", func() bool { return len(server.got) == 1 })
	if len(w.got) != 0 {
		t.Errorf("the watch got %v", w.got)
	}
}

func testOwnedTwice(t *testing.T, b *bench) {
	fa, fb := b.pair()
	b.stream(fa)
	defer b.e.Sockets().Close(fb)
	if _, err := b.e.Stream(fa, &peer{b: b}); !errors.As(err, new(*engine.UsedError)) {
		t.Errorf("a second stream of one descriptor: %v", err)
	}
	if _, err := b.e.Listener(fa, &acceptor{}); !errors.As(err, new(*engine.UsedError)) {
		t.Errorf("a listener of a stream's descriptor: %v", err)
	}
}

func testWake(t *testing.T, b *bench) {
	// Before a Poll: it must not block.
	b.e.Wake()
	b.e.Wake()
	if _, err := b.e.Poll(patience); err != nil {
		t.Fatal(err)
	}
	// During one.
	woken := make(chan struct{})
	go func() {
		defer close(woken)
		b.e.Wake()
	}()
	if _, err := b.e.Poll(patience); err != nil {
		t.Fatal(err)
	}
	<-woken
	b.quiet()
}

func testPollTimesOut(t *testing.T, b *bench) {
	start := time.Now()
	for _, d := range []time.Duration{0, -1, 3 * time.Millisecond} {
		events, err := b.e.Poll(d)
		if err != nil || len(events) != 0 {
			t.Errorf("Poll(%v) = %v, %v", d, events, err)
		}
	}
	if took := time.Since(start); took < 3*time.Millisecond {
		t.Errorf("Poll(3ms) returned after %v", took)
	}
}

func testClosed(t *testing.T, b *bench) {
	fa, fb := b.pair()
	defer b.e.Sockets().Close(fb)
	p := b.stream(fa)
	b.must(p.s.StartReading())
	b.must(b.e.Close())
	b.must(b.e.Close())
	p.closed = true // it must hear nothing more
	b.e.Wake()
	if _, err := b.e.Poll(0); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Poll: %v", err)
	}
	if err := b.e.Watch(fb, engine.Read, &watcher{}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Watch: %v", err)
	}
	if _, err := b.e.Stream(fb, p); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Stream: %v", err)
	}
	if _, err := b.e.Listener(fb, &acceptor{}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Listener: %v", err)
	}
	if _, err := b.e.Connect(fb, b.addrOf(fb), func(error) {}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Connect: %v", err)
	}
	b.must(p.s.Close())
}
