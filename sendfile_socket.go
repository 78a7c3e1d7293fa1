package asyncio

import (
	"context"
	"io"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// SockSendfile implements FileSender.
func (l *baseLoop) SockSendfile(ctx context.Context, s *Socket, file io.Reader, opts *SendfileOptions) (int64, error) {
	const op = "SockSendfile"
	x, err := l.newSendfile(op, file, opts)
	switch {
	case err != nil:
		return 0, err
	case s == nil:
		return 0, invalid(op, "the socket is nil")
	case s.typ != sock.Stream:
		return 0, invalid(op, "a stream socket was expected, got %v", s)
	}
	return inLoop(ctx, l, op, func(ctx context.Context) (int64, error) {
		u, err := s.enter(ctx, l, op, sending)
		if err != nil {
			return 0, err
		}
		defer u.leave(sending)
		x.way = &socketWay{u: u, op: op}
		return x.run(ctx)
	}, nil)
}

// socketWay is a Socket as the way of a file, which has the turn of those who send.
type socketWay struct {
	u    *socketWaits
	op   string
	gone int64
}

// send implements way.
func (w *socketWay) send(ctx context.Context, f engine.File, offset, n int64) error {
	s := w.u.s
	var failed error
	err := w.u.try(ctx, w.op, sending, func() error {
		k, err := s.sockets.Sendfile(s.fd, f, offset+w.gone, n-w.gone)
		w.gone += int64(k)
		if err == nil && k > 0 && w.gone < n {
			err = errAgain // others have their pass before there is room for more
		}
		failed = err
		return err
	})
	if err != nil && w.gone == 0 && refuses(failed) && !sock.WouldBlock(failed) {
		err = notAvailable(w.op, failed)
	}
	return err
}

// put implements way.
func (w *socketWay) put(ctx context.Context, p []byte) error {
	s := w.u.s
	return w.u.try(ctx, w.op, sending, func() error {
		n, err := s.sockets.Send(s.fd, p)
		p = p[n:]
		w.gone += int64(n)
		if err == nil && len(p) > 0 {
			err = errAgain
		}
		return err
	})
}

// sent implements way.
func (w *socketWay) sent() int64 { return w.gone }
