package proactors

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// Pipes are files that were opened overlapped, and not sockets: Winsock's calls refuse
// them, and the driver that is polled for sockets does not know them. A read of no
// bytes waits until there is something or the other end is closed, and is how a pipe
// is polled and how an idle one binds no memory.

// attachPipe is Attach for a pipe.
func (p *iocp) attachPipe(fd uintptr) error {
	if overlapped, err := sock.Overlapped(fd); err != nil {
		return err
	} else if !overlapped {
		return fmt.Errorf("%w: the pipe is not overlapped: open it with FILE_FLAG_OVERLAPPED", errors.ErrUnsupported)
	}
	err := sock.BindPort(fd, uintptr(p.port))
	if err == windows.ERROR_INVALID_PARAMETER {
		return fmt.Errorf("the pipe belongs to another completion port: %w", err)
	}
	if err == nil && p.quiet {
		err = windows.SetFileCompletionNotificationModes(windows.Handle(fd),
			windows.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS|windows.FILE_SKIP_SET_EVENT_ON_HANDLE)
	}
	if err == nil {
		p.pipes[fd] = struct{}{}
	}
	return err
}

// checkPipe refuses what a pipe cannot do.
func checkPipe(q *Request) error {
	switch {
	case q.Kind == Receive, q.Kind == Accept:
	case q.Kind == Send && !q.Post:
	case q.Kind == Poll && q.Mask == Readable:
	default:
		return fmt.Errorf("operation %d on a pipe: %w", q.Kind, errors.ErrUnsupported)
	}
	return nil
}

// startPipe asks the system for a pipe's operation.
func (p *iocp) startPipe(r *record) {
	var err error
	h := windows.Handle(r.fd)
	switch {
	case r.kind == Accept:
		if err = windows.ConnectNamedPipe(h, &r.ov); err == windows.ERROR_PIPE_CONNECTED {
			p.finish(r, 0) // somebody was quicker, and no packet comes
			return
		}
	case r.kind == Send:
		err = windows.WriteFile(h, r.piece(), &r.n, &r.ov)
	case r.kind == Poll || r.own:
		err = windows.ReadFile(h, nil, &r.n, &r.ov)
	default:
		err = windows.ReadFile(h, r.piece(), &r.n, &r.ov)
	}
	p.started(r, err)
}

// piece is the first piece of the user's memory: files take no more in one call.
func (r *record) piece() []byte { return unsafe.Slice(r.vec[0].Buf, r.vec[0].Len) }

// pipePacket acts on a packet that is about a pipe.
func (p *iocp) pipePacket(r *record, status windows.NTStatus, n uint32) {
	if int32(status) < 0 && status != windows.STATUS_BUFFER_OVERFLOW { // which says that a message goes on
		p.failed(r, status.Errno())
		return
	}
	p.finish(r, n)
}

// pipeEnded tells of a pipe whose other end is closed.
func (p *iocp) pipeEnded(r *record) {
	if r.kind == Poll {
		p.tell(r, int32(Readable), 0)
	} else {
		p.tell(r, 0, 0)
	}
}

// read reads what is there, from a socket or a pipe.
func (p *iocp) read(r *record, buf []byte) (int, error) {
	if !r.pipe {
		return sock.Read(r.fd, buf)
	}
	n, err := sock.Peek(r.fd)
	switch {
	case err != nil && sock.Disconnected(err):
		return 0, nil
	case err != nil:
		return 0, err
	case n == 0:
		return 0, windows.WSAEWOULDBLOCK
	}
	if p.event == 0 {
		if p.event, err = windows.CreateEvent(nil, 1, 0, nil); err != nil {
			return 0, os.NewSyscallError("CreateEvent", err)
		}
	}
	// The lowest bit keeps the packet from the port: see GetQueuedCompletionStatus.
	p.direct = windows.Overlapped{HEvent: p.event | 1}
	var done uint32
	err = windows.ReadFile(windows.Handle(r.fd), buf[:min(n, len(buf))], &done, &p.direct)
	if err == windows.ERROR_IO_PENDING {
		err = windows.GetOverlappedResult(windows.Handle(r.fd), &p.direct, &done, true)
	}
	if err == windows.ERROR_MORE_DATA {
		err = nil
	}
	return int(done), err
}
