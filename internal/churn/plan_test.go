package churn_test

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// role is what the server does for a connection, as its client asks in the header.
type role uint8

const (
	echo   role = 1 + iota // sends back what comes, until the end
	sink                   // takes all until the end, then sends its checksum
	source                 // sends so much, then ends
)

// ending is how a connection ends.
type ending uint8

const (
	inOrder     ending = iota
	closed             // by Close in the middle of what comes
	aborted            // by Abort
	reset              // by the client, unread data or not
	serverReset        // by the server
	brief              // by the client as soon as it is connected, or half the header is sent
)

// plan is what is to happen on a connection.
type plan struct {
	role     role
	ending   ending
	up, down int  // bytes that the client and a source send
	cut      int  // after how many received bytes it ends, if not in order
	slow     bool // reads with pauses
	hold     bool // the server does not read until told
	eofFirst bool // the client half-closes before the answer has come
	byClient bool // the client closes, when all has come
	pause    bool // it stops reading some time before it ends
	speaks   speaks
}

func (p plan) orderly() bool { return p.ending == inOrder }

// answer is how much the server is to send.
func (p plan) answer() int {
	switch p.role {
	case echo:
		return p.up
	case sink:
		return 12
	}
	return p.down
}

func (p plan) String() string {
	s := [...]string{"", "echo", "sink", "source"}[p.role] + " " +
		[...]string{"in order", "closed", "aborted", "reset", "reset by the server", "brief"}[p.ending]
	for name, on := range map[string]bool{"slow": p.slow, "hold": p.hold, "eof first": p.eofFirst, "by client": p.byClient, "pause": p.pause} {
		if on {
			s += ", " + name
		}
	}
	if p.speaks.version != 0 {
		s += fmt.Sprintf(", %s %+v", tls.VersionName(p.speaks.version), p.speaks)
	}
	return fmt.Sprintf("%s: %d up, %d down, cut at %d", s, p.up, p.down, p.cut)
}

// newPlan chooses. In a flood the server holds all connections, and then lets go of them.
func newPlan(r *rand.Rand, flood bool) plan {
	p := plan{
		role: role(1 + r.IntN(3)), up: size(r), slow: r.IntN(4) == 0,
		eofFirst: r.IntN(2) == 0, byClient: r.IntN(2) == 0, pause: r.IntN(2) == 0,
	}
	if flood {
		p = plan{role: sink, up: 64<<10 + r.IntN(192<<10), hold: true}
		p.speaks.choose(r, p.up)
		return p
	}
	if p.role == sink {
		p.hold = r.IntN(4) == 0
	}
	if p.role == source {
		p.up, p.down = 0, 4*size(r)
	}
	if r.IntN(100) < 40 {
		p.ending = ending(1 + r.IntN(5))
		p.cut = r.IntN(p.answer() + 1)
		if p.ending == serverReset {
			p.role, p.down = echo, 0
			p.up = max(p.up, 1)
			p.cut = 1 + r.IntN(p.up)
		}
	}
	if p.speaks.choose(r, p.up); !p.speaks.halfCloses() {
		p.eofFirst, p.byClient = false, p.role == echo
	}
	return p
}

// size is small as a rule.
func size(r *rand.Rand) int {
	switch r.IntN(10) {
	case 0:
		return 1 + r.IntN(512<<10)
	case 1, 2, 3:
		return 1 + r.IntN(64<<10)
	}
	return 1 + r.IntN(2000)
}

// headerSize is the bytes in which a client says what it wants.
const headerSize = 48

const magic = 0x6368_7572

func (p plan) header(id uint64) []byte {
	h := make([]byte, headerSize)
	binary.BigEndian.PutUint32(h, magic)
	h[4], h[5] = byte(p.role), byte(p.ending)
	if p.hold {
		h[6] = 1
	}
	if p.byClient {
		h[7] = 1
	}
	binary.BigEndian.PutUint64(h[8:], id)
	binary.BigEndian.PutUint64(h[16:], uint64(p.up))
	binary.BigEndian.PutUint64(h[24:], uint64(p.down))
	binary.BigEndian.PutUint64(h[32:], uint64(p.cut))
	binary.BigEndian.PutUint16(h[40:], p.speaks.version)
	if p.speaks.over {
		h[42] = 1
	}
	if p.speaks.strict {
		h[43] = 1
	}
	binary.BigEndian.PutUint32(h[44:], uint32(p.speaks.clear))
	return h
}

func parse(h []byte) (id uint64, p plan, ok bool) {
	number := func(at int) int { return int(binary.BigEndian.Uint64(h[at:])) }
	p = plan{role: role(h[4]), ending: ending(h[5]), hold: h[6] == 1, byClient: h[7] == 1, up: number(16), down: number(24), cut: number(32)}
	p.speaks = speaks{version: binary.BigEndian.Uint16(h[40:]), over: h[42] == 1, strict: h[43] == 1, clear: int(binary.BigEndian.Uint32(h[44:]))}
	return binary.BigEndian.Uint64(h[8:]), p, binary.BigEndian.Uint32(h) == magic
}
