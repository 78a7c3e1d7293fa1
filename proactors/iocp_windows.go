package proactors

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/wake"
	"github.com/go-asyncio/asyncio/selectors"
)

// iocp is a completion port. Operations are asked for at once, since Windows has
// no call for many; a Wait takes up to batch results in one.
//
// A socket that belongs to another port already (one of package net's) is polled
// and then tried, so that it works, too, if slower.
type iocp struct {
	port    windows.Handle
	afd     windows.Handle
	quiet   bool    // no packet for what completes at once
	connect uintptr // ConnectEx, once it has been asked for

	foreign map[uintptr]struct{} // sockets of other ports
	pipes   map[uintptr]struct{}
	event   windows.Handle     // of direct, 0 until it is needed
	direct  windows.Overlapped // of a read of a pipe that finds something at once
	records *records
	ops     []*Operation // by the index of their records
	busy    int          // how many records the system has
	memory  lending
	letters letters
	nothing windows.WSABuf // no memory, for receives that wait for something
	vec     sock.Vec

	done, out      []Completion // for the next Wait, of the last one
	restart, spare []*record    // to be started again
	packets        [batch]packet

	woken    atomic.Bool  // a packet is on its way that wakes
	wake     func() error // postWake, or a test's
	insister wake.Insister
	mu       sync.Mutex // closed and port, for Wake
	closed   bool
}

const (
	batch   = 256
	wakeKey = 1
)

// NewIOCPProactor makes a proactor over the completion ports of Windows;
// elsewhere errors.ErrUnsupported. Any goroutine may call it.
func NewIOCPProactor() (Proactor, error) {
	if err := procGet.Find(); err != nil {
		return nil, fmt.Errorf("proactors: IOCP: %w: %w", errors.ErrUnsupported, err)
	}
	// Winsock is started before its first socket.
	if fd, err := sock.Open(sock.Inet4, sock.Datagram); err == nil {
		_ = sock.Close(fd)
	}
	port, err := windows.CreateIoCompletionPort(windows.InvalidHandle, 0, 0, 1)
	if err != nil {
		return nil, fmt.Errorf("proactors: IOCP: %w", os.NewSyscallError("CreateIoCompletionPort", err))
	}
	afd, err := openAFD(port)
	if err != nil {
		return nil, fmt.Errorf("proactors: IOCP: opening %s: %w", afdDevice, errors.Join(err, windows.CloseHandle(port)))
	}
	p := &iocp{port: port, afd: afd, quiet: quietSuccess(), foreign: map[uintptr]struct{}{}, pipes: map[uintptr]struct{}{}, records: &records{}}
	p.wake = p.postWake
	inUse.Store(p.records, nil)
	return p, nil
}

// Attach implements [Proactor].
func (p *iocp) Attach(fd uintptr) error {
	if p.closed {
		return ErrClosed
	}
	// Before the system takes it: what is bound to a port stays so for good.
	delete(p.foreign, fd)
	delete(p.pipes, fd)
	if err := sock.Pollable(fd); err != nil {
		if kind, _ := sock.KindOf(fd); kind == sock.Pipe {
			err = p.attachPipe(fd)
		}
		if err != nil {
			return fmt.Errorf("proactors: IOCP: attach %d: %w", fd, err)
		}
		return nil
	}
	err := sock.BindPort(fd, uintptr(p.port))
	if err == windows.ERROR_INVALID_PARAMETER {
		p.foreign[fd] = struct{}{}
		err = sock.SetNonblock(fd, true)
	} else if err == nil && p.quiet {
		err = windows.SetFileCompletionNotificationModes(windows.Handle(fd),
			windows.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS|windows.FILE_SKIP_SET_EVENT_ON_HANDLE)
	}
	if err != nil {
		return fmt.Errorf("proactors: IOCP: attach %d: %w", fd, err)
	}
	return nil
}

// Wait implements [Proactor].
func (p *iocp) Wait(timeout time.Duration) ([]Completion, error) {
	if p.closed {
		return nil, ErrClosed
	}
	p.startAgain()
	// Who was started again and is on the list once more was told of something that
	// is not there.
	if len(p.done) > 0 || p.restartable() {
		timeout = 0
	}
	n, err := getPackets(p.port, p.packets[:], milliseconds(timeout))
	if err != nil {
		return nil, fmt.Errorf("proactors: IOCP: %w", os.NewSyscallError("GetQueuedCompletionStatusEx", err))
	}
	for i := range p.packets[:n] {
		if k := &p.packets[i]; k.key == wakeKey {
			p.woken.Store(false)
		} else {
			p.packet(k)
		}
	}
	p.out, p.done = p.done, p.out[:0]
	for _, c := range p.out {
		if c.Flags&More == 0 {
			p.retire(c.Op)
		}
	}
	return p.out, nil
}

// restartable reports whether one of those that are to be started again can be.
func (p *iocp) restartable() bool {
	for _, r := range p.restart {
		if r.kind == ReceiveFrom && p.letters.lent < letterMost || r.kind != ReceiveFrom && p.memory.left() {
			return true
		}
	}
	return false
}

// retire makes an operation idle.
func (p *iocp) retire(op *Operation) {
	r := p.records.at(uint32(op.Tag - 1))
	op.Tag, p.ops[r.index] = 0, nil
	p.records.give(r)
}

// milliseconds rounds up, so that a timer is not early, and says "without limit"
// for selectors.Forever.
func milliseconds(d time.Duration) uint32 {
	switch {
	case d <= BriefWait:
		return 0
	case d == selectors.Forever:
		return windows.INFINITE
	}
	return uint32(min((d-1)/time.Millisecond+1, windows.INFINITE-1))
}

// Flush implements [Proactor].
func (p *iocp) Flush() error {
	if p.closed {
		return ErrClosed
	}
	p.startAgain()
	return nil
}

// Wake implements [Proactor]. However many come until the next Wait, one packet
// is posted.
func (p *iocp) Wake() {
	if p.woken.Swap(true) {
		return
	}
	p.insister.Insist(p.wake) // if there is no memory for a packet, until there is
}

// postWake posts the packet that ends a Wait.
func (p *iocp) postWake() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	return os.NewSyscallError("PostQueuedCompletionStatus", windows.PostQueuedCompletionStatus(p.port, 0, wakeKey, nil))
}

// Cancel implements [Proactor].
func (p *iocp) Cancel(op *Operation) {
	if p.closed || op.Tag == 0 {
		return
	}
	r := p.records.at(uint32(op.Tag - 1))
	if r.cancelled {
		return
	}
	r.cancelled = true
	switch r.state {
	case system:
		p.cancel(r)
	case waiting:
		p.tell(r, -int32(ErrCancelled), 0)
	}
}

// cancel asks the system for the early end. If it has ended already, its packet is
// on its way.
//
// What the system is just about to end it does not find, and Wine may find then that there is
// nothing to end it with, and go on: so it is asked again until it has decided, for the
// descriptor is closed next, and then nobody can ask any more.
func (p *iocp) cancel(r *record) {
	h := windows.Handle(r.fd)
	if !r.pipe && (r.kind == Poll || r.polls) {
		h = p.afd
	}
	for tries := uint32(0); tries < cancelTries; tries++ {
		err := windows.CancelIoEx(h, &r.ov)
		if err != windows.ERROR_NOT_FOUND || windows.NTStatus(r.ov.Internal) != windows.STATUS_PENDING {
			return
		}
		windows.SleepEx(min(tries/patientTries, 1), true)
	}
}

// The system is asked again to end an operation, without a pause at first, for a tenth of a
// second at most.
const (
	patientTries = 20
	cancelTries  = patientTries + 100
)

// recordOf is the record that begins with ov.
func recordOf(ov *windows.Overlapped) *record { return (*record)(unsafe.Pointer(ov)) }

// Accepted implements [Proactor].
func (p *iocp) Accepted(c Completion) uintptr { return acceptedFD(c.Flags) }

// Memory implements [Proactor].
func (p *iocp) Memory(c Completion) []byte {
	if c.Flags&ownLetter != 0 {
		return p.letters.pieces[letterOf(c.Flags)][letterName : letterName+c.N : letterName+c.N]
	}
	return p.memory.pieces[lentPiece(c.Flags)][:c.N]
}

// Release implements [Proactor].
func (p *iocp) Release(c Completion) {
	switch {
	case p.closed:
	case c.Flags&ownLetter != 0:
		p.letters.lent--
		p.letters.give(letterOf(c.Flags))
	default:
		p.memory.give(lentPiece(c.Flags))
	}
}

// Usage implements [Meter].
func (p *iocp) Usage() Usage {
	if p.closed {
		return Usage{}
	}
	return Usage{
		InFlight: len(p.records.slabs)*slabSize - len(p.records.free),
		Lent:     len(p.memory.pieces) - len(p.memory.free[small]) - len(p.memory.free[large]) + p.letters.lent,
		Starved:  p.memory.starved + p.letters.starved,
	}
}

// Pinned implements [Proactor].
func (p *iocp) Pinned() bool { return false }

// Descriptors implements [Proactor].
func (p *iocp) Descriptors() []uintptr {
	if p.closed {
		return nil
	}
	return []uintptr{uintptr(p.port), uintptr(p.afd)}
}

// Name implements [Proactor].
func (p *iocp) Name() string { return "IOCP" }

// String implements [Proactor].
func (p *iocp) String() string {
	s := "IOCP: AcceptEx, ConnectEx, readiness from AFD"
	if p.quiet {
		s += ", no packet for what completes at once"
	}
	return s
}

// patience is how long Close waits for the system to let go of one more record.
const patience = 10 * time.Second

// Close implements [Proactor]. If the system keeps an operation against all
// rules, its memory stays, and Close says so.
func (p *iocp) Close() error {
	if p.closed {
		return nil
	}
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for i := range uint32(len(p.ops)) {
		if r := p.records.at(i); r.state == system {
			r.cancelled = true
			p.cancel(r)
		}
	}
	err := p.drain()
	for _, c := range p.done {
		if fd := acceptedFD(c.Flags); fd != 0 && c.N == 0 && c.Flags&Lent == 0 {
			_ = sock.Close(fd)
		}
	}
	for _, op := range p.ops {
		if op != nil {
			op.Tag = 0
		}
	}
	if err == nil {
		p.records.pins.Unpin()
		inUse.Delete(p.records)
	}
	p.ops, p.done, p.restart, p.spare = nil, nil, nil, nil
	sock.ForgetPort(uintptr(p.port))
	if p.event != 0 {
		err = errors.Join(err, windows.CloseHandle(p.event))
	}
	return errors.Join(err, windows.CloseHandle(p.afd), windows.CloseHandle(p.port))
}

// withSystem describes the operations that the system has: a status other than pending is
// that of one whose packet does not come.
func (p *iocp) withSystem() string {
	var b strings.Builder
	for i := range uint32(len(p.ops)) {
		if r := p.records.at(i); r.state == system {
			fmt.Fprintf(&b, "; kind %d of %d, polled %v, status %#x", r.kind, r.fd, r.polls || r.kind == Poll, uint32(r.ov.Internal))
		}
	}
	return b.String()
}

// drain waits until the system has no record any more.
func (p *iocp) drain() error {
	for p.busy > 0 {
		n, err := getPackets(p.port, p.packets[:], milliseconds(patience))
		if err != nil {
			return fmt.Errorf("proactors: IOCP: close: %w", os.NewSyscallError("GetQueuedCompletionStatusEx", err))
		}
		if n == 0 {
			return fmt.Errorf("proactors: IOCP: close: the system does not end %d operations%s", p.busy, p.withSystem())
		}
		for i := range p.packets[:n] {
			if k := &p.packets[i]; k.key != wakeKey {
				p.packet(k)
			}
		}
	}
	for _, r := range p.restart {
		r.leave()
	}
	return nil
}
