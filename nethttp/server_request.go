package nethttp

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-asyncio/asyncio"
)

// maxDiscard is how much of a body that its handler has not read is read to come to the next
// request.
const maxDiscard = 256 << 10

// requestError is what is wrong with a request, as a status.
type requestError struct {
	status int
	text   string
}

func (e *requestError) Error() string { return e.text }

// checkRequest finds what http.ReadRequest lets through.
func checkRequest(req *http.Request) error {
	switch {
	case req.ProtoMajor != 1:
		return &requestError{http.StatusHTTPVersionNotSupported, "unsupported protocol version"}
	case req.ProtoAtLeast(1, 1) && req.Host == "" && req.Method != http.MethodConnect:
		return &requestError{http.StatusBadRequest, "missing required Host header"}
	case strings.ContainsAny(req.Host, " \t\r\n\x00/\\\"<>"):
		return &requestError{http.StatusBadRequest, "malformed Host header"}
	}
	for name, values := range req.Header {
		if !isToken(name) {
			return &requestError{http.StatusBadRequest, "invalid header name"}
		}
		for _, v := range values {
			if strings.IndexFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) >= 0 {
				return &requestError{http.StatusBadRequest, "invalid header value"}
			}
		}
	}
	return nil
}

// serverBody is the body of a request while its handler reads it.
type serverBody struct {
	c *serverConn
	io.ReadCloser
	ask    bool // the peer waits to be told to send it
	asked  bool // it was told
	silent bool // it is too late to tell it
	ended  bool
	closed bool
	busy   bool // somebody reads
}

// Read implements io.Reader. It tells a peer that waits for it to go on.
func (b *serverBody) Read(p []byte) (int, error) {
	switch {
	case b.closed:
		return 0, http.ErrBodyReadAfterClose
	case b.busy: // what is below holds a lock while it waits
		return 0, opError("Read", fmt.Errorf("%w: another call already reads this body", asyncio.ErrInvalidState))
	}
	b.busy = true
	defer func() { b.busy = false }()
	if b.ask && !b.asked && !b.silent {
		b.asked = true
		if _, err := b.c.bw.WriteString("HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return 0, err
		}
		if err := b.c.bw.Flush(); err != nil {
			return 0, err
		}
	}
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || err == io.EOF
	return n, err
}

// Close implements io.Closer. The rest is read later.
func (b *serverBody) Close() error {
	b.closed = true
	return nil
}

// isRead reports whether there is nothing left of it.
func (b *serverBody) isRead() bool { return b.ended || b.ReadCloser == http.NoBody }

// discard reads what the handler has left of it, and reports whether that is all.
func (b *serverBody) discard() bool {
	switch {
	case b.isRead():
		return true
	case b.busy, b.ask && !b.asked: // somebody reads still; it will not come, or not for us
		return false
	}
	_, err := io.CopyN(io.Discard, b.ReadCloser, maxDiscard+1)
	return err == io.EOF
}
