package proactors

import (
	"runtime"
	"sync"

	"golang.org/x/sys/windows"
)

// record is the system's side of an operation. It and its details are all memory
// that the system may touch from its start to its packet, but the user's own, which
// they pin.
type record struct {
	ov windows.Overlapped // first: its address is the record's; the start of it is an IO_STATUS_BLOCK

	index     uint32
	kind      Kind
	state     state
	pipe      bool // it is about a pipe
	polls     bool // the system polls the socket on its behalf, and then it is tried
	repeat    bool
	own       bool // Receive without Bufs
	cancelled bool
	mask      Mask
	fd        uintptr
	accepted  uintptr // Accept: the socket that is to become the connection

	n, flags uint32
	*details
}

// details are what a receive without Bufs does without, of which each idle
// connection has one.
type details struct {
	vec      []windows.WSABuf
	bufs     [][]byte // polls: the same, for package sock
	poll     afdPoll
	addrSize int
	addrs    [2 * addrRoom]byte
	peer     []byte // Accept: where the user wants the peer's address, or nil
	letter   uint32 // ReceiveFrom: the piece that the system has
	fromSize int32  // and how long the address in it is
	pins     runtime.Pinner
}

// addrRoom is what AcceptEx wants for each of two addresses: 16 bytes more than the address.
const addrRoom = 128

// state says who has a record.
type state uint8

const (
	unused  state = iota
	system        // the system, until its packet has come
	waiting       // the list of those that are to be started again
	told          // the list of completions that the next Wait returns
)

const slabSize = 64

type slab [slabSize]record

// records are in slabs, since the system knows their addresses.
type records struct {
	slabs   []*slab
	free    []uint32
	details []*details // free ones
	pins    runtime.Pinner
}

// inUse keeps the records of every proactor that is not closed: whoever loses one
// must not lose memory that the system still writes to.
var inUse sync.Map

func (s *records) at(i uint32) *record { return &s.slabs[i/slabSize][i%slabSize] }

func (s *records) take() *record {
	if len(s.free) == 0 {
		first := uint32(len(s.slabs) * slabSize)
		l := new(slab)
		s.pins.Pin(l)
		s.slabs = append(s.slabs, l)
		for i := range uint32(slabSize) {
			l[slabSize-1-i].index = first + slabSize - 1 - i
			s.free = append(s.free, first+slabSize-1-i)
		}
	}
	n := len(s.free) - 1
	r := s.at(s.free[n])
	s.free = s.free[:n]
	return r
}

// detail gives a record its details.
func (s *records) detail(r *record) {
	n := len(s.details) - 1
	if n < 0 {
		r.details = new(details)
		s.pins.Pin(r.details)
		return
	}
	r.details, s.details = s.details[n], s.details[:n]
}

func (s *records) give(r *record) {
	if r.details != nil {
		s.details = append(s.details, r.details)
		r.details = nil
	}
	r.state = unused
	s.free = append(s.free, r.index)
}

// use remembers the user's memory and pins it.
func (r *record) use(bufs [][]byte) {
	for _, b := range bufs {
		if len(b) == 0 {
			continue
		}
		if len(r.vec) == maxVec {
			break
		}
		r.pins.Pin(&b[0])
		r.vec = append(r.vec, windows.WSABuf{Len: uint32(min(len(b), maxLen)), Buf: &b[0]})
		if r.polls {
			r.bufs = append(r.bufs, b)
		}
		if len(b) > maxLen {
			break // it goes in part, so nothing may follow
		}
	}
}

// leave lets the user's memory go.
func (r *record) leave() {
	if r.details == nil {
		return
	}
	r.pins.Unpin()
	clear(r.vec)
	clear(r.bufs)
	r.peer = nil
	r.vec, r.bufs = r.vec[:0], r.bufs[:0]
}

const (
	maxVec = 64      // pieces of one operation
	maxLen = 1 << 30 // of one piece, and below what a result can be
)
