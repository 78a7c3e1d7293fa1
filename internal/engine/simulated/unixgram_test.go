package simulated_test

import (
	"fmt"
	"testing"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// unixgram opens a unix socket for datagrams with a name.
func (l *lab) unixgram(name string) *letterbox {
	l.Helper()
	s := l.engines[0].Sockets()
	fd, err := s.Open(sock.Unix, sock.Datagram)
	l.must(err)
	a, err := sock.UnixAddr(name)
	l.must(err)
	_, err = s.BindFile(fd, a)
	l.must(err)
	return l.box(0, fd)
}

// TestUnixgrams: who sends waits for room, without being told of any meanwhile, and nothing is
// lost.
func TestUnixgrams(t *testing.T) {
	t.Parallel()
	for _, connected := range []bool{false, true} {
		l := newLab(t, 1, 0, nil)
		x, y := l.unixgram("/x"), l.unixgram("/y")
		to := y.addr
		if connected {
			l.must(l.engines[0].Sockets().Connect(x.d.FD(), y.addr))
			to = sock.Addr{}
		}
		y.d.StopReading()
		sent := 0
		fill := func() {
			for {
				taken, err := x.d.Send([]byte(fmt.Sprint(sent)), to)
				l.must(err)
				if !taken {
					l.must(x.d.AwaitWritable())
					return
				}
				sent++
			}
		}
		fill()
		for range 20 {
			if l.turn() {
				t.Fatal("it is told of room that there is not")
			}
		}
		if x.writable != 0 || sent == 0 || sent > 100 {
			t.Errorf("%d went, and %d times there was room", sent, x.writable)
		}
		before := sent
		y.on = func(p string, from sock.Addr) {
			if from != x.addr {
				t.Errorf("%q from %v", p, from)
			}
			y.d.StopReading()
		}
		l.must(y.d.StartReading())
		l.rest()
		if fill(); len(y.got) != 1 || x.writable != 1 || sent != before+1 {
			t.Errorf("after one was read %d went; %d times there was room", sent-before, x.writable)
		}
		y.on = nil
		l.must(y.d.StartReading())
		l.rest()
		for i, p := range y.got {
			if p != fmt.Sprint(i) {
				t.Fatalf("%q came after %d", p, i)
			}
		}
		if len(y.got) != sent {
			t.Errorf("%d of %d came", len(y.got), sent)
		}
		l.must(y.d.Close())
		if taken, err := x.d.Send([]byte("x"), to); taken || err == nil {
			t.Errorf("to one that is closed: %v, %v", taken, err)
		}
	}
}

// TestUnixgramClosed: who waits for the room of one that is closed finds out.
func TestUnixgramClosed(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1, 0, nil)
	x, y := l.unixgram("/x"), l.unixgram("@y")
	y.d.StopReading()
	for taken := true; taken; {
		var err error
		taken, err = x.d.Send([]byte("x"), y.addr)
		l.must(err)
	}
	l.must(x.d.AwaitWritable())
	l.rest()
	l.must(y.d.Close())
	l.rest()
	if taken, err := x.d.Send([]byte("x"), y.addr); x.writable != 1 || taken || err == nil {
		t.Errorf("told of %d times; %v, %v", x.writable, taken, err)
	}
	z := l.unixgram("/z")
	l.must(l.engines[0].Sockets().Connect(z.d.FD(), z.addr))
	if _, err := x.d.Send([]byte("x"), z.addr); err == nil {
		t.Error("one that is connected to another hears everybody")
	}
	z.send("to itself", sock.Addr{})
	l.rest()
	if len(z.got) != 1 {
		t.Error("it does not hear itself")
	}
	x.d.Close()
	z.d.Close()
	if l.sockets(0) != 0 {
		t.Error("sockets are left")
	}
}
