package asyncio

import (
	"context"
	"errors"
	"fmt"
)

// StartServing begins to accept; on a server that does so already it does
// nothing. ErrServerClosed. Any goroutine may call it. (Server.start_serving)
func (s *Server) StartServing(ctx context.Context) error {
	_, err := inLoop(ctx, s.loop, "StartServing", func(ctx context.Context) (struct{}, error) {
		if err := s.start(); err != nil {
			return struct{}{}, opError("StartServing", err)
		}
		return struct{}{}, Sleep(ctx, 0)
	}, nil)
	return err
}

// ServeForever accepts until ctx is done, which it may be already, or the task
// that called it is cancelled; then it closes the server and its connections,
// waits for the last one and returns the cancellation. A Close from elsewhere ends it as a
// cancellation too. ErrServerClosed; a second ServeForever while one is under way
// is ErrInvalidState. Any goroutine may call it. (Server.serve_forever)
func (s *Server) ServeForever(ctx context.Context) error {
	const op = "ServeForever"
	_, err := inLoop(ctx, s.loop, op, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.serveForever(ctx, op)
	}, nil)
	if err == nil || ctx.Err() == nil || currentStrand() != nil {
		return err
	}
	// From another goroutine inLoop does not wait for what it cancels, which may not
	// even have begun.
	s.Close()
	s.CloseClients()
	if waitErr := s.WaitClosed(context.WithoutCancel(ctx)); waitErr != nil {
		return waitErr
	}
	return err
}

// serveForever is ServeForever on the loop.
func (s *Server) serveForever(ctx context.Context, op string) error {
	if s.forever != nil {
		return opError(op, fmt.Errorf("%w: %v is already being awaited on", ErrInvalidState, s))
	}
	if err := s.start(); err != nil {
		return opError(op, err)
	}
	f := newFuture[struct{}](s.loop)
	s.forever = f
	_, err := f.Await(ctx)
	if s.forever == f {
		s.forever = nil
	}
	s.close()
	if errors.Is(err, ErrLoopClosed) {
		return err
	}
	s.CloseClients()
	if waitErr := s.WaitClosed(context.WithoutCancel(ctx)); waitErr != nil {
		return waitErr
	}
	return err
}
