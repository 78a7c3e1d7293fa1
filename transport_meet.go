package asyncio

import (
	"context"
	"errors"
)

// meeting is a descriptor that gets a transport of type T and a protocol of type P.
type meeting[T, P any] struct {
	fd uintptr
	// transport makes the transport, whose the descriptor is then unless there is an
	// error, and schedules its start. met is to hear that they have met, or why not.
	transport func(p P, met func(error)) (T, error)
	// abort ends the transport. Its protocol hears of it.
	abort func(T)
}

// meet makes protocol and transport of a descriptor, which is its own from the start, and
// waits until they have met. If it does not return them, because of an error or because it
// is unwound, the descriptor is closed, or the transport aborted and its protocol told.
func meet[T, P any](ctx context.Context, l *baseLoop, op string, factory func() P, m meeting[T, P]) (t T, p P, err error) {
	made, returned := false, false
	defer func() {
		switch {
		case returned:
		case made:
			m.abort(t)
		default:
			if closeErr := l.eng.Sockets().Close(m.fd); err != nil {
				err = errors.Join(err, closeErr)
			}
		}
	}()
	if p, err = makeProtocol(l, factory); err != nil {
		return t, p, opError(op, err)
	}
	met := newFuture[struct{}](l)
	t, err = m.transport(p, func(err error) { // unless who waits was cancelled
		if err != nil {
			_ = met.SetException(err)
			return
		}
		_ = met.SetResult(struct{}{})
	})
	if err == nil {
		made = true
		_, err = met.Await(ctx)
	}
	if err != nil {
		return t, p, opError(op, err)
	}
	returned = true
	return t, p, nil
}

// makeProtocol calls a user's factory. If that leaves by Goexit, makeProtocol does not
// return either.
func makeProtocol[P any](l *baseLoop, factory func() P) (p P, err error) {
	if err = l.callUser(func() { p = factory() }); err != nil {
		return p, err
	}
	if any(p) == nil {
		return p, invalid("protocol factory", "the protocol is nil")
	}
	return p, nil
}

// whenMet is met as a step that follows the start of a transport.
func whenMet(met func(error)) callback { return func() { met(nil) } }
