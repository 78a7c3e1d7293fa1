package enginetest

import (
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// whose notes, deferred, whom an event was told that was not completed.
func (b *bench) whose(to engine.Completer, returned *bool) {
	if *returned {
		return
	}
	var h any
	if t, ok := to.(engine.Telling); ok {
		h = t.Handler()
	}
	b.left = append(b.left, h)
}

// leavings are the ways in which a handler does not return.
var leavings = map[string]func(){"panic": func() { panic(onPurpose) }, "Goexit": runtime.Goexit}

// testWhoseDoing: of an event that was not completed it can be asked who was told, whatever he
// has done before he left; and the stream goes on.
func testWhoseDoing(t *testing.T, b *bench) {
	client, server := b.peers()
	b.leave(client, server, b.pipe == nil)
}

// testWhoseDoingDuplex is testWhoseDoing of a pipe that goes both ways, whose handler may
// change what is waited for before it leaves.
func testWhoseDoingDuplex(t *testing.T, b *bench) {
	one, other := b.pair()
	client := b.stream(one)
	server := &peer{b: b}
	s, err := b.e.Pipe(other, engine.Read|engine.Write, server)
	if kind := (*engine.KindError)(nil); errors.Is(err, errors.ErrUnsupported) || errors.As(err, &kind) {
		b.must(b.e.Sockets().Close(other))
		t.Skipf("a socket is no pipe here: %v", err)
	}
	b.must(err)
	server.s = s
	b.cleanup = append(b.cleanup, server.close)
	b.must(client.s.StartReading())
	b.must(server.s.StartReading())
	b.leave(client, server, true)
}

// leave has the server leave in all ways. sends: it can send.
func (b *bench) leave(client, server *peer, sends bool) {
	acts := map[string]func(){
		"nothing": func() {},
		"stops":   func() { server.s.StopReading() },
		"starts":  func() { server.s.StopReading(); b.must(server.s.StartReading()) },
	}
	if sends {
		acts["sends"] = func() { server.out = append(server.out, 'y'); server.send() }
	}
	for how, leave := range leavings {
		b.exits = how == "Goexit"
		for what, act := range acts {
			b.leaves(client, server, how+" after "+what, func() { server.on = func([]byte) { act(); leave() } })
			b.leaves(client, server, how+" after "+what+", of what was held", func() {
				server.s.StopReading()
				client.say("h")
				b.quiet()
				server.on = func([]byte) { act(); leave() }
			})
		}
		b.leaves(client, server, how+" while lending", func() { server.lends(func() []byte { leave(); return nil }) })
	}
	b.exits = false
}

// leaves has the server told of something when prepare has had it ready to leave, and go on.
func (b *bench) leaves(client, server *peer, how string, prepare func()) {
	b.Helper()
	b.left, server.got, client.got = nil, nil, nil
	prepare()
	b.must(server.s.StartReading())
	client.say("x")
	b.until("what is not completed: "+how, func() bool { return len(b.left) > 0 })
	server.on = nil
	server.lends(nil)
	b.must(server.s.StartReading())
	b.until("the rest", func() bool { return slices.Contains(server.got, 'x') && !server.sending })
	b.quiet()
	for _, h := range b.left {
		if h != any(server) {
			b.Errorf("%s: told was %T, %v", how, h, h == nil)
		}
	}
}
