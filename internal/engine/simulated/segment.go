package simulated

import "hash/crc64"

// kind is what a segment is.
type kind uint8

const (
	data   kind = iota
	syn         // somebody wants to connect
	synAck      // and may
	ack         // and knows it
	fin         // no more data
	reset       // no such connection
)

// verbs are what a trace calls the going of each kind.
var verbs = [...]string{data: "send", syn: "syn", synAck: "synack", ack: "ack", fin: "fin", reset: "reset"}

// segment is what goes from one end of a connection to the other at once. Its appointment is
// its arrival.
type segment struct {
	appointment
	next        *segment
	way         *way
	kind        kind
	held        bool   // by a link that is stalled
	id, sum     uint64 // sum: of the bytes, if anybody is told
	buf         []byte
	start, stop int // of what is in buf
}

// size is how many bytes are in it.
func (s *segment) size() int { return s.stop - s.start }

// bytes are those in it.
func (s *segment) bytes() []byte { return s.buf[s.start:s.stop] }

// Sizes of a segment's memory: for a message, and for a stream of bytes.
const (
	smallSegment = 256
	largeSegment = 16 << 10
)

// segments are the segments in a queue.
type segments struct{ first, last *segment }

func (q *segments) push(s *segment) {
	if q.last == nil {
		q.first = s
	} else {
		q.last.next = s
	}
	q.last = s
}

func (q *segments) pop() *segment {
	s := q.first
	if q.first = s.next; q.first == nil {
		q.last = nil
	}
	s.next = nil
	return s
}

// prepend puts all of another queue in front of the first.
func (q *segments) prepend(front segments) {
	if front.first == nil {
		return
	}
	if front.last.next = q.first; q.first == nil {
		q.last = front.last
	}
	q.first = front.first
}

// spare are segments that nobody uses: small ones and large ones.
type spare [2]segments

// segment returns one with room for size bytes, or for as many as one may have.
func (n *Network) segment(w *way, k kind, size int) *segment {
	class, length := 0, smallSegment
	if size > smallSegment {
		class, length = 1, largeSegment
	}
	var s *segment
	if q := &n.spare[class]; q.first != nil {
		s = q.pop()
	} else {
		s = &segment{buf: make([]byte, length)}
		s.do = s.arrived
	}
	s.way, s.kind, s.start, s.stop, s.id, s.sum = w, k, 0, 0, 0, 0
	return s
}

// release gives one back.
func (n *Network) release(s *segment) {
	s.way = nil
	class := 0
	if len(s.buf) > smallSegment {
		class = 1
	}
	n.spare[class].push(s)
}

var sums = crc64.MakeTable(crc64.ECMA)

// tellOf tells of a segment that goes, comes, or does not.
func (n *Network) tellOf(what string, s *segment, at, peer *Host) {
	if n.told == nil {
		return
	}
	if s.sum == 0 && s.size() > 0 {
		s.sum = crc64.Checksum(s.bytes(), sums)
	}
	h := Happening{Host: at.name, What: what, Peer: peer.name, ID: s.id, Size: s.size(), Sum: s.sum, Data: s.bytes(), Text: s.way.name()}
	if s.kind != data && what != verbs[s.kind] {
		h.Text += " " + verbs[s.kind]
	}
	n.tell(h)
}
