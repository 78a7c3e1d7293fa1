package engine

import "fmt"

// What [Engine.Pipe] takes over is a descriptor that bytes go through, as a rule in one direction:
// one end of a pipe, a FIFO, a terminal, or a socket of which one direction is used. It
// is a [Stream], with these differences:
//
//   - dir says what is done with it: Read or Write, or both for a pipe of both directions.
//     What one protocol reads and another writes is made two pipes by duplicating it:
//     each closes its own descriptor.
//   - Of a pipe that is only written StartReading means: tell when the reader has gone.
//     ReadEOF says that, whatever is under way, and nothing else of receiving is ever
//     told. A kind of descriptor that does not tell (a terminal) says nothing; then a
//     write fails. What a socket's peer sends meanwhile stays where it is: whoever
//     reads the other direction gets it; but a peer that sends cannot be seen to go.
//   - A terminal that is hung up is at its end: ReadEOF and not ReadFailed.
//   - CloseWrite is errors.ErrUnsupported: the end of a pipe is its Close.
//   - Writing never raises a signal that ends the program.
//   - Nothing is held back over a proactor unless Pending says so.

// KindError says that a descriptor is none that can be a pipe, or not in this
// direction.
type KindError struct {
	FD  uintptr
	Why string // what it is, or lacks
}

// Error says what the descriptor is.
func (e *KindError) Error() string { return fmt.Sprintf("descriptor %d %s", e.FD, e.Why) }

// PipeAccepter is an engine, too, whose system has pipes with names, which are served as
// listening sockets are: each instance waits for one who opens its other end, and is
// then made a pipe of both directions.
type PipeAccepter interface {
	// AcceptPipe waits until somebody has opened the other end of an instance and calls
	// done once, with nil or the reason, as Connect does; so is cancel. The descriptor
	// stays its user's.
	AcceptPipe(fd uintptr, done func(error)) (cancel func(), err error)
}
