package asyncio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// PipeServer serves a named pipe of Windows: each who opens it gets a connection of its
// own. (the object that loop.start_serving_pipe returns)
type PipeServer struct {
	listed  servedPipe // in transports, while it serves
	loop    *baseLoop
	factory func() Protocol
	address string
	fd      uintptr // the instance that waits, or sock.Invalid
	cancel  func()  // ends its wait
	closed  bool
}

// pipeNames is what the name of a pipe of this machine begins with.
const pipeNames = `\\.\pipe\`

// How long a connection waits for an instance that is free, as asyncio does.
const (
	firstPipeDelay = time.Millisecond
	mostPipeDelay  = 100 * time.Millisecond
)

// StartServingPipe serves the pipe of a name, such as \\.\pipe\lights, by protocols that
// factory makes, one for each who opens it. Their transports are read and written; to end
// writing is to close, so that WriteEOF is errors.ErrUnsupported. What arrives is bytes:
// the boundaries of messages are not kept. A name that is served already is the system's
// error (access is denied). ErrInvalidArgument for what is no name of a pipe; elsewhere
// than on Windows errors.ErrUnsupported: use CreateUnixServer there. It suspends or
// blocks: any goroutine may call it. (loop.start_serving_pipe)
func (l *ProactorEventLoop) StartServingPipe(ctx context.Context, factory func() Protocol, address string) (*PipeServer, error) {
	const op = "StartServingPipe"
	if err := l.checkPipeName(op, factory, address, "CreateUnixServer"); err != nil {
		return nil, err
	}
	return inLoop(ctx, &l.baseLoop, op, func(context.Context) (*PipeServer, error) {
		s := &PipeServer{loop: &l.baseLoop, factory: factory, address: address, fd: sock.Invalid}
		if err := s.offer(true); err != nil {
			return nil, opError(op, fmt.Errorf("%s: %w", address, err))
		}
		s.listed.end = s.end
		l.transports.served.PushBack(&s.listed.place)
		return s, nil
	}, (*PipeServer).end)
}

// CreatePipeConnection opens the pipe of a name that somebody serves, and returns as
// CreateConnection does. While all its instances are taken it tries again, after 1 ms at
// first and 100 ms at most, until ctx is done. A name that nobody serves is the system's
// error (fs.ErrNotExist). Names, transports and other systems are as with
// StartServingPipe; there use CreateUnixConnection. It suspends or blocks: any goroutine
// may call it. (loop.create_pipe_connection)
func (l *ProactorEventLoop) CreatePipeConnection(ctx context.Context, factory func() Protocol, address string) (Transport, Protocol, error) {
	const op = "CreatePipeConnection"
	if err := l.checkPipeName(op, factory, address, "CreateUnixConnection"); err != nil {
		return nil, nil, err
	}
	c, err := inLoop(ctx, &l.baseLoop, op, func(ctx context.Context) (connection, error) {
		for delay := firstPipeDelay; ; delay = min(2*delay, mostPipeDelay) {
			fd, err := sock.DialPipe(address)
			switch {
			case err == nil:
				return l.meetPipe(ctx, op, factory, fd, newDuplexPipe)
			case !sock.PipeBusy(err):
				return connection{}, opError(op, fmt.Errorf("%s: %w", address, err))
			}
			if err := Sleep(ctx, delay); err != nil {
				return connection{}, opError(op, err)
			}
		}
	}, connection.discard)
	return c.results(err)
}

// checkPipeName checks what both calls are given.
func (l *ProactorEventLoop) checkPipeName(op string, factory func() Protocol, address, instead string) error {
	_, able := l.eng.(engine.PipeAccepter)
	switch {
	case !able:
		return opError(op, fmt.Errorf("%w: named pipes are Windows's; use %s instead", errors.ErrUnsupported, instead))
	case factory == nil:
		return invalid(op, "the factory is nil")
	case len(address) <= len(pipeNames) || !strings.EqualFold(address[:len(pipeNames)], pipeNames):
		return invalid(op, "the name of a pipe begins with %s, not as %q does", pipeNames, address)
	}
	return nil
}

// newDuplexPipe is newStreamTransport for a pipe that is read and written.
func newDuplexPipe(l *baseLoop, fd uintptr, p Protocol, done engine.Completer) (*streamTransport, error) {
	t := &streamTransport{loop: l}
	if err := t.core.InitDuplexPipe((*streamOutside)(t), l.eng, fd, p); err != nil {
		return nil, err
	}
	t.begin(done)
	return t, nil
}

// offer makes an instance that waits for the next who comes.
func (s *PipeServer) offer(first bool) error {
	fd, err := sock.ServePipe(s.address, first)
	if err != nil {
		return err
	}
	cancel, err := s.loop.eng.(engine.PipeAccepter).AcceptPipe(fd, s.accepted)
	if err != nil {
		return errors.Join(err, s.loop.eng.Sockets().Close(fd))
	}
	s.fd, s.cancel = fd, cancel
	return nil
}

// accepted goes on when somebody has opened the instance that waits. The next one is there
// before anything else happens, so that the name never has none.
func (s *PipeServer) accepted(err error) {
	fd := s.fd
	s.fd, s.cancel = sock.Invalid, nil
	next := s.offer(false)
	if next != nil {
		s.later(next)
	}
	if err == nil {
		s.setUp(fd)
		return
	}
	_ = s.loop.eng.Sockets().Close(fd) // nothing to be done about it
	if !sock.Disconnected(err) {       // who has gone again is nobody's failure
		s.failed(err)
	}
}

// setUp makes a connection of an instance.
func (s *PipeServer) setUp(fd uintptr) {
	done := false
	defer func() {
		if !done {
			_ = s.loop.eng.Sockets().Close(fd) // as above
		}
	}()
	p, err := makeProtocol(s.loop, s.factory)
	if err == nil {
		_, err = newDuplexPipe(s.loop, fd, p, nil)
	}
	if done = err == nil; !done {
		s.loop.reportExit(err, ExceptionContext{Message: "Error on transport creation for incoming connection", Protocol: p})
	}
}

// later offers another instance after a rest: there are no resources for one now.
func (s *PipeServer) later(err error) {
	s.loop.scheduleAt(s.loop.core.Later(listen.RetryDelay), callback(func() {
		if s.closed || s.fd != sock.Invalid {
			return
		}
		if err := s.offer(false); err != nil {
			s.later(err)
		}
	}), 0)
	s.failed(err)
}

// failed reports what there is nowhere else to send to.
func (s *PipeServer) failed(err error) {
	s.loop.report(ExceptionContext{Message: "Pipe accept failed", Err: err, Extra: map[string]any{"pipe": s.address}})
}

// Close stops serving; connections stay. Closing again is harmless. Loop only.
func (s *PipeServer) Close() error {
	hold, err := s.loop.acquireClosed("PipeServer.Close")
	if err != nil {
		return err
	}
	defer hold.Leave()
	s.end()
	return nil
}

// end is Close, and what the loop's own close does.
func (s *PipeServer) end() {
	if s.closed {
		return
	}
	s.closed = true
	s.loop.transports.served.Remove(&s.listed.place)
	if s.fd != sock.Invalid {
		s.cancel()
		_ = s.loop.eng.Sockets().Close(s.fd) // as above
		s.fd, s.cancel = sock.Invalid, nil
	}
}

// String names the pipe and says whether it is served.
func (s *PipeServer) String() string {
	if s.closed {
		return fmt.Sprintf("<PipeServer %s closed>", s.address)
	}
	return fmt.Sprintf("<PipeServer %s>", s.address)
}
