package asyncio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// Errors of Sendfile and SockSendfile.
var (
	// ErrSendfileNotAvailable: the system cannot send this file, and to read it was not
	// allowed. What the system said is found by errors.Is, too. (SendfileNotAvailableError)
	ErrSendfileNotAvailable = errors.New("sendfile is not available")
	// ErrSendfileInProgress: nothing else can be sent over a transport while a file is.
	// (RuntimeError "unable to write; sendfile is in progress")
	ErrSendfileInProgress = errors.New("sendfile is in progress")
)

// fallbackSize is how much of a file is read at once where the system cannot send it, as
// asyncio reads it.
const fallbackSize = 256 << 10

// sendfile is a file that is being sent, over whatever.
type sendfile struct {
	loop   *baseLoop
	op     string
	file   io.Reader
	offset int64
	left   int64 // at most
	reads  bool  // where it cannot be sent otherwise, it is read
	way    way
}

// way is what a file is sent over.
type way interface {
	// send has the system send from the file. If it cannot, it is an
	// ErrSendfileNotAvailable, and nothing has gone.
	send(ctx context.Context, f engine.File, offset, n int64) error
	// put sends p and keeps nothing of it.
	put(ctx context.Context, p []byte) error
	// sent is how many bytes have gone, or go whatever comes; it is known also if send or
	// put did not return.
	sent() int64
}

// newSendfile checks what is common to all ways.
func (l *baseLoop) newSendfile(op string, file io.Reader, opts *SendfileOptions) (*sendfile, error) {
	var o SendfileOptions
	if opts != nil {
		o = *opts
	}
	switch f, ok := file.(*os.File); {
	case file == nil || ok && f == nil:
		return nil, invalid(op, "the file is nil")
	case o.Offset < 0:
		return nil, invalid(op, "Offset must not be negative, got %d", o.Offset)
	case o.Count < 0:
		return nil, invalid(op, "Count must be positive, or 0 for all, got %d", o.Count)
	}
	x := &sendfile{loop: l, op: op, file: file, offset: o.Offset, left: o.Count, reads: !o.NoFallback}
	if most := math.MaxInt64 - o.Offset; x.left == 0 || x.left > most {
		x.left = most
	}
	return x, nil
}

// run sends the file. Coroutines only.
func (x *sendfile) run(ctx context.Context) (int64, error) {
	defer x.leavePosition()
	err := x.bySystem(ctx)
	if x.reads && errors.Is(err, ErrSendfileNotAvailable) {
		err = x.byReads(ctx)
	}
	return x.way.sent(), err
}

// bySystem has the system send the file.
func (x *sendfile) bySystem(ctx context.Context) error {
	f, err := x.regular()
	if err != nil {
		return err
	}
	return x.way.send(ctx, f, x.offset, x.left)
}

// refuses reports whether the system says with err that it does not send this file, or
// not over this connection.
func refuses(err error) bool { return errors.Is(err, errors.ErrUnsupported) || isSystemError(err) }

// notAvailable says why the system cannot send a file.
func notAvailable(op string, why error) error {
	return opError(op, fmt.Errorf("%w: %w", ErrSendfileNotAvailable, why))
}

// errNotRegular is why most of what can be read cannot be sent by the system.
var errNotRegular = errors.New("not a regular file")

// regular returns the file if it is a regular one of the system's.
func (x *sendfile) regular() (engine.File, error) {
	f, ok := x.file.(interface {
		Stat() (fs.FileInfo, error)
		syscall.Conn
	})
	if !ok {
		return nil, notAvailable(x.op, fmt.Errorf("%T: %w", x.file, errNotRegular))
	}
	switch info, err := f.Stat(); {
	case errors.Is(err, os.ErrClosed):
		return nil, opError(x.op, err)
	case err != nil:
		return nil, notAvailable(x.op, err)
	case !info.Mode().IsRegular():
		return nil, notAvailable(x.op, fmt.Errorf("%s: %w", info.Name(), errNotRegular))
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, notAvailable(x.op, err)
	}
	return raw, nil
}

// byReads reads the file piece by piece, off the loop, and sends what comes.
func (x *sendfile) byReads(ctx context.Context) error {
	src, err := x.source()
	if err != nil {
		return err
	}
	buf := make([]byte, min(x.left, fallbackSize))
	for {
		p := buf[:min(x.left-x.way.sent(), int64(len(buf)))]
		if len(p) == 0 {
			return nil
		}
		if err := ConsumeBudget(ctx); err != nil { // an executor may call at once, and the system take it
			return err
		}
		read, err := RunIn(x.loop.self, nil, func() (int, error) { return readSome(src, p) })
		if err != nil {
			return err
		}
		n, err := read.Await(ctx)
		if err != nil || n == 0 {
			return err
		}
		if err := x.way.put(ctx, p[:n]); err != nil {
			return err
		}
	}
}

// readSome reads at least one byte; 0 and no error is the end.
func readSome(src io.Reader, p []byte) (int, error) {
	n, err := io.ReadAtLeast(src, p, 1)
	if n > 0 || err == io.EOF {
		err = nil // what else there is the next read tells
	}
	return n, err
}

// source is the file from its offset on. What can be read from anywhere is, so that a read
// that nobody waits for any more does not move the position.
func (x *sendfile) source() (io.Reader, error) {
	s, ok := x.file.(io.Seeker)
	if ok {
		_, err := s.Seek(x.offset, io.SeekStart)
		ok = err == nil
		if errors.Is(err, os.ErrClosed) {
			return nil, opError(x.op, err)
		}
	}
	switch at, canRead := x.file.(io.ReaderAt); {
	case !ok && x.offset > 0:
		return nil, invalid(x.op, "an Offset of %d, and a file that cannot seek (%T)", x.offset, x.file)
	case ok && canRead:
		return io.NewSectionReader(at, x.offset, x.left), nil
	}
	return x.file, nil
}

// leavePosition puts the file's position behind what was sent.
func (x *sendfile) leavePosition() {
	sent := x.way.sent()
	if s, ok := x.file.(io.Seeker); ok && sent > 0 {
		_, _ = s.Seek(x.offset+sent, io.SeekStart) // what cannot seek has no position
	}
}
