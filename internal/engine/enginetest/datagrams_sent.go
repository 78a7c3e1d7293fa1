package enginetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// testDatagramBacklog: what the system has no room for goes later, in order. Over the
// loopback interface UDP drops it; a unix socket has room for a few.
func testDatagramBacklog(t *testing.T, b *bench) {
	fx, fy := b.unixgrams()
	x := b.correspond(fx, engine.DatagramOptions{MaxSize: maxSize})
	y := b.correspond(fy, engine.DatagramOptions{MaxSize: maxSize})
	b.must(x.d.StartReading())
	var want []string
	for i := range 5000 {
		want = append(want, fmt.Sprint(i))
		x.send(want[i], sock.Addr{})
	}
	b.quiet()
	if len(x.queue) == 0 || len(y.got) != 0 {
		t.Fatalf("%d are to be sent yet, %d are told of by a socket that does not read", len(x.queue), len(y.got))
	}
	b.must(y.d.StartReading())
	b.until("all of them", func() bool { return len(y.got) >= len(want) })
	if !slices.Equal(y.got, want) {
		t.Error("they came in another order")
	}
	if len(x.queue) != 0 || len(x.failed)+len(y.failed) != 0 {
		t.Errorf("%d are left; %v, %v", len(x.queue), x.failed, y.failed)
	}
}

// testDatagramErrorQueue: of a socket that has the system queue errors it is known whom
// they are about, connected or not.
func testDatagramErrorQueue(t *testing.T, b *bench) {
	for _, connected := range []bool{false, true} {
		there := b.correspond(b.udp(), engine.DatagramOptions{MaxSize: maxSize})
		b.must(there.d.StartReading())
		fd := b.udp()
		if err := b.e.Sockets().SetOption(fd, engine.RecvErr, 1); errors.Is(err, errors.ErrUnsupported) {
			b.must(b.e.Sockets().Close(fd))
			t.Skip("the system has no queue of errors")
		} else {
			b.must(err)
		}
		gone := []sock.Addr{b.nobody(), b.nobody()}
		if connected {
			b.connect(fd, gone[0])
			gone = gone[:1]
		}
		c := b.correspond(fd, engine.DatagramOptions{MaxSize: maxSize, ErrorQueue: true})
		b.must(c.d.StartReading())
		for i := range 4 {
			c.send("x", gone[i%len(gone)])
			if !connected {
				c.send("still there", there.addr)
			}
		}
		b.until("the reports", func() bool { return len(c.failed) >= 4 })
		b.quiet()
		for i, err := range c.failed {
			if !slices.Contains(gone, c.failedTo[i]) || !sock.Refused(err) {
				t.Errorf("connected: %v: of %v: %v", connected, c.failedTo[i], err)
			}
		}
		if want := 4; !connected && len(there.got) != want {
			t.Errorf("%d came of %d that had somebody to come to", len(there.got), want)
		}
		if len(c.failed) != 4 || len(c.broken) != 0 {
			t.Errorf("connected: %v: %d reports of 4 datagrams, broken: %v", connected, len(c.failed), c.broken)
		}
	}
}

// nobody is an address at which nobody listens, and nobody will: who has it talks to himself
// alone.
func (b *bench) nobody() sock.Addr {
	b.Helper()
	fd := b.udp()
	a := b.addrOf(fd)
	b.cleanup = append(b.cleanup, func() { b.e.Sockets().Close(fd) })
	b.connect(fd, a)
	return a
}

// testDatagramCoalesced: what the system has put together is told one by one, with a
// handler that stops in the middle of it.
func testDatagramCoalesced(t *testing.T, b *bench) {
	fx, fy := b.udp(), b.udp()
	s := b.e.Sockets()
	err := errors.Join(s.SetOption(fx, engine.UDPSegment, 100), s.SetOption(fy, engine.UDPGRO, 1))
	x := b.correspond(fx, engine.DatagramOptions{MaxSize: maxSize})
	y := b.correspond(fy, engine.DatagramOptions{MaxSize: maxSize, Coalesced: true})
	if err != nil {
		t.Skip("the system puts no datagrams together: ", err)
	}
	all := string(pattern(1030))
	var want []string
	for p := range slices.Chunk([]byte(all), 100) {
		want = append(want, string(p))
	}
	b.must(y.d.StartReading())
	for range 3 {
		x.send(all, y.addr)
	}
	b.until("all of them", func() bool { return len(y.got) == 3*len(want) })
	if !slices.Equal(y.got, slices.Concat(want, want, want)) {
		t.Error("they are wrong")
	}
	y.got = nil
	y.on = func([]byte, sock.Addr) { y.d.StopReading() }
	x.send(all, y.addr)
	for i := range want {
		b.must(y.d.StartReading())
		b.until("one more", func() bool { return len(y.got) == i+1 })
		b.quiet()
	}
	if !slices.Equal(y.got, want) {
		t.Errorf("one at a time: %q", y.got)
	}
	y.on = func([]byte, sock.Addr) { panic(onPurpose) }
	y.got = nil
	b.must(y.d.StartReading())
	x.send(all, y.addr)
	b.until("all of them", func() bool { return len(y.got) == len(want) })
	if !slices.Equal(y.got, want) {
		t.Errorf("with a handler that panics: %q", y.got)
	}
}

// testDatagramCoalescedTruncated: of several together each is as long as it may be, or not.
func testDatagramCoalescedTruncated(t *testing.T, b *bench) {
	fx, fy := b.udp(), b.udp()
	s := b.e.Sockets()
	err := errors.Join(s.SetOption(fx, engine.UDPSegment, 1000), s.SetOption(fy, engine.UDPGRO, 1))
	x := b.correspond(fx, engine.DatagramOptions{MaxSize: maxSize})
	y := b.correspond(fy, engine.DatagramOptions{MaxSize: 500, Coalesced: true})
	if err != nil {
		t.Skip("the system puts no datagrams together: ", err)
	}
	b.must(y.d.StartReading())
	x.send(string(pattern(2300)), y.addr)
	b.until("all three", func() bool { return len(y.got)+len(y.truncated) == 3 })
	if !slices.Equal(y.truncated, []int{1000, 1000}) || len(y.got) != 1 || len(y.got[0]) != 300 {
		t.Errorf("truncated %v, %d more", y.truncated, len(y.got))
	}
}

// testDatagramVanished: of answers to many the ones to peers that are gone harm no other,
// and each is told of.
func testDatagramVanished(t *testing.T, b *bench) {
	const n, rounds = 20, 6
	s := b.e.Sockets()
	fd := b.udp()
	queue := s.SetOption(fd, engine.RecvErr, 1) == nil
	server := b.correspond(fd, engine.DatagramOptions{MaxSize: maxSize, ErrorQueue: queue})
	server.on = func(p []byte, from sock.Addr) { server.send(string(p), from) }
	b.must(server.d.StartReading())
	var there []*correspondent
	gone := map[sock.Addr]int{}
	for range n / 2 {
		c := b.correspond(b.udp(), engine.DatagramOptions{MaxSize: maxSize})
		b.must(c.d.StartReading())
		there = append(there, c)
	}
	for round := range rounds {
		server.d.StopReading()
		for i, c := range there {
			fd := b.udp()
			a := b.addrOf(fd)
			gone[a]++
			_, err := s.SendTo(fd, []byte("going"), server.addr)
			b.must(err)
			b.connect(fd, a) // and hears nobody else any more
			b.cleanup = append(b.cleanup, func() { s.Close(fd) })
			if i > 0 {
				c.send(fmt.Sprint(round), server.addr)
			}
		}
		b.must(server.d.StartReading())
		there[0].send("last", server.addr)
		b.until("the answers", func() bool {
			return !slices.ContainsFunc(there, func(c *correspondent) bool { return len(c.got) < round+1 })
		})
	}
	if !queue {
		return // who is gone is not known
	}
	b.until("the reports", func() bool { return len(server.failed) >= len(gone) })
	b.quiet()
	for i, a := range server.failedTo {
		if gone[a]--; gone[a] < 0 || !sock.Refused(server.failed[i]) {
			t.Errorf("of %v: %v", a, server.failed[i])
		}
	}
}
