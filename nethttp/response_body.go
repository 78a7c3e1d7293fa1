package nethttp

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/go-asyncio/asyncio"
)

// give gives a response its body.
func (x *exchange) give(resp *http.Response) {
	reuse := !resp.Close && !x.out.Close
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		resp.Body = &upgraded{x: x}
	case x.req.Method == http.MethodHead || resp.ContentLength == 0:
		_ = resp.Body.Close() // there is nothing in it
		resp.Body = http.NoBody
		x.finish(reuse)
	default:
		b := &responseBody{x: x, body: resp.Body, from: resp.Body, reuse: reuse}
		if x.unpack && strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
			b.from = &unpacker{from: resp.Body}
			resp.Header.Del("Content-Encoding")
			resp.Header.Del("Content-Length")
			resp.ContentLength = -1
			resp.Uncompressed = true
		}
		resp.Body = b
	}
}

// finish ends the reading of a response that has come whole.
func (x *exchange) finish(reuse bool) {
	if reuse {
		x.readDone()
	} else {
		x.abandon()
	}
}

// responseBody is the body of a response. Whoever reads it to its end, or closes it, gives
// the connection back.
type responseBody struct {
	x     *exchange
	body  io.ReadCloser // of http.ReadResponse, which must not be closed early: it would be read to its end
	from  io.Reader     // what is read: body, or what it is unpacked by
	reuse bool

	busy   atomic.Bool // somebody reads
	ended  atomic.Bool // the connection is not the body's any more
	closed atomic.Bool
	err    error // what Read said last
}

// Read implements io.Reader.
func (b *responseBody) Read(p []byte) (n int, err error) {
	// What is below holds locks while it waits.
	if !b.busy.CompareAndSwap(false, true) {
		return 0, opError("Read", fmt.Errorf("%w: another call already reads this body", asyncio.ErrInvalidState))
	}
	back := false
	defer func() {
		if !back { // unwound
			b.end(false)
		}
		b.busy.Store(false)
	}()
	switch {
	case b.closed.Load():
		err = http.ErrBodyReadAfterClose
	case b.err != nil:
		err = b.err
	default:
		n, err = b.read(p)
	}
	back = true
	return n, err
}

// read reads while the connection is the body's.
func (b *responseBody) read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	switch {
	case err == nil:
	case err == io.EOF:
		b.end(true)
	default:
		if reason := b.x.c.reason(); reason != nil {
			err = reason
		}
		b.end(false)
	}
	b.err = err
	return n, err
}

// Close implements io.Closer. Any goroutine, also while another one reads: that one fails.
func (b *responseBody) Close() error {
	b.closed.Store(true)
	b.end(false)
	return nil
}

// end gives the connection back, once.
func (b *responseBody) end(whole bool) {
	if b.ended.Swap(true) {
		return
	}
	if !whole {
		b.x.abandon()
		return
	}
	b.x.finish(b.reuse)
}

// unpacker unpacks a body. Nothing is read of it before somebody reads.
type unpacker struct {
	from io.Reader
	zr   *gzip.Reader
	err  error
}

// Read implements io.Reader.
func (u *unpacker) Read(p []byte) (int, error) {
	if u.zr == nil && u.err == nil {
		u.zr, u.err = gzip.NewReader(u.from)
	}
	if u.err != nil {
		return 0, u.err
	}
	return u.zr.Read(p)
}

// upgraded is the connection behind a response 101, for another protocol: the Body of
// such a response is an io.ReadWriteCloser.
type upgraded struct{ x *exchange }

var _ io.ReadWriteCloser = (*upgraded)(nil)

// Read reads what the peer sends.
func (u *upgraded) Read(p []byte) (int, error) { return u.x.c.br.Read(p) }

// Write writes to the peer.
func (u *upgraded) Write(p []byte) (int, error) { return u.x.c.Write(p) }

// CloseWrite ends what is written.
func (u *upgraded) CloseWrite() error {
	if half, ok := u.x.c.whole.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return opError("CloseWrite", errors.ErrUnsupported)
}

// Close closes the connection.
func (u *upgraded) Close() error {
	u.x.abandon()
	return nil
}
