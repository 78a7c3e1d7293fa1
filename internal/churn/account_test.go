package churn_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"sync"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// pattern is what all connections send, each direction of each from a place of its
// own on. Its length is a prime that is larger than any buffer, so that whatever is
// lost, doubled or exchanged changes what follows.
var pattern = func() []byte {
	p := make([]byte, 1_000_003)
	r := rand.NewChaCha8([32]byte{'c', 'h', 'u', 'r', 'n'})
	_, _ = r.Read(p)
	return p
}()

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// flow is one direction of a connection as one end knows it: how much, its
// checksum, and where in the pattern it goes on.
type flow struct {
	n   int
	crc uint32
	at  int
}

func newFlow(id uint64, direction int) flow {
	return flow{at: int((id*2 + uint64(direction)) * 7919 % uint64(len(pattern)))}
}

// next is what there is to send, up to n bytes.
func (f *flow) next(n int) []byte { return pattern[f.at:min(f.at+n, len(pattern))] }

// add counts what was sent.
func (f *flow) add(p []byte) {
	f.n += len(p)
	f.crc = crc32.Update(f.crc, castagnoli, p)
	f.at = (f.at + len(p)) % len(pattern)
}

// check counts what came, and reports whether it is what was to come.
func (f *flow) check(p []byte) bool {
	for len(p) > 0 {
		want := f.next(len(p))
		if !bytes.Equal(p[:len(want)], want) {
			return false
		}
		f.add(want)
		p = p[len(want):]
	}
	return true
}

// digest is a flow in 12 bytes.
func (f *flow) digest() []byte {
	p := binary.BigEndian.AppendUint64(nil, uint64(f.n))
	return binary.BigEndian.AppendUint32(p, f.crc)
}

// end is one end of a connection, when it is over.
type end struct {
	sent, got flow
	err       error // of ConnectionLost
	over      bool
}

// account is what both ends have to say.
type account struct {
	plan           plan
	client, server end
}

// book is the accounts of a run. Both loops write in it.
type book struct {
	mu       sync.Mutex
	open     map[uint64]*account
	nameless int // connections of which the server never learned the number
	failures []string
	total    totals
}

// totals are what a run prints.
type totals struct {
	Connections, Orderly, Resets, Aborted, Cancelled, Holds, Nameless int
	Bytes                                                             int64  // received and found right, both ends
	Unix                                                              int    // connections over unix sockets
	TLS                                                               int    // connections that spoke TLS from their start
	GoneOver                                                          int    // connections that went over to TLS
	Stalled                                                           int    // handshakes that never ended, by their peer's doing
	Pipes                                                             int    // with both ends
	Endpoints                                                         int    // of datagrams, those that post
	Datagrams                                                         int    // that came, there or back
	Unreturned                                                        int    // datagrams that were posted and did not come back
	Empty                                                             int    // datagrams that came and had no bytes
	Refused                                                           int    // reports that nobody is where a datagram was sent
	NoAddress                                                         int    // connects put off: all ports were in use
	Starved                                                           uint64 // receives that had to wait for memory of the proactor
	Most                                                              int    // connections at a time
}

func (b *book) fail(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failLocked(format, args...)
}

func (b *book) failLocked(format string, args ...any) {
	if len(b.failures) < 20 {
		b.failures = append(b.failures, fmt.Sprintf(format, args...))
	}
}

func (b *book) begin(id uint64, p plan) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open[id] = &account{plan: p}
	b.total.Connections++
}

// drop forgets a connection that was never made.
func (b *book) drop(id uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, id)
	b.total.Connections--
}

func (b *book) endClient(id uint64, e end) { b.end(id, e, func(a *account) *end { return &a.client }) }
func (b *book) endServer(id uint64, e end) { b.end(id, e, func(a *account) *end { return &a.server }) }

func (b *book) end(id uint64, e end, which func(*account) *end) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.open[id]
	if a == nil {
		b.failLocked("an end of connection %d, which nobody made or which is over", id)
		return
	}
	if w := which(a); w.over {
		b.failLocked("connection %d (%v) ended twice", id, a.plan)
		return
	} else {
		*w = e
		w.over = true
	}
	b.total.Bytes += int64(e.got.n)
	if a.client.over && a.server.over {
		b.settle(id, a)
	}
}

// endNameless notes a connection that ended before its number had come.
func (b *book) endNameless(got int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nameless++
	if got >= headerSize {
		b.failLocked("a connection sent %d bytes and has no number", got)
	}
}

// settle compares what both ends say.
func (b *book) settle(id uint64, a *account) {
	delete(b.open, id)
	p, c, s := a.plan, &a.client, &a.server
	if !p.orderly() {
		b.total.Aborted++
		for _, e := range []*end{c, s} {
			if e.err != nil {
				b.total.Resets++
				if !sock.Disconnected(e.err) && (p.speaks.version == 0 || !errors.Is(e.err, io.ErrUnexpectedEOF)) {
					b.failLocked("connection %d (%v) ended with %v", id, p, e.err)
				}
			}
		}
		// What came is a part of the pattern from its start: that was seen as it came.
		if s.got.n > c.sent.n || c.got.n > s.sent.n {
			b.failLocked("connection %d (%v): more came than was sent: %d of %d up, %d of %d down",
				id, p, s.got.n, c.sent.n, c.got.n, s.sent.n)
		}
		return
	}
	b.total.Orderly++
	if c.err != nil || s.err != nil {
		b.failLocked("connection %d (%v) ended with %v at the client, %v at the server", id, p, c.err, s.err)
	}
	if c.sent.n != p.up || s.sent.n != p.answer() {
		b.failLocked("connection %d (%v): the client sent %d bytes of %d, the server %d of %d", id, p, c.sent.n, p.up, s.sent.n, p.answer())
	}
	if c.sent.n != s.got.n || c.sent.crc != s.got.crc || s.sent.n != c.got.n || s.sent.crc != c.got.crc {
		b.failLocked("connection %d (%v): up %d bytes %08x, of which %d %08x came; down %d bytes %08x, of which %d %08x came",
			id, p, c.sent.n, c.sent.crc, s.got.n, s.got.crc, s.sent.n, s.sent.crc, c.got.n, c.got.crc)
	}
}

// finish is called when all connections are gone.
func (b *book) finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	unheard := 0
	for id, a := range b.open {
		if a.plan.orderly() || !a.client.over || a.server.over {
			b.failLocked("connection %d (%v): the client's end is over: %v, the server's: %v", id, a.plan, a.client.over, a.server.over)
		}
		b.total.Aborted++
		unheard++
	}
	if b.nameless > unheard+b.total.Cancelled {
		b.failLocked("%d connections have no number, but only %d were cut that early", b.nameless, unheard+b.total.Cancelled)
	}
	b.total.Nameless = b.nameless
}
