package asyncio

import (
	"context"
	"errors"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/tlsconn"
	"github.com/go-asyncio/asyncio/internal/transport"
)

// tlsWay is a transport of TLS as the way of a file, which has it for itself. The file is
// always read: crypto/tls encrypts in the program. (The kernel could do it, kTLS; but
// crypto/tls gives away neither its traffic keys and sequence numbers nor its place in the
// middle of a connection, where it goes on to answer changes of keys.)
type tlsWay struct {
	t      *tlsTransport
	op     string
	waiter Waiter
	lost   error // why there is no transport any more
	gone   int64

	// What the user has asked for meanwhile, for the end:
	reads  bool // to receive
	eof    bool // to end the sending side
	closes bool // to close
}

// errTLSEncrypts is why the system cannot send a file over TLS.
var errTLSEncrypts = errors.New("TLS encrypts in the program")

// begin implements transportWay.
func (w *tlsWay) begin(ctx context.Context) error {
	t := w.t
	if err := contextError(ctx); err != nil {
		return err
	}
	switch {
	case t.file != nil:
		return w.failed(transport.ErrSendingFile)
	case t.IsClosing() || t.released.Load():
		return w.failed(transport.ErrClosing)
	}
	if _, err := t.layer.Write(nil); err != nil {
		return w.failed(err)
	}
	w.reads = t.layer.Pause()
	t.file = w
	return nil
}

// end implements transportWay.
func (w *tlsWay) end() {
	t := w.t
	t.file = nil
	switch {
	case w.lost != nil:
		return
	case w.closes:
		t.close()
		return
	case w.eof:
		_ = t.layer.CloseWrite() // what is below has told of an error already
	}
	if w.reads {
		t.layer.Resume()
	}
	t.loop.schedule(callback(t.catchUp), 0)
}

// send implements way.
func (w *tlsWay) send(context.Context, engine.File, int64, int64) error {
	return notAvailable(w.op, errTLSEncrypts)
}

// put implements way: p goes when what is below has little enough to send.
func (w *tlsWay) put(ctx context.Context, p []byte) error {
	for w.t.full && w.lost == nil {
		if err := w.waiter.Wait(ctx); err != nil {
			return err
		}
	}
	if w.lost != nil {
		return w.failed(w.lost)
	}
	if _, err := w.t.layer.Write(p); err != nil {
		return w.failed(err)
	}
	w.gone += int64(len(p))
	return nil
}

// sent implements way.
func (w *tlsWay) sent() int64 { return w.gone }

// drop ends the file together with the transport.
func (w *tlsWay) drop(reason error) {
	if w.lost = reason; reason == nil {
		w.lost = transport.ErrLost
	}
	w.waiter.Wake()
}

// failed puts the loop's words to why nothing goes.
func (w *tlsWay) failed(err error) error {
	switch err {
	case tlsconn.ErrAfterEOF:
		err = transport.ErrAfterEOF
	case tlsconn.ErrClosed:
		err = transport.ErrLost
	}
	return sendfileFailed(w.op, err)
}
