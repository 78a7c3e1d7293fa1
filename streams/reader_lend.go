package streams

import "github.com/go-asyncio/asyncio"

// lent is memory for what comes next, that need not go through the buffer then:
//
//   - room is that of a call which waits in ReadInto, with nothing buffered. What has come
//     there, n bytes, is the head of what the reader holds until the call goes on.
//     Whoever looks before that, or a call that is cancelled, has it put into the buffer: so
//     nobody can tell it from what was received there.
//   - spare is memory of the buffer's kind, lent to the transport for a call that waits
//     without memory of its own.
//   - piece is what Next has lent, until the next read. Then it is given back, or, if it is of
//     the smallest size, becomes the spare one.
//
// It is guarded by the reader's mutex. The transport writes to lent memory without it, between
// LendBuffer and BufferFilled; so only what a coroutine of the loop's has lent is lent
// on, or what nobody else knows of.
type lent struct {
	room   []byte
	spare  *memory
	piece  *memory
	n      uint32
	number uint16 // of the call that has lent the room
	size   uint8  // of pieces, as usually much comes
	out    out    // what the transport may be receiving into
}

// out is what the transport was lent last, until it says how much has come or the call goes on
// that was waiting then. Nobody takes that away meanwhile: another goroutine may wake the call,
// and lend itself.
type out uint8

const (
	nothingOut out = iota
	roomOut
	spareOut
)

// maxRoom is how much of a room is lent: n has 32 bits.
const maxRoom = 1 << 30

// lend notes the room, and returns the number of the call: one that nobody has if the room of
// another call is still being received into.
func (l *lent) lend(p []byte) uint16 {
	if l.out == roomOut {
		return l.number - 1
	}
	l.number++
	l.room = p[:min(len(p), maxRoom)]
	return l.number
}

// take copies data into the room of who waits, as far as it goes, and returns how much that
// is.
func (r *reading) take(data []byte) int {
	if !r.roomWaits() {
		return 0
	}
	n := copy(r.lent.room, data)
	r.lent.n = uint32(n)
	return n
}

// roomWaits reports whether what comes goes into the room of who waits. A coroutine that was
// unwound there has left its room, which is nobody's to write to. mu is held.
func (r *reading) roomWaits() bool {
	l := &r.lent
	return len(l.room) > 0 && l.n == 0 && l.out != roomOut && r.waiters.Len() > 0
}

// keepFrom is how much has to come at once for it to be left where it is: less is copied in
// less time than it takes to let go of it.
const keepFrom = 2 << 10

// feedKept feeds what the transport has kept, as it lies, if nothing is buffered and nobody's room
// waits for it. It reports whether it has: else kept is released.
func (r *reading) feedKept(data []byte, kept asyncio.KeptData) bool {
	r.mu.Lock()
	if r.eof || r.buf.mem != nil || r.roomWaits() {
		r.mu.Unlock()
		kept.Release()
		return false
	}
	r.buf.mem, r.buf.off, r.buf.end = keptMemory(data, kept), 0, len(data)
	r.came()
	return true
}

// putBack puts what has come into lent memory, and was not returned, at the head of the
// buffer. mu is held.
//
//go:noinline
func (r *reading) putBack() {
	if r.lent.out == roomOut {
		return
	}
	p := r.lent.room[:r.lent.n]
	r.lent.room, r.lent.n = nil, 0
	if len(p) > 0 {
		r.buf.unread(p)
	}
}

// lendOut is memory for what the transport receives next, while somebody waits who will not go
// on meanwhile: the room, if nothing has come there yet, or else the spare memory. mu is held.
func (l *lent) lendOut() []byte {
	if l.n == 0 && l.room != nil {
		l.out = roomOut
		return l.room
	}
	if l.spare == nil {
		l.spare = takeMemory(smallestPiece << (2 * l.size))
	}
	l.out = spareOut
	return l.spare.room
}

// fillSpare has the buffer take the spare memory, with what has come there.
func (r *reading) fillSpare(n int) {
	m := r.lent.spare
	r.lent.spare = nil
	r.lent.note(n, len(m.room))
	if r.buf.mem == nil {
		r.buf.mem, r.buf.end = m, n
		return
	}
	r.buf.write(m.room[:n])
	m.giveBack()
}

// largestSpare is the size up to which memory is lent that nobody reads into yet.
const largestSpare = 4 // 128 KiB

// note notes how much has come at once, into so much room.
func (l *lent) note(n, room int) {
	switch {
	case n == room:
		l.size = min(l.size+1, largestSpare)
	case l.size > 0 && n <= smallestPiece<<(2*l.size)/8:
		l.size--
	}
}

// rest lets go of what nobody will receive into.
func (l *lent) rest() {
	if l.spare != nil && l.out != spareOut {
		l.spare.giveBack()
		l.spare = nil
	}
}

// takeBack ends what Next has lent. The smallest piece stays for what comes next: a message
// that comes after another costs no pool then.
func (l *lent) takeBack() {
	m := l.piece
	switch {
	case m == nil:
		return
	case l.spare == nil && l.size == 0 && len(m.room) == smallestPiece:
		l.spare = m
	default:
		m.giveBack()
	}
	l.piece = nil
}
