package selectors

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// selectLimit is how many sockets one select can read from, and how many it
// can write to. Winsock lets the caller choose; 512 is what Python chose, so
// a program behaves the same under both.
const selectLimit = 512

// fdSet is Winsock's fd_set: not bits but a list of sockets.
type fdSet struct {
	count   uint32
	sockets [selectLimit]windows.Handle
}

func (f *fdSet) list() []windows.Handle { return f.sockets[:f.count] }

func (f *fdSet) add(h windows.Handle) {
	f.sockets[f.count] = h
	f.count++
}

func (f *fdSet) remove(h windows.Handle) {
	if i := slices.Index(f.list(), h); i >= 0 {
		copy(f.sockets[i:], f.sockets[i+1:f.count])
		f.count--
	}
}

// copyFrom copies what is in use, not all 4 KiB.
func (f *fdSet) copyFrom(g *fdSet) {
	f.count = g.count
	copy(f.sockets[:], g.list())
}

// SelectSelector watches sockets with Winsock's select: sockets only, 512 to
// read and 512 to write. A socket that was closed while registered is
// reported ready. asyncio: selectors.SelectSelector.
type SelectSelector struct {
	base
	readers, writers           fdSet
	readable, writable, failed fdSet // what the system has found
	timeout                    windows.Timeval
}

// NewSelectSelector makes a selector over Winsock's select.
func NewSelectSelector() (*SelectSelector, error) {
	if err := startWinsock(); err != nil {
		return nil, fmt.Errorf("selectors: NewSelectSelector: %w", err)
	}
	s := &SelectSelector{}
	s.init("select", Limits{MaxFiles: selectLimit, SocketsOnly: true, Precision: time.Microsecond}, s)
	return s, nil
}

// startWinsock: a program that does not use package net has not started it.
var startWinsock = sync.OnceValue(func() error {
	var data windows.WSAData
	if err := windows.WSAStartup(0x202, &data); err != nil {
		return os.NewSyscallError("WSAStartup", err)
	}
	return procSelect.Find()
})

var procSelect = windows.NewLazySystemDLL("ws2_32.dll").NewProc("select")

// Select returns the files that are ready: see [Selector].
func (s *SelectSelector) Select(timeout time.Duration) ([]Ready, error) {
	if !s.open {
		return nil, s.fail("select", nil, NoFD, ErrClosed)
	}
	if s.count == 0 {
		// Winsock refuses to wait for nothing (WSAEINVAL).
		time.Sleep(timeout)
		return s.publish(s.results(0)), nil
	}
	errno := s.wait(timeout)
	if errno == windows.WSAENOTSOCK {
		errno = s.pollOpen()
	}
	if errno != 0 {
		return nil, s.fail("select", nil, NoFD, os.NewSyscallError("select", errno))
	}
	ready := s.results(s.count)
	ready = s.collect(ready, &s.readable, EventRead)
	ready = s.collect(ready, &s.writable, EventWrite)
	ready = s.collect(ready, &s.failed, EventWrite)
	return s.publish(ready), nil
}

// collect adds what one set has found: a new entry, or a bit in the entry
// that the socket has already.
func (s *SelectSelector) collect(ready []Ready, found *fdSet, event EventMask) []Ready {
	for _, h := range found.list() {
		r := s.slot(uintptr(h))
		if i := int(r.pos); i < len(ready) && ready[i].Key == r.key {
			ready[i].Events |= event
			continue
		}
		r.pos = int32(len(ready))
		ready = append(ready, Ready{r.key, event})
	}
	return ready
}

// wait fills the sets of what is found.
func (s *SelectSelector) wait(timeout time.Duration) syscall.Errno {
	for c := newCountdown(timeout); ; c.refresh() {
		s.readable.copyFrom(&s.readers)
		s.writable.copyFrom(&s.writers)
		s.failed.copyFrom(&s.writers) // a connect that fails is found here only
		if errno := s.ask(c.left); errno != windows.WSAEINTR {
			return errno
		}
	}
}

// ask makes the system call once, on sets that are not all empty. A limit is
// rounded up to microseconds.
func (s *SelectSelector) ask(d time.Duration) syscall.Errno {
	var limit *windows.Timeval
	if d != Forever {
		d = min(max(d, 0), (1<<31-1)*time.Second)
		us := int64((d + time.Microsecond - 1) / time.Microsecond)
		s.timeout = windows.Timeval{Sec: int32(us / 1e6), Usec: int32(us % 1e6)}
		limit = &s.timeout
	}
	n, _, errno := syscall.SyscallN(procSelect.Addr(), 0,
		uintptr(unsafe.Pointer(&s.readable)), uintptr(unsafe.Pointer(&s.writable)),
		uintptr(unsafe.Pointer(&s.failed)), uintptr(unsafe.Pointer(limit)))
	if int32(n) >= 0 {
		return 0
	}
	if errno == 0 {
		return windows.WSAEINVAL
	}
	return errno
}

// pollOpen is what follows when select has failed since a registered socket
// was closed: the closed ones are ready, and the rest is asked again. Whoever
// tries to use one then learns what is wrong with it, and the others are not
// held up.
func (s *SelectSelector) pollOpen() syscall.Errno {
	s.readable.count, s.writable.count, s.failed.count = 0, 0, 0
	var closed []*SelectorKey
	for fd, key := range s.all() {
		if sock.Pollable(fd) != nil {
			closed = append(closed, key)
			continue
		}
		addTo(&s.readable, &s.writable, key.FD, key.Events)
	}
	s.failed.copyFrom(&s.writable)
	if s.readable.count+s.writable.count > 0 {
		if errno := s.ask(0); errno != 0 {
			return errno
		}
	}
	for _, key := range closed {
		addTo(&s.readable, &s.writable, key.FD, key.Events)
	}
	return 0
}

func addTo(readers, writers *fdSet, fd uintptr, events EventMask) {
	if events&EventRead != 0 {
		readers.add(windows.Handle(fd))
	}
	if events&EventWrite != 0 {
		writers.add(windows.Handle(fd))
	}
}

// checkRoom returns an error if the sets are full.
func (s *SelectSelector) checkRoom(events EventMask) error {
	if events&EventRead != 0 && s.readers.count == selectLimit ||
		events&EventWrite != 0 && s.writers.count == selectLimit {
		return fmt.Errorf("%w: select on Windows watches %d sockets; use a proactor event loop instead",
			ErrTooManyDescriptors, selectLimit)
	}
	return nil
}

func (s *SelectSelector) add(r *slot) error {
	if err := sock.Pollable(r.key.FD); err != nil {
		return err
	}
	if err := s.checkRoom(r.key.Events); err != nil {
		return err
	}
	addTo(&s.readers, &s.writers, r.key.FD, r.key.Events)
	return nil
}

func (s *SelectSelector) change(r *slot, events EventMask) error {
	if err := sock.Pollable(r.key.FD); err != nil {
		return err
	}
	if err := s.checkRoom(events &^ r.key.Events); err != nil {
		return err
	}
	s.drop(r)
	addTo(&s.readers, &s.writers, r.key.FD, events)
	return nil
}

func (s *SelectSelector) drop(r *slot) {
	s.readers.remove(windows.Handle(r.key.FD))
	s.writers.remove(windows.Handle(r.key.FD))
}

func (s *SelectSelector) release() error { return nil }
