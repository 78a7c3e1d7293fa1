package proactors

import (
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// letters are memory for datagrams, in pieces that have room for the sender's address and
// then for a datagram of any length. Of each socket that receives the system has one: it
// has no way to tell of a datagram and leave it where it is that does not sometimes tell
// twice.
type letters struct {
	pieces  [][]byte
	free    []uint32
	lent    int
	starved uint64 // how often so much was lent that a receive had to wait
}

const (
	letterName = AddrSize
	letterMost = 64 // are lent at most
	letterRush = 16 // are received in a row of one socket
)

// take returns a piece, or false when so much is lent that receives have to wait.
func (l *letters) take() (uint32, bool) {
	if l.lent >= letterMost {
		l.starved++
		return 0, false
	}
	if n := len(l.free); n > 0 {
		i := l.free[n-1]
		l.free = l.free[:n-1]
		return i, true
	}
	l.pieces = append(l.pieces, make([]byte, letterName+DatagramSize))
	return uint32(len(l.pieces) - 1), true
}

func (l *letters) give(i uint32) { l.free = append(l.free, i) }

// ownLetter marks, among a completion's own flags, the number of a letter.
const ownLetter Flags = 1 << 31

func letterFlags(i uint32) Flags { return Lent | ownLetter | Flags(i)<<ownShift }

func letterOf(f Flags) uint32 { return uint32(f&^ownLetter) >> ownShift }

// startReceiveFrom has the system receive a datagram.
func (p *iocp) startReceiveFrom(r *record) {
	i, ok := p.letters.take()
	if !ok {
		p.again(r)
		return
	}
	piece := p.letters.pieces[i]
	clear(piece[:letterName])
	r.letter, r.fromSize = i, letterName
	r.use([][]byte{piece[letterName:]})
	r.pins.Pin(&piece[0])
	p.started(r, windows.WSARecvFrom(windows.Handle(r.fd), &r.vec[0], 1, &r.n, &r.flags,
		(*windows.RawSockaddrAny)(unsafe.Pointer(&piece[0])), &r.fromSize, &r.ov, nil))
}

// receivedFrom tells of the datagram that the system has received, and takes what waits
// behind it, unless the socket is given up.
func (p *iocp) receivedFrom(r *record, n uint32) {
	r.leave()
	flags := letterFlags(r.letter)
	p.letters.lent++
	if r.cancelled {
		p.tell(r, int32(n), flags)
		return
	}
	p.done = append(p.done, Completion{p.ops[r.index], int32(n), flags | More})
	p.receiveLetters(r)
}

// receiveLetters receives what is there by ordinary calls.
func (p *iocp) receiveLetters(r *record) {
	for range letterRush {
		i, ok := p.letters.take()
		if !ok {
			break
		}
		piece := p.letters.pieces[i]
		var a sock.Arrived
		if err := sock.Receive(r.fd, piece[letterName:], &a); err != nil {
			p.letters.give(i)
			p.receivedNoLetter(r, err)
			return
		}
		var raw sock.RawAddr
		clear(piece[copy(piece, raw.B[:a.From.Encode(&raw)]):letterName])
		p.letters.lent++
		p.done = append(p.done, Completion{p.ops[r.index], int32(len(a.Data)), letterFlags(i) | More})
	}
	p.again(r)
}

// receivedNoLetter goes on from a call that brought no datagram.
func (p *iocp) receivedNoLetter(r *record, err error) {
	switch {
	case !sock.WouldBlock(err):
		p.failed(r, errnoOf(err))
	case r.polls:
		p.pollFor(r)
	default:
		p.again(r)
	}
}

// startSendTo has the system send a datagram.
func (p *iocp) startSendTo(r *record) {
	if len(r.vec) == 0 {
		r.vec = append(r.vec, windows.WSABuf{}) // an empty one
	}
	var to *windows.RawSockaddrAny
	if r.addrSize > 0 {
		to = (*windows.RawSockaddrAny)(unsafe.Pointer(&r.addrs[0]))
	}
	p.started(r, windows.WSASendTo(windows.Handle(r.fd), &r.vec[0], 1, &r.n, 0, to, int32(r.addrSize), &r.ov, nil))
}

// Envelope implements [Proactor]. No datagram here is longer than there is room for.
func (p *iocp) Envelope(c Completion) (from []byte, size int) {
	return p.letters.pieces[letterOf(c.Flags)][:letterName], int(c.N)
}
