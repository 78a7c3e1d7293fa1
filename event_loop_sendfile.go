package asyncio

import (
	"context"
	"io"
)

// FileSender is the part of a loop that sends files.
type FileSender interface {
	// Sendfile sends a file over a stream transport of the loop's, as opts says; nil is
	// all of it. What was written to the transport before goes first; while the file is
	// under way, writes are refused with ErrSendfileInProgress, nothing is received, and
	// a protocol that was told to pause stays paused. A Close or a WriteEOF of the transport
	// takes effect when the file has gone; an Abort, at once.
	//
	// A regular file goes by the system's own call, of which the bytes never come by the
	// program. Where that is refused, because of the system, the file or the connection, and
	// over TLS, which encrypts in the program, the file is read, by the default executor, and
	// written: from any io.Reader, with an Offset only if it can Seek. The file stays the
	// caller's, who leaves it open and does not read it meanwhile.
	//
	// It returns how many bytes have gone, also with an error: fewer than asked for if the
	// file ends before. If there were any, the file's position is behind the last one; a
	// file that cannot Seek has been read that far, or farther if the call failed. Who is
	// cancelled has the transport back as it is. A goroutine whose ctx is done does not wait
	// for the loop: some of the file may go still, which is not counted, and may even begin
	// behind what is written next.
	//
	// ErrSendfileNotAvailable where reading is not allowed, ErrInvalidArgument for a
	// transport that files cannot be sent over or that is another loop's, net.ErrClosed for
	// one that is closing or is lost meanwhile, ErrInvalidState after WriteEOF. It suspends or
	// blocks: any goroutine may call it. (loop.sendfile)
	Sendfile(ctx context.Context, transport Transport, file io.Reader, opts *SendfileOptions) (int64, error)

	// SockSendfile is Sendfile over a connected stream Socket, which is as SocketCaller says of all its
	// calls: who else sends waits until the file has gone. Its errors are those of SockSendAll
	// besides. (loop.sock_sendfile)
	SockSendfile(ctx context.Context, s *Socket, file io.Reader, opts *SendfileOptions) (int64, error)
}

// SendfileOptions say what is sent of a file. The zero value is all of it.
type SendfileOptions struct {
	// Offset is where to begin, in bytes. 0 is the beginning of the file, wherever its
	// position is.
	Offset int64

	// Count is how many bytes are sent at most; 0 is all until the end of the file.
	Count int64

	// NoFallback refuses to read the file where the system cannot send it. (fallback=False)
	NoFallback bool
}
