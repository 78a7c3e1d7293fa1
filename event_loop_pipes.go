package asyncio

import (
	"context"
	"os"
)

// PipeConnector is the part of a loop that reads and writes pipes.
type PipeConnector interface {
	// ConnectReadPipe reads a pipe: one end of a pipe, a FIFO, a terminal or a stream
	// socket. The protocol that factory makes gets what comes; the transport's writing
	// methods refuse. At the end of what there is to read, or when a terminal hangs up,
	// EOFReceived is called, and whatever it returns the transport closes itself.
	// GetExtraInfo("pipe") is the descriptor, a uintptr, for information.
	//
	// pipe is the call's from its start: it goes on under a descriptor of the transport's
	// own, and the os.File is closed, also if the call fails, is cancelled or made on the
	// wrong goroutine. (A pipe that a transport or AddReader has is left alone.) The files
	// os.Stdin, os.Stdout and os.Stderr are an exception: they stay open, and the
	// transport works on what is opened anew, on Linux, or on a duplicate. A duplicate does
	// not block from then on, nor does what it is one of: print to a terminal from
	// elsewhere what fits into its buffer, or write it all by the transport.
	//
	// ErrInvalidArgument for what is no such thing (a regular file is always ready: read
	// it in ToThread) or not open for reading; the system's error for what this loop's
	// mechanism cannot wait for (epoll has none for /dev/null). On Windows it is an
	// overlapped pipe and a proactor loop; a selector loop says errors.ErrUnsupported. It
	// suspends or blocks: any goroutine may call it. (loop.connect_read_pipe)
	ConnectReadPipe(ctx context.Context, factory func() Protocol, pipe *os.File) (Transport, Protocol, error)
	// ConnectWritePipe writes to a pipe, which is the call's as ConnectReadPipe says. Of
	// the protocol that factory makes ConnectionMade, PauseWriting, ResumeWriting and
	// ConnectionLost are called; the transport's reading methods refuse. WriteEOF is
	// Close. The end of its reader is the transport's end, also while nothing is written
	// (a terminal does not tell of it): ConnectionLost brings nil if nothing was on the
	// way, else EPIPE. A peer that writes to a socket given here is taken to be still
	// there. No signal is raised when nobody reads. It suspends or blocks: any goroutine
	// may call it. (loop.connect_write_pipe)
	ConnectWritePipe(ctx context.Context, factory func() Protocol, pipe *os.File) (Transport, Protocol, error)
}
