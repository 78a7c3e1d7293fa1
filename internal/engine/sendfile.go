package engine

// File is a regular file that its user has open. *os.File's SyscallConn is one.
type File interface {
	// Control lends the descriptor for the length of f. Once the file is closed it is an
	// error, f is not called, and the engine says os.ErrClosed; closing waits for f.
	Control(f func(fd uintptr)) error
}

// FileSender is the part of a [Stream] that sends from a file.
//
// A file shares the slot of Send: Sendfile must not be called between Send and its Sent,
// nor Send, Write or CloseWrite between Sendfile and its Sent. Outgoing is not asked meanwhile.
type FileSender interface {
	// Sendfile asks the engine to send, as soon as it can, up to n bytes of a file from
	// offset on, n being at least 1, without a copy of them here. Sent ends it: with how many
	// went, which is no more than [MostOfFile] and may be fewer than n; 0 and no error is
	// the end of the file. Sent's error is what the system said of the file or of the
	// connection, or errors.ErrUnsupported where files cannot be sent, and nothing went
	// with it; the stream goes on all the same, and can send by Send what it could not send
	// from the file. With an error of Sendfile's own nothing is being sent.
	//
	// StopSending withdraws it. Unlike a Send's, it is known how much went: what Sent
	// has told of; and the stream goes on.
	Sendfile(f File, offset, n int64) error
}

// MostOfFile is how many bytes of a file are sent in one pass at most, so that a fast
// peer does not hold up the others: less than a millisecond's work, and what Linux lets
// the buffer of a socket grow to, so that most passes end earlier.
const MostOfFile = 4 << 20
