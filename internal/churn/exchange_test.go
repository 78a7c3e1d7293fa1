package churn_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// exchange is the account of a run's datagrams: callers post to stations, which send back
// what comes. A datagram may be lost. One that comes was sent, to whom it comes and by whom
// it says, byte for byte, and comes once: the loopback network doubles nothing. Each exchange
// has an address of its own in 127.0.0.0/8, so that nobody else posts to a port that was
// theirs.
type exchange struct {
	book *book
	any  string      // the address with a port that the system picks
	over atomic.Bool // the stations are to end

	mu      sync.Mutex
	callers map[uint64]*caller      // all that were, by number
	known   map[netip.AddrPort]bool // all addresses that an endpoint had
	live    []netip.AddrPort        // of stations
	lasts   netip.AddrPort          // of the one that does not end before all callers have
	gone    []netip.AddrPort        // of the last stations that ended
	empty   struct{ sent, came int }
}

// caller is what is known of one that posts.
type caller struct {
	at     netip.AddrPort
	posted []posted // by number
}

// posted is what became of a datagram: the port it was sent to, above how far it got.
type posted uint32

// How far a datagram got.
const (
	arrived posted = 1 << iota // at the station
	returned

	portShift = 8
)

// newExchange returns an account that tells b.
func newExchange(b *book) *exchange {
	own := rand.Uint32()
	return &exchange{book: b, any: fmt.Sprintf("127.%d.%d.%d:0", 1+byte(own>>16)/2, byte(own>>8), 1+byte(own)/2), callers: map[uint64]*caller{}, known: map[netip.AddrPort]bool{}}
}

// The head of a datagram: magic, caller's number, its own number, length, the station's
// port, and whether it is on its way back.
const (
	datagramHead = 24
	wayBack      = datagramHead - 1
)

// datagramSize is how long a caller's datagram is; small as a rule.
func datagramSize(id uint64, number int) int {
	r := rand.New(rand.NewPCG(id, uint64(number)))
	switch n := r.IntN(100); {
	case n < 3:
		return datagramHead + r.IntN(longestDatagram-datagramHead)
	case n < 20:
		return datagramHead + r.IntN(9000-datagramHead)
	}
	return datagramHead + r.IntN(1400)
}

// newDatagram is a caller's datagram to a station's port.
func newDatagram(id uint64, number int, port uint16) []byte {
	p := make([]byte, 0, datagramSize(id, number))
	p = binary.BigEndian.AppendUint32(p, magic)
	p = binary.BigEndian.AppendUint64(p, id)
	p = binary.BigEndian.AppendUint32(p, uint32(number))
	p = binary.BigEndian.AppendUint32(p, uint32(cap(p)))
	p = binary.BigEndian.AppendUint16(p, port)
	p = append(p, 0, 0)
	for f := newFlow(id+uint64(number)*31, 0); len(p) < cap(p); {
		piece := f.next(cap(p) - len(p))
		p = append(p, piece...)
		f.add(piece)
	}
	return p
}

// udpAddr is an endpoint's address.
func udpAddr(a net.Addr) netip.AddrPort {
	at := a.(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// enter notes a caller.
func (x *exchange) enter(id uint64, at netip.AddrPort) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.known[at] = true
	x.callers[id] = &caller{at: at}
}

// begin notes a station.
func (x *exchange) begin(at netip.AddrPort, lasts bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.known[at] = true
	x.live = append(x.live, at)
	if lasts {
		x.lasts = at
	}
}

// retire has no more sent to a station, but what is sent into the void.
func (x *exchange) retire(at netip.AddrPort) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, other := range x.live {
		if other == at {
			x.live = append(x.live[:i], x.live[i+1:]...)
			break
		}
	}
	if x.gone = append(x.gone, at); len(x.gone) > stationsAtOnce {
		x.gone = x.gone[1:]
	}
}

// pick returns a station, and seldom one that has gone.
func (x *exchange) pick(r *rand.Rand) netip.AddrPort {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := x.live
	if len(x.gone) > 0 && r.IntN(10) == 0 {
		list = x.gone
	}
	return list[r.IntN(len(list))]
}

// lasting is the station that lasts; the zero address before it is there.
func (x *exchange) lasting() netip.AddrPort {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.lasts
}

// isLive reports whether a station is at an address.
func (x *exchange) isLive(at netip.AddrPort) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, other := range x.live {
		if other == at {
			return true
		}
	}
	return false
}

// post notes a datagram that is about to be sent, and returns it.
func (x *exchange) post(id uint64, to netip.AddrPort) []byte {
	x.mu.Lock()
	c := x.callers[id]
	number := len(c.posted)
	c.posted = append(c.posted, posted(to.Port())<<portShift)
	x.mu.Unlock()
	return newDatagram(id, number, to.Port())
}

// take looks at a datagram that has come to an endpoint: whose it is, and whether it is on
// its way back; ok is false if it must not have come. A station may have the port that a
// caller had, or the other way round, so either may get what was for the other.
func (x *exchange) take(p []byte, from, at netip.AddrPort) (id uint64, back, ok bool) {
	if len(p) == 0 {
		x.emptyCame()
		return 0, false, false
	}
	id, back, err := x.check(p, from, at)
	if err != nil {
		x.book.fail("a datagram of %d bytes from %v to %v: %v", len(p), from, at, err)
		return id, back, false
	}
	x.book.mu.Lock()
	defer x.book.mu.Unlock()
	x.book.total.Datagrams++
	x.book.total.Bytes += int64(len(p))
	return id, back, true
}

// check says why a datagram must not have come, and notes that it has.
func (x *exchange) check(p []byte, from, at netip.AddrPort) (id uint64, back bool, err error) {
	if len(p) < datagramHead || binary.BigEndian.Uint32(p) != magic {
		return 0, false, errors.New("it is none of ours")
	}
	id, back = binary.BigEndian.Uint64(p[4:]), p[wayBack] == 1
	number, port := int(binary.BigEndian.Uint32(p[12:])), binary.BigEndian.Uint16(p[20:])
	want, whose, its, has, gets := newDatagram(id, number, port), from, at.Port(), posted(0), arrived
	if back {
		want[wayBack] = 1
		whose, its, has, gets = at, from.Port(), arrived, returned
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	c := x.callers[id]
	if c == nil || number >= len(c.posted) {
		return id, back, fmt.Errorf("datagram %d of caller %d was never sent", number, id)
	}
	was := &c.posted[number]
	switch to := uint16(*was >> portShift); {
	case !bytes.Equal(p, want):
		err = fmt.Errorf("wrong bytes, of which there should be %d", len(want))
	case to != port || port != its:
		err = fmt.Errorf("its station is at port %d", to)
	case c.at != whose:
		err = fmt.Errorf("its caller is at %v", c.at)
	case *was&has != has:
		err = errors.New("it has come to no station")
	case *was&gets != 0:
		err = errors.New("it has come before")
	}
	*was |= gets
	if err != nil {
		err = fmt.Errorf("datagram %d of caller %d, on its way back: %v: %w", number, id, back, err)
	}
	return id, back, err
}

// emptySent notes an empty datagram that is about to be sent.
func (x *exchange) emptySent() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.empty.sent++
}

// emptyCame notes an empty datagram that has come.
func (x *exchange) emptyCame() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.empty.came++; x.empty.came > x.empty.sent {
		x.book.fail("%d empty datagrams have come, %d were sent", x.empty.came, x.empty.sent)
	}
}

// refused notes what the system says of datagrams: nothing but that nobody is at an address
// at which somebody was once.
func (x *exchange) refused(of string, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var e *asyncio.DatagramError
	if !errors.As(err, &e) || !sock.Delayed(e) || reportsRefusals && !sock.Refused(e) || e.Addr != nil && !x.known[udpAddr(e.Addr)] {
		x.book.fail("%s is told: %v", of, err)
	}
	x.book.mu.Lock()
	defer x.book.mu.Unlock()
	x.book.total.Refused++
}

// finish counts what was lost, when all endpoints are gone.
func (x *exchange) finish() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.book.mu.Lock()
	defer x.book.mu.Unlock()
	for _, c := range x.callers {
		for _, p := range c.posted {
			if p&returned == 0 {
				x.book.total.Unreturned++
			}
		}
	}
	x.book.total.Empty = x.empty.came
	if len(x.live) != 0 {
		x.book.failLocked("stations are left: %v", x.live)
	}
}
