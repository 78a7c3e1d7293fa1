package tlsconn_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio/internal/tlsconn"
)

// errBoom is what a test panics with.
var errBoom = errors.New("boom")

// caller is a protocol all of whose calls do something besides.
type caller struct {
	*side
	act func(in string)
	buf [100]byte
}

func (c *caller) DataReceived(p []byte) { c.side.DataReceived(p); c.act("DataReceived") }
func (c *caller) EOFReceived() bool {
	c.calls = append(c.calls, "eof")
	c.act("EOFReceived")
	return c.keepOpen
}

// lendingCaller is a caller that lends memory.
type lendingCaller struct{ caller }

func (c *lendingCaller) GetBuffer(int) []byte { c.act("GetBuffer"); return c.buf[:] }
func (c *lendingCaller) BufferUpdated(n int) {
	c.side.DataReceived(c.buf[:n])
	c.act("BufferUpdated")
}

// nestedCalls are what a protocol may do in a call.
var nestedCalls = map[string]func(s *side){
	"nothing":     func(*side) {},
	"write":       func(s *side) { _, _ = s.Conn.Write([]byte("in between")) },
	"write much":  func(s *side) { _, _ = s.Conn.Write(bytes.Repeat([]byte("much"), 1<<14)) },
	"write lines": func(s *side) { _ = s.WriteVec([][]byte{[]byte("in "), []byte("between")}) },
	"end writing": func(s *side) { _ = s.CloseWrite() },
	"close":       func(s *side) { s.Conn.Close() },
	"close twice": func(s *side) { s.Conn.Close(); s.Conn.Close() },
	"abort":       func(s *side) { s.Abort() },
	"pause":       func(s *side) { s.Pause() },
	"to and fro":  func(s *side) { s.Pause(); s.Resume() },
	"replace":     func(s *side) { s.SetProtocol(s) },
	"lend":        func(s *side) { s.SetProtocol(&lends{side: s, size: 5}) },
	"panic":       func(*side) { panic(errBoom) },
	"goexit":      func(*side) { runtime.Goexit() },
}

// TestNestedCalls: each of a protocol's calls does each thing, the first and the second time.
// Nothing is delivered twice or in another order, nothing after the end, and what is lent is
// given back. A call that does not return is the end, by the outside's Abort.
func TestNestedCalls(t *testing.T) {
	t.Parallel()
	for name, call := range nestedCalls {
		for _, in := range []string{"DataReceived", "EOFReceived", "GetBuffer", "BufferUpdated", "PauseWriting"} {
			for _, version := range versions {
				for _, time := range []int{1, 2} {
					t.Run(fmt.Sprintf("%s in %s,%x,%d", name, in, version, time), func(t *testing.T) {
						t.Parallel()
						nested(t, version, in, time, call)
					})
				}
			}
		}
	}
}

// nested plays a connection in which the call is made.
func nested(t *testing.T, version uint16, in string, time int, call func(s *side)) {
	one, other := pair(t, version)
	times, over := 0, false
	act := func(where string) {
		if over || !other.IsOpen() && where != "PauseWriting" {
			t.Errorf("%s after the end", where)
		}
		if where != in {
			return
		}
		if times++; times != time {
			return
		}
		call(other)
	}
	c := caller{side: other, act: act}
	if in == "GetBuffer" || in == "BufferUpdated" {
		other.SetProtocol(&lendingCaller{c})
	} else {
		other.SetProtocol(&c)
	}
	other.onPause = func() { act("PauseWriting") }
	said := bytes.Repeat([]byte("0123456789"), 500)
	guarded(other, &over, func() {
		one.write(said[:1])
		other.give(one.take())
		one.write(said[1:])
		if in == "PauseWriting" {
			for range time {
				_, _ = other.Conn.Write([]byte("much"))
				other.Conn.PauseWriting()
			}
		}
		other.give(one.take())
	})
	for range 2 {
		guarded(other, &over, func() {
			for range len(said) {
				other.Resume()
				other.move()
			}
		})
	}
	one.Conn.Close()
	guarded(other, &over, func() { exchange(one, other, whole) })
	guarded(other, &over, func() { exchange(one, other, whole) })
	if !bytes.HasPrefix(said, other.data) {
		t.Errorf("other bytes: %q", other.data)
	}
	if other.IsOpen() && len(other.data) != len(said) {
		t.Errorf("%d bytes of %d", len(other.data), len(said))
	}
	if one.failed != nil || other.failed != nil {
		t.Error(one.failed, other.failed)
	}
	other.sound()
	one.sound()
}

// guarded calls f as a loop does, on a goroutine of its own: what does not return is the end.
func guarded(s *side, over *bool, f func()) {
	done := make(chan any)
	go func() {
		returned := false
		defer func() {
			r := recover()
			if !returned {
				*over = true
				s.Abort()
			}
			done <- r
		}()
		f()
		returned = true
	}()
	if r := <-done; r != nil && r != errBoom {
		panic(r)
	}
}

// below is a Conn as what another one stands on.
type below struct{ *side }

func (b below) Write(p []byte) (int, error) { return b.Conn.Write(p) }
func (b below) Close()                      { b.Conn.Close() }
func (b below) PauseReading()               { b.Pause() }
func (b below) ResumeReading()              { b.Resume() }

// above is a Conn as the protocol of what it stands on.
type above struct{ *side }

func (a above) DataReceived(p []byte) { a.Feed(p); a.move() }
func (a above) EOFReceived() bool     { a.FeedEOF(); a.move(); return true }

// TestLayerOutOfACall: in the call that gets the word, a second layer begins upon the first; it
// works and ends, in every cut.
func TestLayerOutOfACall(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, size := range []int{1, 7, 1000, 1 << 30} {
			one, other := pair(t, version)
			c, s := configs(version)
			// The one whose call begins a layer is the server of it.
			var innerOther *side
			other.onData = func(p []byte) {
				other.onData = nil
				innerOther = newLayer(t, other, false, s)
				innerOther.onData = func(p []byte) { innerOther.write(p) }
			}
			one.write([]byte("go!"))
			exchange(one, other, whole)
			inner := newLayer(t, one, true, c)
			inner.move()
			for range 10 {
				exchange(one, other, func(int) int { return size })
				inner.move()
				innerOther.move()
			}
			if inner.failure != nil || !inner.began || !innerOther.began {
				t.Fatal(inner.failure, inner.began, innerOther.began)
			}
			said := bytes.Repeat([]byte("0123456789"), 5000)
			inner.write(said)
			for range 10 {
				exchange(one, other, func(int) int { return size })
			}
			inner.Conn.Close()
			for range 10 {
				exchange(one, other, func(int) int { return size })
			}
			if !bytes.Equal(inner.data, said) || !bytes.Equal(innerOther.data, said) {
				t.Errorf("%d, %d bytes of %d", len(inner.data), len(innerOther.data), len(said))
			}
			if !one.closed || !other.closed || one.failed != nil || other.failed != nil {
				t.Error("ended:", one.closed, other.closed, one.failed, other.failed)
			}
		}
	}
}

// newLayer begins a layer upon another side.
func newLayer(t *testing.T, on *side, isClient bool, c *tls.Config) *side {
	s := newSide(t, isClient, c)
	s.Conn = tlsconn.Conn{}
	s.Init(s, below{on}, s, tlsconn.Config{TLS: c, Client: isClient})
	on.SetProtocol(above{s})
	return s
}

// TestHandshakeEnds: the handshake is ended by what is below, in each place.
func TestHandshakeEnds(t *testing.T) {
	t.Parallel()
	for _, reason := range []error{nil, errBoom} {
		for _, begun := range []bool{false, true} {
			c, _ := configs(tls.VersionTLS13)
			s := newSide(t, true, c)
			if begun {
				s.move()
			}
			s.Lost(reason)
			s.awake = true
			s.move()
			wants := reason
			if reason == nil {
				wants = tlsconn.ErrClosed
			}
			if s.failure != wants {
				t.Errorf("begun: %v: %v", begun, s.failure)
			}
			if _, err := s.Conn.Write([]byte("x")); err != tlsconn.ErrClosed {
				t.Error(err)
			}
			s.give([]byte("late"))
			s.giveEnd()
			if s.State().HandshakeComplete || s.due != 0 {
				t.Error("it goes on")
			}
		}
	}
	// Between the end of the handshake and Open: what comes is kept, and nothing is written.
	c, f := configs(tls.VersionTLS13)
	g := newGoes(t, false, f, func(c *tls.Conn) error { _, err := c.Write([]byte("first")); return err })
	s := newSide(t, true, c)
	s.began = true // not by itself
	exchange(g, s, whole)
	if _, err := s.Conn.Write([]byte("x")); err != tlsconn.ErrClosed || len(s.data) > 0 || s.IsOpen() {
		t.Error(err, s.data)
	}
	s.giveEnd()
	s.Open()
	if len(s.calls) > 0 {
		t.Error(s.calls)
	}
	s.Begin()
	if string(s.data) != "first" || fmt.Sprint(s.calls) != "[eof]" {
		t.Error(s.data, s.calls)
	}
}

// TestCallbacksDoNotReturn: callbacks of a configuration that panic, or are unwound.
func TestCallbacksDoNotReturn(t *testing.T) {
	t.Parallel()
	c, f := configs(tls.VersionTLS13)
	c.VerifyConnection = func(tls.ConnectionState) error { panic(errBoom) }
	g := newGoes(t, false, f, func(c *tls.Conn) error { return c.Handshake() })
	s := newSide(t, true, c)
	defer func() {
		if r := recover(); r != errBoom {
			t.Error(r)
		}
		if _, err := s.Conn.Write([]byte("x")); err != tlsconn.ErrClosed {
			t.Error(err)
		}
		s.Lost(nil)
	}()
	exchange(g, s, whole)
}

// TestEnds: what a cut, an alert and a half-close are for each version.
func TestEnds(t *testing.T) {
	t.Parallel()
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, other := pair(t, version)
			other.giveEnd() // no word of it
			if fmt.Sprint(other.calls) != "[eof]" || !other.closed || other.failed != nil {
				t.Error(other.calls, other.closed, other.failed)
			}
			one, other := pair(t, version)
			one.write([]byte("cut off"))
			p := one.take()
			other.give(p[:len(p)-1])
			other.giveEnd()
			if !errors.Is(other.failed, io.ErrUnexpectedEOF) || len(other.data) > 0 {
				t.Error(other.failed, other.data)
			}
			// What was damaged on the way.
			one, other = pair(t, version)
			one.write([]byte("damaged"))
			p = one.take()
			p[len(p)-1] ^= 1
			other.give(p)
			if other.failed == nil || len(other.data) > 0 {
				t.Error("not noticed")
			}
			one.give(other.take())
			if e := (*net.OpError)(nil); !errors.As(one.failed, &e) || e.Op != "remote error" {
				t.Errorf("%T: %v", one.failed, one.failed)
			}
			// One direction alone.
			one, other = pair(t, version)
			other.keepOpen = true
			err := one.CloseWrite()
			if version == tls.VersionTLS12 {
				if err != tlsconn.ErrNoHalfClose || one.HalfCloses() {
					t.Error(err)
				}
				one.Conn.Close()
				exchange(one, other, whole)
				if other.noHalf != 1 || !other.closed || !one.closed {
					t.Error(other.noHalf, other.closed, one.closed)
				}
				return
			}
			if err != nil || one.CloseWrite() != nil {
				t.Error(err)
			}
			if _, err := one.Conn.Write([]byte("x")); err != tlsconn.ErrAfterEOF {
				t.Error(err)
			}
			exchange(one, other, whole)
			other.write([]byte("answer"))
			other.Conn.Close()
			exchange(one, other, whole)
			if string(one.data) != "answer" || !one.closed || !other.closed || other.noHalf != 0 {
				t.Error(one.data, one.closed, other.closed, other.noHalf)
			}
		})
	}
}

// TestKeptIsBounded: while reading is paused, what is below is paused at the high mark, and goes
// on at the low one.
func TestKeptIsBounded(t *testing.T) {
	t.Parallel()
	one, other := pair(t, tls.VersionTLS13)
	other.Pause()
	total := 0
	for !other.heldBack {
		one.write(make([]byte, 1000))
		other.give(one.take())
		total += 1000
	}
	if total < tlsconn.HighWater*9/10 || total > tlsconn.HighWater {
		t.Error("held back at", total)
	}
	goesOn := 0
	other.onData = func([]byte) {
		if other.heldBack {
			goesOn = len(other.data)
		}
	}
	other.Resume()
	other.move()
	if left := total - goesOn; len(other.data) != total || left > tlsconn.LowWater || left < tlsconn.LowWater-2*tlsconn.BufferSize {
		t.Error("goes on with", left, "left")
	}
}

// TestBelowFails: a write that what is below refuses.
func TestBelowFails(t *testing.T) {
	t.Parallel()
	_, s := pair(t, tls.VersionTLS13)
	s.writeErr = errBoom
	if n, err := s.Conn.Write([]byte("x")); err != errBoom || n != 0 {
		t.Error(n, err)
	}
	if err := s.WriteVec([][]byte{[]byte("x")}); err == nil {
		t.Error("no error")
	}
	s.Lost(errBoom)
	if _, err := s.Conn.Write([]byte("x")); err != tlsconn.ErrClosed {
		t.Error(err)
	}
	s.sound()
}

// TestBelowFailsHalfway: what is below is lost in the middle of a write, and the write tells
// how much of it can arrive.
func TestBelowFailsHalfway(t *testing.T) {
	t.Parallel()
	for taken, want := range []int{0, 16 << 10, 32 << 10} {
		other, s := pair(t, tls.VersionTLS12)
		s.writeErr, s.taken = errBoom, taken
		if n, err := s.Conn.Write(make([]byte, 40_000)); err != errBoom || n != want {
			t.Error(n, err, "of which", want, "were taken")
		}
		other.give(s.take())
		if other.move(); len(other.data) != want {
			t.Error(len(other.data), "came of", want)
		}
	}
}
