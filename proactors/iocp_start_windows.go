package proactors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// Submit implements [Proactor]. The system is asked at once.
func (p *iocp) Submit(op *Operation, q *Request) error {
	if p.closed {
		return ErrClosed
	}
	if op.Tag != 0 {
		return fmt.Errorf("proactors: IOCP: submit: %w: the operation is in flight", errInvalid)
	}
	if err := p.check(q); err != nil {
		return fmt.Errorf("proactors: IOCP: submit: %w", err)
	}
	if q.Post && (q.Kind == Send || q.Kind == SendTo) {
		return p.post(op, q)
	}
	_, pipe := p.pipes[q.FD]
	var base windows.Handle
	if q.Kind == Poll && !pipe {
		var err error
		if base, err = baseSocket(q.FD); err != nil {
			return fmt.Errorf("proactors: IOCP: submit: %w", err)
		}
	}
	r := p.records.take()
	p.assign(r, op)
	r.pipe = pipe
	_, r.polls = p.foreign[q.FD]
	r.own = q.Kind == Receive && len(q.Bufs) == 0
	if !r.own || r.polls {
		p.records.detail(r)
	}
	r.kind, r.fd, r.mask, r.repeat, r.cancelled = q.Kind, q.FD, q.Mask, q.Repeat, false
	switch q.Kind {
	case Receive, Send:
		r.use(q.Bufs)
	case SendTo:
		r.use(q.Bufs)
		r.addrSize = copy(r.addrs[:], q.Addr)
	case Poll:
		r.poll.handle = base
	case Connect:
		r.addrSize = copy(r.addrs[:], q.Addr)
	case Accept:
		r.peer = q.Addr
	}
	p.start(r)
	return nil
}

// post sends what goes at once: on a socket that does not block, an ordinary call.
// A completion is told of only if that is not all.
func (p *iocp) post(op *Operation, q *Request) error {
	var n int
	var err error
	if q.Kind == SendTo {
		n, err = sock.SendTo(q.FD, q.Bufs[0], sock.Decode(q.Addr))
	} else {
		n, err = sock.Writev(q.FD, q.Bufs, &p.vec)
	}
	if err == nil && n == total(q.Bufs) {
		return nil
	}
	r := p.records.take()
	p.assign(r, op)
	r.kind, r.fd, r.pipe, r.polls, r.repeat, r.cancelled = Send, q.FD, false, false, false, false
	if err == nil || sock.WouldBlock(err) {
		p.tell(r, int32(n), Short)
	} else {
		p.tell(r, -int32(errnoOf(err)), 0)
	}
	return nil
}

// assign makes a record an operation's.
func (p *iocp) assign(r *record, op *Operation) {
	for len(p.ops) <= int(r.index) {
		p.ops = append(p.ops, nil)
	}
	p.ops[r.index], op.Tag = op, uint64(r.index)+1
}

var errInvalid = errors.New("invalid argument")

func (p *iocp) check(q *Request) error {
	_, foreign := p.foreign[q.FD]
	if _, pipe := p.pipes[q.FD]; pipe {
		if err := checkPipe(q); err != nil {
			return err
		}
	}
	switch q.Kind {
	case Accept:
	case Receive:
		if len(q.Bufs) > 0 && total(q.Bufs) == 0 {
			return fmt.Errorf("%w: a receive into no byte", errInvalid)
		}
	case Send:
		if total(q.Bufs) == 0 {
			return fmt.Errorf("%w: nothing to send", errInvalid)
		}
	case ReceiveFrom:
	case SendTo:
		if len(q.Bufs) != 1 || len(q.Addr) == 1 || len(q.Addr) > 128 {
			return fmt.Errorf("%w: a datagram in %d pieces, to an address of %d bytes", errInvalid, len(q.Bufs), len(q.Addr))
		}
	case Connect:
		if foreign {
			return fmt.Errorf("%w: the socket belongs to another completion port", errors.ErrUnsupported)
		}
		if len(q.Addr) < 2 || len(q.Addr) > 128 {
			return fmt.Errorf("%w: an address of %d bytes", errInvalid, len(q.Addr))
		}
	case Poll:
		if q.Mask == 0 || q.Mask&^(Readable|Writable) != 0 {
			return fmt.Errorf("%w: mask %#x", errInvalid, q.Mask)
		}
	default:
		return fmt.Errorf("operation %d: %w", q.Kind, errors.ErrUnsupported)
	}
	return nil
}

func total(bufs [][]byte) (n int) {
	for _, b := range bufs {
		n += len(b)
	}
	return n
}

// start asks the system for a record's operation, or once more.
func (p *iocp) start(r *record) {
	r.ov = windows.Overlapped{}
	r.n, r.flags = 0, 0
	switch {
	case r.pipe:
		p.startPipe(r)
	case r.kind == Poll:
		p.startPoll(r, r.poll.handle)
	case r.polls:
		p.try(r)
	case r.kind == Accept:
		p.startAccept(r)
	case r.kind == Receive:
		p.startReceive(r)
	case r.kind == ReceiveFrom:
		p.startReceiveFrom(r)
	case r.kind == SendTo:
		p.startSendTo(r)
	case r.kind == Send:
		err := windows.WSASend(windows.Handle(r.fd), &r.vec[0], uint32(len(r.vec)), &r.n, 0, &r.ov, nil)
		p.started(r, err)
	case r.kind == Connect:
		p.startConnect(r)
	}
}

func (p *iocp) startAccept(r *record) {
	family, err := sock.FamilyOf(r.fd)
	if err == nil {
		r.accepted, err = sock.Open(family, sock.Stream)
	}
	if err == nil && !fitsFlags(r.accepted) {
		_ = sock.Close(r.accepted)
		err = windows.WSAEMFILE
	}
	if err != nil {
		r.accepted = 0
		p.failed(r, errnoOf(err))
		return
	}
	p.started(r, windows.AcceptEx(windows.Handle(r.fd), windows.Handle(r.accepted), &r.addrs[0], 0,
		addrRoom, addrRoom, &r.n, &r.ov))
}

func (p *iocp) startReceive(r *record) {
	buf, count := &p.nothing, 1 // only says that there is something
	if !r.own {
		buf, count = &r.vec[0], len(r.vec)
	}
	p.started(r, windows.WSARecv(windows.Handle(r.fd), buf, uint32(count), &r.n, &r.flags, &r.ov, nil))
}

func (p *iocp) startConnect(r *record) {
	family := binary.NativeEndian.Uint16(r.addrs[:])
	if family == windows.AF_UNIX {
		p.connectUnix(r)
		return
	}
	var err error
	if p.connect == 0 {
		p.connect, err = connectFunction(r.fd)
	}
	if err == nil {
		err = bindAny(r.fd, family)
	}
	if err != nil {
		p.failed(r, errnoOf(err))
		return
	}
	ok, _, errno := syscall.SyscallN(p.connect, r.fd, uintptr(unsafe.Pointer(&r.addrs[0])), uintptr(r.addrSize), 0, 0,
		uintptr(unsafe.Pointer(&r.n)), uintptr(unsafe.Pointer(&r.ov)))
	if ok != 0 {
		errno = 0
	}
	p.started(r, errno)
}

// connectUnix connects a unix socket, by an ordinary call: ConnectEx wants it bound, and a
// unix socket is bound to a path or not at all. Between two processes of one machine the
// call has ended when it returns, as a rule; else the end is polled for.
func (p *iocp) connectUnix(r *record) {
	switch err := sock.Connect(r.fd, sock.Decode(r.addrs[:r.addrSize])); {
	case err == nil:
		p.tell(r, 0, 0)
	case sock.InProgress(err):
		r.polls = true
		p.pollFor(r)
	default:
		p.failed(r, errnoOf(err))
	}
}

// started sorts what a call has returned that began an operation.
func (p *iocp) started(r *record, err error) {
	switch e := errnoOf(err); {
	case e == 0 && p.quiet:
		p.finish(r, r.n)
	case e == 0 || e == windows.ERROR_IO_PENDING:
		p.given(r)
	default:
		p.failed(r, e)
	}
}

// given notes that the system has the record, and will post a packet.
func (p *iocp) given(r *record) {
	r.state = system
	p.busy++
}
