package main

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
)

// sink is a transport that takes all.
type sink struct {
	asyncio.UnimplementedTransport
	written, pauses, resumes int
}

func (s *sink) Write(p []byte) (int, error) { s.written += len(p); return len(p), nil }
func (s *sink) PauseReading() error         { s.pauses++; return nil }
func (s *sink) ResumeReading() error        { s.resumes++; return nil }

// TestEchoAllocatesNothing is not parallel: it counts all allocations there are.
func TestEchoAllocatesNothing(t *testing.T) {
	w, s := &worker{}, &sink{}
	e := newEcho(w).(*echo)
	e.ConnectionMade(s)
	message := make([]byte, 64)
	const rounds = 100
	if n := testing.AllocsPerRun(rounds, func() { e.DataReceived(message) }); n != 0 {
		t.Errorf("%v allocations per message", n)
	}
	if w.messages != rounds+1 || w.bytes != (rounds+1)*64 || s.written != (rounds+1)*64 {
		t.Errorf("%+v, %d written", w.counters, s.written)
	}
	e.PauseWriting()
	if s.pauses != 1 || s.resumes != 0 {
		t.Errorf("paused %d times, resumed %d", s.pauses, s.resumes)
	}
	e.ResumeWriting()
	if s.pauses != 1 || s.resumes != 1 {
		t.Errorf("paused %d times, resumed %d", s.pauses, s.resumes)
	}
	e.ConnectionLost(nil)
	if w.clients.n != 0 || w.accepted != 1 {
		t.Errorf("%d clients of %d", w.clients.n, w.accepted)
	}
}

func TestClientList(t *testing.T) {
	t.Parallel()
	w := &worker{}
	listed := func() (names string) {
		for c := w.clients.first(); c != nil; c = w.clients.next(c) {
			names += c.transport.GetExtraInfo("name").(string)
		}
		return names
	}
	if got := listed(); got != "" {
		t.Errorf("at first %q", got)
	}
	clients := make([]client, 4)
	for i := range clients {
		w.enter(&clients[i], named(string(rune('a'+i))))
	}
	for _, step := range []struct {
		leaves int
		left   string
	}{{1, "acd"}, {3, "ac"}, {0, "c"}, {2, ""}} {
		w.leave(&clients[step.leaves])
		if got := listed(); got != step.left || w.clients.n != len(step.left) {
			t.Errorf("after %d has left: %q, %d clients", step.leaves, got, w.clients.n)
		}
	}
	w.leave(&client{}) // was never in
	if w.clients.n != 0 || w.accepted != 4 {
		t.Errorf("%d clients of %d", w.clients.n, w.accepted)
	}
}

type namedTransport struct {
	asyncio.UnimplementedTransport
	name string
}

func named(name string) asyncio.Transport              { return &namedTransport{name: name} }
func (n *namedTransport) GetExtraInfo(name string) any { return n.name }

func TestLine(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	before := view{at: begun, counters: counters{messages: 10, bytes: 100}, loops: []sample{{age: time.Second, awake: time.Second / 2}}}
	now := view{
		at: begun.Add(2 * time.Second), counters: counters{messages: 30, bytes: 4_000_100}, clients: 7, lag: 1500 * time.Microsecond,
		loops: []sample{{age: 3 * time.Second, awake: time.Second}},
	}
	if got, want := now.line(before), "7 clients  10 msg/s  2 MB/s  busy 25%  lag 1.5 ms"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// A second loop from which nothing has come back is busy.
	now.loops, before.loops = append(now.loops, sample{}), append(before.loops, sample{})
	if got, want := now.line(before), "7 clients  10 msg/s  2 MB/s  busy 62% (max 100%)  lag 1.5 ms"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for n, want := range map[float64]string{0: "0 ", 999: "999 ", 1000: "1 k", 12345: "12.3 k", 999_999: "1 M", 5e9: "5 G", 5e12: "5 T"} {
		if got := short(n); got != want {
			t.Errorf("%v is %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{999 * time.Nanosecond: "0 us", 40 * time.Microsecond: "40 us", 2 * time.Second: "2 s"} {
		if got := shortTime(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestReadyAddress(t *testing.T) {
	t.Parallel()
	four, six := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7}, &net.TCPAddr{IP: net.IPv6loopback, Port: 7}
	for _, test := range []struct {
		asked string
		addrs []net.Addr
		want  string
	}{
		{"127.0.0.1:0", []net.Addr{four}, "127.0.0.1:7"},
		{"localhost:0", []net.Addr{six}, "[::1]:7"},
		{"localhost:0", []net.Addr{four, six}, "localhost:7"},
		{":0", []net.Addr{four, six}, "127.0.0.1:7"},
	} {
		if got := readyAddress(test.asked, test.addrs); got != test.want {
			t.Errorf("%s at %v: %s, want %s", test.asked, test.addrs, got, test.want)
		}
	}
}

func TestNoTerminal(t *testing.T) {
	t.Parallel()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, f := range []*os.File{null, w} {
		if isTerminal(f) {
			t.Errorf("%s is taken for a terminal", f.Name())
		}
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	if got := oneLine(errors.Join(errors.New("a"), errors.New("b\r\nc"))); got != "a; b; c" || strings.Contains(got, "\n") {
		t.Errorf("%q", got)
	}
}
