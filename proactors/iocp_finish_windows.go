package proactors

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// packet acts on a packet of the port.
func (p *iocp) packet(k *packet) {
	r := recordOf(k.ov)
	p.busy--
	switch status := windows.NTStatus(r.ov.Internal); {
	case r.cancelled && (status == windows.STATUS_CANCELLED || r.asksAgain()):
		p.failed(r, ErrCancelled)
	case r.pipe:
		p.pipePacket(r, status, k.n)
	case r.kind == Poll || r.polls:
		if int32(status) < 0 {
			p.failed(r, status.Errno())
		} else {
			p.ready(r)
		}
	case status != 0:
		// Winsock knows its own name of what the kernel says, as long as the
		// socket is there.
		var n, flags uint32
		err := windows.WSAGetOverlappedResult(windows.Handle(r.fd), &r.ov, &n, false, &flags)
		if err == nil {
			p.finish(r, k.n)
		} else {
			p.failed(r, errnoOf(err))
		}
	default:
		p.finish(r, k.n)
	}
}

// asksAgain reports that the packet only says that something can be done, which is then
// asked of the descriptor. If the operation was cancelled meanwhile, that may be closed by
// now and its number somebody else's, whose data it is not to take.
func (r *record) asksAgain() bool { return r.polls || r.kind == Receive && r.own }

// finish ends an operation that the system has done.
func (p *iocp) finish(r *record, n uint32) {
	switch r.kind {
	case Accept:
		if r.pipe {
			p.tell(r, 0, 0)
			return
		}
		if err := setContext(r.accepted, windows.SO_UPDATE_ACCEPT_CONTEXT, &r.fd); err != nil {
			p.failed(r, errnoOf(err)) // the listener is closed, or the connection was reset
			return
		}
		r.tellPeer()
		p.connected(r)
	case Receive:
		if r.own {
			p.receiveOwn(r)
			return
		}
		p.tell(r, int32(n), 0)
	case ReceiveFrom:
		p.receivedFrom(r, n)
	case Send, SendTo:
		p.tell(r, int32(n), 0)
	case Poll: // of a pipe
		p.tell(r, int32(Readable), 0)
	case Connect:
		if err := setContext(r.fd, windows.SO_UPDATE_CONNECT_CONTEXT, nil); err != nil {
			p.failed(r, errnoOf(err))
			return
		}
		p.tell(r, 0, 0)
	}
}

// tellPeer puts the address that AcceptEx has found where the user wants it.
func (r *record) tellPeer() {
	if len(r.peer) == 0 {
		return
	}
	var local, peer *windows.RawSockaddrAny
	var localSize, peerSize int32
	windows.GetAcceptExSockaddrs(&r.addrs[0], 0, addrRoom, addrRoom, &local, &localSize, &peer, &peerSize)
	n := 0
	if peer != nil {
		n = copy(r.peer, unsafe.Slice((*byte)(unsafe.Pointer(peer)), peerSize))
	}
	clear(r.peer[n:])
}

// putPeer is tellPeer with an address that an ordinary call has found.
func (r *record) putPeer(peer sock.Addr) {
	var raw sock.RawAddr
	n := copy(r.peer, raw.B[:peer.Encode(&raw)])
	clear(r.peer[n:])
}

// connected tells of an accepted connection.
func (p *iocp) connected(r *record) {
	fd := r.accepted
	r.accepted = 0
	p.tell(r, 0, accepted(fd))
}

// more is the flag of a repeated operation that goes on.
func (r *record) more() Flags {
	if r.repeat && !r.cancelled {
		return More
	}
	return 0
}

// receiveOwn reads into the proactor's memory what is there: a small piece, and if that
// is filled a large one, too.
func (p *iocp) receiveOwn(r *record) {
	for size := small; ; size = large {
		piece, ok := p.memory.take(size)
		if !ok {
			p.again(r)
			return
		}
		n, err := p.read(r, p.memory.pieces[piece])
		if err != nil || n == 0 {
			p.memory.give(piece)
			p.receivedNothing(r, err)
			return
		}
		flags := lent(piece) | r.more()
		if flags&More == 0 || size == large || n < sizes[size] {
			p.tell(r, int32(n), flags)
			return
		}
		p.done = append(p.done, Completion{p.ops[r.index], int32(n), flags})
	}
}

// receivedNothing goes on from a read that brought no byte.
func (p *iocp) receivedNothing(r *record, err error) {
	switch {
	case err == nil:
		p.tell(r, 0, 0)
	case !sock.WouldBlock(err):
		p.failed(r, errnoOf(err))
	case r.polls:
		p.pollFor(r)
	default:
		p.again(r) // all that there was is read
	}
}

// failed ends an operation that the system refuses.
func (p *iocp) failed(r *record, errno syscall.Errno) {
	if r.accepted != 0 {
		_ = sock.Close(r.accepted)
		r.accepted = 0
	}
	if r.kind == ReceiveFrom && len(r.vec) > 0 {
		r.leave()
		p.letters.give(r.letter)
	}
	switch {
	case r.cancelled:
		errno = ErrCancelled
	case r.pipe && (r.kind == Receive || r.kind == Poll) && sock.Disconnected(errno):
		p.pipeEnded(r)
		return
	case r.kind == Accept && !r.pipe && (sock.Disconnected(errno) || errno == windows.WSAENOTCONN):
		p.again(r) // that one gave up while it waited: Wine says that it is not connected
		return
	}
	p.tell(r, -int32(errno), 0)
}

// again puts a record on the list of those that the next Wait or Flush starts.
func (p *iocp) again(r *record) {
	if r.cancelled {
		p.tell(r, -int32(ErrCancelled), 0)
		return
	}
	r.state = waiting
	p.restart = append(p.restart, r)
}

// tell puts a completion on the list of those that Wait returns.
func (p *iocp) tell(r *record, n int32, flags Flags) {
	p.done = append(p.done, Completion{p.ops[r.index], n, flags})
	if flags&More != 0 {
		p.again(r)
		return
	}
	r.state = told
	r.leave()
}

// startAgain starts what is on the list. Who still finds no memory stays there.
func (p *iocp) startAgain() {
	list := p.restart
	p.restart = p.spare[:0]
	for _, r := range list {
		if r.state != waiting {
			continue // cancelled
		}
		p.start(r)
	}
	clear(list)
	p.spare = list[:0]
}
