package nethttp

import (
	"bufio"
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"
	"weak"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// conn is a connection of a Transport. It is in use by one exchange, of which one side
// reads and one may write at a time, or idle.
type conn struct {
	pool *pool
	to   destination
	r    *streams.StreamReader
	w    *streams.StreamWriter

	state  *tls.ConnectionState // nil without TLS
	whole  net.Conn             // r and w, with the context of the exchange under way
	br     *bufio.Reader        // over Read
	header int64                // how many bytes may be read before what is read is a header too large; -1: any number

	reused bool          // it was idle before
	place  *list.Element // among the idle ones, nil while it is in use; the pool's mutex guards it
	since  time.Duration // when it became idle, on the loop's clock

	mu      sync.Mutex
	closed  bool
	failure error // why it was closed, if that is not an end of the peer's
}

// errHeaderTooLarge is the end of a response whose header is too large.
var errHeaderTooLarge = errors.New("nethttp: the header of the response is larger than MaxResponseHeaderBytes")

// begin makes ctx the context of what is read and written from now on.
func (c *conn) begin(ctx context.Context) { c.whole = streams.Conn(ctx, c.r, c.w) }

// Read reads what the peer has sent.
func (c *conn) Read(p []byte) (int, error) {
	return readHeaded(c.whole, p, &c.header, errHeaderTooLarge)
}

// readHeaded reads, for a header as long as left is not negative, up to so many bytes of it,
// and then says that it is too large.
func readHeaded(from io.Reader, p []byte, left *int64, tooLarge error) (int, error) {
	switch {
	case *left == 0:
		return 0, tooLarge
	case *left > 0 && int64(len(p)) > *left:
		p = p[:*left]
	}
	n, err := from.Read(p)
	if *left > 0 {
		*left -= int64(n)
	}
	return n, err
}

// Write writes, and waits if too much is not yet sent.
func (c *conn) Write(p []byte) (int, error) { return c.whole.Write(p) }

// usable reports whether the connection can take another request: it is open, and nothing
// has come that nobody has asked for. Any goroutine.
func (c *conn) usable() bool {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	return !closed && !c.lost() && c.r.Buffered() == 0 && c.br.Buffered() == 0
}

// lost reports whether the peer has ended the connection, or the system has. Any goroutine.
func (c *conn) lost() bool { return c.r.AtEOF() || c.r.Exception() != nil }

// close closes the connection, on the loop, once; what waits for it ends. Any goroutine.
func (c *conn) close() { c.fail(nil) }

// fail is close with a reason that is told in the place of the peer's end.
func (c *conn) fail(reason error) {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	if !again {
		c.failure = reason
	}
	c.mu.Unlock()
	if again {
		return
	}
	c.pool.gone(c.to)
	onLoop(c.pool.loop, c.shut)
}

// reason is why the connection was closed here, nil if no reason was given.
func (c *conn) reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

// shut closes what there is. What is not yet sent is dropped: a peer that does not take it
// would keep the connection open for ever. Loop only.
func (c *conn) shut() {
	if c.w == nil {
		return // it was never made
	}
	t := c.w.Transport()
	if t.GetWriteBufferSize() > 0 {
		t.Abort()
		return
	}
	_ = c.w.Close() // on its own loop it closes
}

// watched is the protocol of a connection: it also tells when an idle one has ended. It
// does not keep the connection, so that one that is dropped unread is collected, with a
// warning of package streams.
type watched struct {
	*streams.StreamReaderProtocol
	conn weak.Pointer[conn]
}

var _ asyncio.Protocol = (*watched)(nil)

// EOFReceived feeds the reader.
func (w *watched) EOFReceived() bool {
	open := w.StreamReaderProtocol.EOFReceived()
	w.ended()
	return open
}

// ConnectionLost ends the stream.
func (w *watched) ConnectionLost(err error) {
	w.StreamReaderProtocol.ConnectionLost(err)
	w.ended()
}

// ended closes the connection if it is idle.
func (w *watched) ended() {
	if c := w.conn.Value(); c != nil && c.pool.drop(c) {
		c.close()
	}
}
