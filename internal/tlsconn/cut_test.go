package tlsconn_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// messages are what a session says in each direction: small, empty, and longer than records.
var messages = [][]byte{[]byte("a"), []byte("some words"), bytes.Repeat([]byte("0123456789"), 4000), []byte("the end")}

var saidInAll = bytes.Join(messages, nil)

// speaks is the script of Go's own end: it says all, hears all, and ends.
func speaks(c *tls.Conn) error {
	for _, m := range messages {
		if _, err := c.Write(m); err != nil {
			return err
		}
	}
	if p, err := readFull(c, len(saidInAll)); err != nil || !bytes.Equal(p, saidInAll) {
		return fmt.Errorf("heard %d bytes, %v", len(p), err)
	}
	if err := c.CloseWrite(); err != nil {
		return err
	}
	if n, err := c.Read(make([]byte, 1)); err != io.EOF {
		return fmt.Errorf("behind the end: %d bytes, %v", n, err)
	}
	return nil
}

func readFull(c io.Reader, n int) ([]byte, error) {
	p := make([]byte, n)
	k, err := io.ReadFull(c, p)
	return p[:k], err
}

// session plays the whole session with a Conn in a role; change may change it before.
func session(t testing.TB, isClient bool, version uint16, cut func(n int) int, change func(s *side)) {
	t.Helper()
	forClient, forServer := configs(version)
	ours, theirs := forServer, forClient
	if isClient {
		ours, theirs = forClient, forServer
	}
	g := newGoes(t, !isClient, theirs, speaks)
	s := newSide(t, isClient, ours)
	if change != nil {
		change(s)
	}
	said := false
	for idle, before := 0, 0; idle < 3; idle++ {
		exchange(g, s, cut)
		if len(s.data) > before {
			idle, before = 0, len(s.data)
		}
		if !said && s.began {
			said = true
			for _, m := range messages {
				s.write(m)
			}
			continue
		}
		s.Resume()
	}
	s.sound()
	if s.failure != nil || s.failed != nil || !bytes.Equal(s.data, saidInAll) {
		t.Fatalf("heard %d of %d bytes; handshake: %v, after it: %v", len(s.data), len(saidInAll), s.failure, s.failed)
	}
	if fmt.Sprint(s.calls) != "[eof]" || !s.closed {
		t.Fatal(s.calls, s.closed)
	}
	if !g.done || g.err != nil {
		t.Fatal("the other end:", g.done, g.err)
	}
}

// eachRole runs f for both roles and versions.
func eachRole(t *testing.T, f func(t *testing.T, isClient bool, version uint16)) {
	for name, version := range versions {
		for _, isClient := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s,client=%v", name, isClient), func(t *testing.T) {
				t.Parallel()
				f(t, isClient, version)
			})
		}
	}
}

// TestCuts: however a session is cut, the bytes are exact.
func TestCuts(t *testing.T) {
	t.Parallel()
	eachRole(t, func(t *testing.T, isClient bool, version uint16) {
		for _, size := range []int{1 << 30, 1, 2, 3, 5, 6, 1000, 1 << 14} {
			session(t, isClient, version, func(int) int { return size }, nil)
		}
		r := rand.New(rand.NewPCG(1, uint64(version)))
		for range 100 {
			session(t, isClient, version, func(n int) int { return r.IntN(n) + 1 }, nil)
		}
	})
}

// TestCutAtEachByte: each piece of the handshake, and each record, is cut once at each byte.
func TestCutAtEachByte(t *testing.T) {
	t.Parallel()
	t.Run("handshake", func(t *testing.T) {
		t.Parallel()
		eachRole(t, func(t *testing.T, isClient bool, version uint16) {
			forClient, forServer := configs(version)
			ours, theirs := forServer, forClient
			if isClient {
				ours, theirs = forClient, forServer
			}
			longest := 2
			for at := 1; at < longest; at++ {
				g := newGoes(t, !isClient, theirs, func(c *tls.Conn) error {
					_, err := c.Write([]byte("x"))
					return err
				})
				s := newSide(t, isClient, ours)
				first := true // of two
				exchange(g, s, func(n int) int {
					longest = max(longest, n)
					if first = !first; !first {
						return at
					}
					return n
				})
				if string(s.data) != "x" || g.err != nil {
					t.Fatalf("cut at %d: %q, %v, %v", at, s.data, s.failure, g.err)
				}
			}
			if longest < 100 {
				t.Error("the longest piece has", longest)
			}
		})
	})
	t.Run("records", func(t *testing.T) {
		t.Parallel()
		for _, version := range versions {
			one, other := pair(t, version)
			message := []byte("a record, and another one")
			longest := 2
			for at := 1; at < longest; at++ {
				other.data = nil
				one.write(message[:8])
				one.write(message[8:])
				p := one.take()
				longest = len(p)
				other.give(p[:at])
				other.give(p[at:])
				if !bytes.Equal(other.data, message) {
					t.Fatalf("cut at %d: %q", at, other.data)
				}
			}
			other.sound()
		}
	})
}

// pausing pauses after each piece, until session resumes it.
func pausing(s *side) {
	s.onData = func([]byte) { s.Pause() }
}

// TestPauses: a protocol that pauses after each piece.
func TestPauses(t *testing.T) {
	t.Parallel()
	eachRole(t, func(t *testing.T, isClient bool, version uint16) {
		for _, size := range []int{1, 7, 1000, 1 << 30} {
			session(t, isClient, version, func(int) int { return size }, pausing)
		}
	})
}

// lends makes the side's protocol one that lends memory of a size.
type lends struct {
	*side
	size int
	buf  []byte
}

func (l *lends) GetBuffer(int) []byte {
	if len(l.buf) != l.size {
		l.buf = make([]byte, l.size)
	}
	return l.buf
}

func (l *lends) BufferUpdated(n int) { l.side.DataReceived(l.buf[:n]) }
func (*lends) DataReceived([]byte)   { panic("it lends memory") }

// TestLends: protocols that lend memory of all sizes.
func TestLends(t *testing.T) {
	t.Parallel()
	eachRole(t, func(t *testing.T, isClient bool, version uint16) {
		for _, size := range []int{1, 2, 3, 100, 1000, 16 << 10, 16<<10 + 1, 64 << 10} {
			for _, cut := range []int{1 << 30, 99} {
				for _, pauses := range []bool{false, size > 50} {
					session(t, isClient, version, func(int) int { return cut }, func(s *side) {
						s.SetProtocol(&lends{side: s, size: size})
						if pauses {
							pausing(s)
						}
					})
				}
			}
		}
	})
}

// FuzzCuts cuts a session as the input says, with pauses and memory that is lent.
func FuzzCuts(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 3, 200, 0, 0, 9})
	f.Add([]byte{7, 3, 0, 255, 1, 5, 17})
	f.Add([]byte{2, 100})
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) < 2 {
			return
		}
		how, size, cuts := in[0], int(in[1]), in[2:]
		version := uint16(tls.VersionTLS12)
		if how&1 != 0 {
			version = tls.VersionTLS13
		}
		i := 0
		next := func() int {
			if len(cuts) == 0 {
				return 1 << 30
			}
			i++
			b := int(cuts[i%len(cuts)])
			return b * b
		}
		session(t, how&2 != 0, version, func(int) int { return next() }, func(s *side) {
			if size > 0 {
				s.SetProtocol(&lends{side: s, size: size * size})
			}
			if how&4 != 0 {
				s.onData = func([]byte) {
					if next()%2 == 1 {
						s.Pause()
					}
				}
			}
		})
	})
}
