package subprocess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// Process is a child. It is made by Exec and Shell. (asyncio.subprocess.Process)
type Process struct {
	// Stdin writes to the child's input, Stdout and Stderr read what it writes; each is nil
	// unless the options say Pipe. Close Stdin for the child to read its end. (stdin,
	// stdout, stderr)
	Stdin          *streams.StreamWriter
	Stdout, Stderr *streams.StreamReader

	// Pid is the child's number. (pid)
	Pid int

	loop      asyncio.EventLoop
	limit     int
	transport asyncio.SubprocessTransport

	mu    sync.Mutex
	waits asyncio.Waiters // for the child's end
	read  [3][]byte       // what Communicate has read, by the child's descriptors
}

// Returncode returns what the child has exited with, or minus the number of the signal that
// has ended it; known is false while it runs, as far as the loop has heard. Any goroutine.
// (returncode)
func (p *Process) Returncode() (code int, known bool) { return p.transport.GetReturnCode() }

// Wait waits until the child has ended, and returns what it has exited with, or minus the
// number of the signal that has ended it. A code that is not 0 is no error. Any number may
// wait at once. It suspends or blocks: any goroutine. (wait)
func (p *Process) Wait(ctx context.Context) (code int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		code, known := p.Returncode()
		if known {
			return code, nil
		}
		if _, err := p.waits.Wait(ctx, p.loop, &p.mu); err != nil {
			// A child that the loop's close has killed has a code all the same.
			if code, known = p.Returncode(); known && errors.Is(err, asyncio.ErrLoopClosed) {
				return code, nil
			}
			return 0, err
		}
	}
}

// wakeAll lets go on who waits.
func (p *Process) wakeAll() {
	p.mu.Lock()
	all := p.waits.WakeAll(nil)
	p.mu.Unlock()
	all.Do()
}

// Communicate writes the input to the child and closes its Stdin, reads Stdout and Stderr
// to their ends, all at the same time, and waits for the child's end. What is no pipe is
// nil. A child that does not read its input is no error. What the child has written is kept
// in memory: read it in pieces if it may be much.
//
// A call that is cancelled loses nothing: the input is on its way, and another call, with
// no input, goes on where it was. asyncio.ErrInvalidArgument for input to a child whose
// Stdin is no pipe. It suspends or blocks: any goroutine. (communicate)
func (p *Process) Communicate(ctx context.Context, input []byte) (stdout, stderr []byte, err error) {
	if p.Stdin == nil && len(input) > 0 {
		return nil, nil, invalid("Communicate", "there is input, but Stdin is no pipe: set Options.Stdin to Pipe")
	}
	if _, err := asyncio.GetRunningLoop(); err == nil {
		return p.communicate(ctx, input)
	}
	done := asyncio.RunCoroutineThreadsafe(p.loop, func(ctx context.Context) (struct{}, error) {
		_, _, err := p.communicate(ctx, input)
		return struct{}{}, err
	})
	if _, err := done.Await(ctx); err != nil {
		done.Cancel() // in case it was ctx that ended
		return nil, nil, err
	}
	stdout, stderr = p.output()
	return stdout, stderr, nil
}

// communicate is Communicate in a coroutine.
func (p *Process) communicate(ctx context.Context, input []byte) (stdout, stderr []byte, err error) {
	_, err = asyncio.Gather(ctx,
		func(ctx context.Context) (struct{}, error) { return struct{}{}, p.feed(ctx, input) },
		func(ctx context.Context) (struct{}, error) { return struct{}{}, p.collect(ctx, 1, p.Stdout) },
		func(ctx context.Context) (struct{}, error) { return struct{}{}, p.collect(ctx, 2, p.Stderr) },
	)
	if err == nil {
		_, err = p.Wait(ctx)
	}
	if err != nil {
		return nil, nil, err
	}
	stdout, stderr = p.output()
	return stdout, stderr, nil
}

// feed writes the input and closes the pipe. A child that has gone, or has closed its
// input, is no error.
func (p *Process) feed(ctx context.Context, input []byte) error {
	if p.Stdin == nil {
		return nil
	}
	err := error(nil)
	if len(input) > 0 {
		_, err = p.Stdin.Write(input)
	}
	if err == nil {
		err = p.Stdin.Drain(ctx)
	}
	if goneReader(err) {
		err = nil
	}
	if closed := p.Stdin.Close(); err == nil {
		err = closed
	}
	return err
}

// goneReader reports whether an error says that nobody reads any more.
func goneReader(err error) bool {
	return errors.Is(err, streams.ErrConnectionLost) || errors.Is(err, net.ErrClosed) ||
		slices.ContainsFunc(noReader, func(e error) bool { return errors.Is(err, e) })
}

// pieceSize is how much is read at once.
const pieceSize = 64 << 10

// collect reads to the end of a pipe from the child.
func (p *Process) collect(ctx context.Context, fd int, r *streams.StreamReader) error {
	if r == nil {
		return nil
	}
	for {
		piece, err := r.Read(ctx, pieceSize)
		p.mu.Lock()
		p.read[fd] = append(p.read[fd], piece...)
		p.mu.Unlock()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// output is what collect has read, nil for what is no pipe.
func (p *Process) output() (stdout, stderr []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return collected(p.Stdout, p.read[1]), collected(p.Stderr, p.read[2])
}

// collected is what was read of a pipe.
func collected(r *streams.StreamReader, read []byte) []byte {
	if r != nil && read == nil {
		return []byte{}
	}
	return read
}

// SendSignal sends the child a signal: os.ErrProcessDone if it has ended. On Windows there
// are os.Kill and syscall.SIGTERM, and for a child with a group of its own os.Interrupt.
// Loop only. (send_signal)
func (p *Process) SendSignal(sig os.Signal) error { return p.transport.SendSignal(sig) }

// Terminate asks the child to end, by SIGTERM; on Windows it ends it. Errors as of
// SendSignal. Loop only. (terminate)
func (p *Process) Terminate() error { return p.transport.Terminate() }

// Kill ends the child. Errors as of SendSignal. Loop only. (kill)
func (p *Process) Kill() error { return p.transport.Kill() }

// Close closes the pipes and kills the child if it runs; Wait says when it has ended. It is
// for a deferred call: after the child's end it is harmless. Loop only.
func (p *Process) Close() error { return p.transport.Close() }

// Transport returns the child's transport. Any goroutine.
func (p *Process) Transport() asyncio.SubprocessTransport { return p.transport }

// String names the child.
func (p *Process) String() string { return fmt.Sprintf("<Process %d>", p.Pid) }
