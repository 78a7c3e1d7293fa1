package asyncio

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/transport"
)

// Sendfile implements FileSender.
func (l *baseLoop) Sendfile(ctx context.Context, transport Transport, file io.Reader, opts *SendfileOptions) (int64, error) {
	const op = "Sendfile"
	x, err := l.newSendfile(op, file, opts)
	if err != nil {
		return 0, err
	}
	w, owner, err := wayOver(op, transport)
	switch {
	case err != nil:
		return 0, err
	case owner != l:
		return 0, wrongLoop(op)
	}
	return inLoop(ctx, l, op, func(ctx context.Context) (int64, error) {
		if err := w.begin(ctx); err != nil {
			return 0, err
		}
		defer w.end()
		x.way = w
		return x.run(ctx)
	}, nil)
}

// transportWay is a transport as the way of a file.
type transportWay interface {
	way
	// begin gives the transport to the file, before what was not written yet. With an
	// error the transport is as it was.
	begin(ctx context.Context) error
	// end gives it back.
	end()
}

// wayOver is a transport as the way of a file, and whose it is.
func wayOver(op string, transport Transport) (transportWay, *baseLoop, error) {
	switch t := transport.(type) {
	case nil:
		return nil, nil, invalid(op, "the transport is nil")
	case *streamTransport:
		return &streamWay{t: t, op: op}, t.loop, nil
	case *tlsTransport:
		return &tlsWay{t: t, op: op}, t.loop, nil
	}
	return nil, nil, invalid(op, "sendfile is not supported for transport %v (%T): it must be one that this loop has made", transport, transport)
}

// streamWay is a connection as the way of a file.
type streamWay struct {
	t        *streamTransport
	op       string
	transfer *transport.Transfer

	waiter Waiter
	told   bool // what a step ended with:
	n      int64
	err    error
	gone   int64 // in all steps
}

// begin implements transportWay. It waits until all that was written before has gone.
func (w *streamWay) begin(ctx context.Context) error {
	if err := contextError(ctx); err != nil {
		return err
	}
	transfer, err := w.t.core.Transfer(func(n int64, err error) {
		w.told, w.n, w.err = true, n, err
		w.waiter.Wake()
	})
	if err != nil {
		return w.failed(err)
	}
	w.transfer = transfer
	if err := w.wait(ctx); err != nil {
		transfer.End()
		return err
	}
	return nil
}

// end implements transportWay.
func (w *streamWay) end() { w.transfer.End() }

// wait waits for the end of a step.
func (w *streamWay) wait(ctx context.Context) error {
	defer w.count()
	for !w.told {
		if err := w.waiter.Wait(ctx); err != nil {
			return err
		}
	}
	return w.failed(w.err)
}

// count counts what has gone in a step that is over, or is waited for no more.
func (w *streamWay) count() {
	if !w.told {
		w.n = w.transfer.Sent()
	}
	w.told = false
	w.gone += w.n
}

// send implements way.
func (w *streamWay) send(ctx context.Context, f engine.File, offset, n int64) error {
	w.transfer.Sendfile(f, offset, n)
	err := w.wait(ctx)
	switch {
	case w.gone > 0 || !refuses(err):
		return err
	case !w.transfer.Over():
		return notAvailable(w.op, w.err)
	case sock.Disconnected(err):
		return err
	}
	return w.failed(transport.ErrLost) // after the system had refused
}

// put implements way.
func (w *streamWay) put(ctx context.Context, p []byte) error {
	w.transfer.Send(p)
	return w.wait(ctx)
}

// sent implements way.
func (w *streamWay) sent() int64 { return w.gone }

// failed puts the loop's words to what became of a step.
func (w *streamWay) failed(err error) error { return sendfileFailed(w.op, err) }

// sendfileFailed puts the loop's words to what became of a file over a transport.
func sendfileFailed(op string, err error) error {
	switch err {
	case nil:
		return nil
	case transport.ErrClosing:
		err = fmt.Errorf("%w: the transport is closing", net.ErrClosed)
	case transport.ErrLost:
		err = fmt.Errorf("%w: the transport was lost", net.ErrClosed)
	case transport.ErrAfterEOF:
		err = fmt.Errorf("%w: cannot call sendfile() after write_eof()", ErrInvalidState)
	case transport.ErrSendingFile:
		err = fmt.Errorf("%w: over the same transport; wait for that one first", ErrSendfileInProgress)
	}
	return opError(op, err)
}
