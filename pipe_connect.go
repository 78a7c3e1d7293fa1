package asyncio

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// ConnectReadPipe implements PipeConnector.
func (l *baseLoop) ConnectReadPipe(ctx context.Context, factory func() Protocol, pipe *os.File) (Transport, Protocol, error) {
	return l.connectPipe(ctx, "ConnectReadPipe", factory, pipe, engine.Read, newReadPipe)
}

// ConnectWritePipe implements PipeConnector.
func (l *baseLoop) ConnectWritePipe(ctx context.Context, factory func() Protocol, pipe *os.File) (Transport, Protocol, error) {
	return l.connectPipe(ctx, "ConnectWritePipe", factory, pipe, engine.Write, newWritePipe)
}

// connectPipe is both of them.
func (l *baseLoop) connectPipe(ctx context.Context, op string, factory func() Protocol, pipe *os.File, dir engine.Mask,
	open openPipe,
) (Transport, Protocol, error) {
	g, err := l.takePipe(op, pipe, dir)
	defer g.release()
	if factory == nil {
		err = invalid(op, "the factory is nil")
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := inLoop(ctx, l, op, func(ctx context.Context) (connection, error) {
		if !g.pass() {
			return connection{}, opError(op, ErrCancelled)
		}
		return l.meetPipe(ctx, op, factory, g.fd, open)
	}, connection.discard)
	return c.results(err)
}

// openPipe makes the transport of a pipe, as newReadPipe does.
type openPipe func(l *baseLoop, fd uintptr, p Protocol, done engine.Completer) (*streamTransport, error)

// meetPipe is meet for a pipe.
func (l *baseLoop) meetPipe(ctx context.Context, op string, factory func() Protocol, fd uintptr, open openPipe) (connection, error) {
	t, p, err := meet(ctx, l, op, factory, meeting[*streamTransport, Protocol]{
		fd:        fd,
		transport: func(p Protocol, met func(error)) (*streamTransport, error) { return open(l, fd, p, whenMet(met)) },
		abort:     func(t *streamTransport) { t.core.Abort(nil) },
	})
	if err != nil {
		return connection{}, err
	}
	return connection{t, p}, nil
}

// takePipe makes a user's pipe the call's. With an error it is closed, unless somebody of
// ours has it already.
func (l *baseLoop) takePipe(op string, pipe *os.File, dir engine.Mask) (*given, error) {
	if pipe == nil {
		return nil, invalid(op, "the pipe is nil")
	}
	sockets := l.eng.Sockets()
	fd, err := sockets.TakePipe(pipe, dir)
	kind, used := (*engine.KindError)(nil), (*engine.UsedError)(nil)
	switch {
	case err == nil:
		return &given{sockets: sockets, fd: fd, typ: sock.Stream}, nil
	case errors.As(err, &used):
		return nil, fmt.Errorf("asyncio: %s: %w: the pipe is left alone: %w", op, ErrInvalidArgument, err)
	case errors.As(err, &kind):
		return nil, fmt.Errorf("asyncio: %s: %w: a pipe, a stream socket or a terminal was expected; use ToThread for other files: %s: %w",
			op, ErrInvalidArgument, pipe.Name(), err)
	case errors.Is(err, os.ErrClosed):
		return nil, fmt.Errorf("asyncio: %s: %w: an open pipe was expected: %w", op, ErrInvalidArgument, err)
	}
	return nil, opError(op, fmt.Errorf("%s: %w", pipe.Name(), err))
}

// newReadPipe is newStreamTransport for a pipe that is read, one that does not block.
func newReadPipe(l *baseLoop, fd uintptr, p Protocol, done engine.Completer) (*streamTransport, error) {
	t := &streamTransport{loop: l}
	if err := t.core.InitReadPipe((*streamOutside)(t), l.eng, fd, p); err != nil {
		return nil, err
	}
	t.begin(done)
	return t, nil
}

// newWritePipe is newStreamTransport for a pipe that is written, one that does not block.
func newWritePipe(l *baseLoop, fd uintptr, p Protocol, done engine.Completer) (*streamTransport, error) {
	t := &streamTransport{loop: l}
	if err := t.core.InitWritePipe((*streamOutside)(t), l.eng, fd, p); err != nil {
		return nil, err
	}
	t.begin(done)
	return t, nil
}
