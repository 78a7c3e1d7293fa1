package asyncio

import "os"

// SubprocessTransport is a child, as its protocol sees it. Unless a method says otherwise
// it is for the loop only. (asyncio.SubprocessTransport)
type SubprocessTransport interface {
	// GetPID returns the child's number, which stays what it was when the child has
	// ended. Any goroutine. (get_pid)
	GetPID() int
	// GetReturnCode returns what the child has exited with, or minus the number of the
	// signal that has ended it; known is false while it runs, as far as the loop has heard.
	// On Windows, a child that was ended by Kill or Terminate has exited with 1. Any
	// goroutine. (get_returncode)
	GetReturnCode() (code int, known bool)
	// GetPipeTransport returns the transport of the pipe to the child's descriptor 0, or
	// from its descriptor 1 or 2, and nil if there is none. Any goroutine.
	// (get_pipe_transport)
	GetPipeTransport(fd int) Transport
	// SendSignal sends the child a signal: os.ErrProcessDone if it has ended, which the
	// loop may not have heard of yet. On Windows there are os.Kill and syscall.SIGTERM,
	// which end the child at once, and for a child with a process group of its own
	// os.Interrupt, which it gets as Ctrl-Break; others are errors.ErrUnsupported.
	// (send_signal)
	SendSignal(sig os.Signal) error
	// Terminate asks the child to end, by SIGTERM; on Windows it ends it. Errors as of
	// SendSignal. (terminate)
	Terminate() error
	// Kill ends the child, by SIGKILL. Errors as of SendSignal. (kill)
	Kill() error
	// Close closes the pipes, and kills the child if it runs. The protocol hears of the
	// end of each, as ever. A child that may not be killed is left to itself. Closing
	// again is harmless. (close)
	Close() error
	// IsClosing reports whether Close was called. (is_closing)
	IsClosing() bool
	// GetExtraInfo returns what is known under a name, nil for a name that is not known:
	// once the child has ended, "waitstatus" (a syscall.WaitStatus) and "rusage" (a
	// *syscall.Rusage). Any goroutine. (get_extra_info)
	GetExtraInfo(name string) any
	// SetProtocol hands the child to another protocol, for which ConnectionMade is not
	// called. nil: ErrInvalidArgument. (set_protocol)
	SetProtocol(p SubprocessProtocol) error
	// GetProtocol returns the protocol, nil after the end. (get_protocol)
	GetProtocol() SubprocessProtocol
}

// UnimplementedSubprocessTransport has every method of SubprocessTransport; those that can
// say so return ErrNotImplemented, the others what an absent transport would. Embed it in a
// transport of your own, so that it stays one when methods are added.
type UnimplementedSubprocessTransport struct{}

var _ SubprocessTransport = UnimplementedSubprocessTransport{}

// GetPID returns 0.
func (UnimplementedSubprocessTransport) GetPID() int { return 0 }

// GetReturnCode knows none.
func (UnimplementedSubprocessTransport) GetReturnCode() (int, bool) { return 0, false }

// GetPipeTransport returns nil.
func (UnimplementedSubprocessTransport) GetPipeTransport(int) Transport { return nil }

// SendSignal returns ErrNotImplemented.
func (UnimplementedSubprocessTransport) SendSignal(os.Signal) error {
	return notImplementedIn("SendSignal")
}

// Terminate returns ErrNotImplemented.
func (UnimplementedSubprocessTransport) Terminate() error { return notImplementedIn("Terminate") }

// Kill returns ErrNotImplemented.
func (UnimplementedSubprocessTransport) Kill() error { return notImplementedIn("Kill") }

// Close returns ErrNotImplemented.
func (UnimplementedSubprocessTransport) Close() error { return notImplementedIn("Close") }

// IsClosing returns false.
func (UnimplementedSubprocessTransport) IsClosing() bool { return false }

// GetExtraInfo returns nil.
func (UnimplementedSubprocessTransport) GetExtraInfo(string) any { return nil }

// SetProtocol returns ErrNotImplemented.
func (UnimplementedSubprocessTransport) SetProtocol(SubprocessProtocol) error {
	return notImplementedIn("SetProtocol")
}

// GetProtocol returns nil.
func (UnimplementedSubprocessTransport) GetProtocol() SubprocessProtocol { return nil }
