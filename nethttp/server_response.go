package nethttp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// gathered is how much of a response is gathered before it is decided whether it is chunked:
// one that is over by then has a length.
const gathered = 2048

// response is the http.ResponseWriter of a request.
type response struct {
	c      *serverConn
	req    *http.Request
	body   *serverBody
	header http.Header

	status   int   // zero: not decided
	length   int64 // that the handler has declared, -1 for none
	written  int64 // by the handler
	begun    bool  // the header is written
	close    bool  // the connection after it
	pending  []byte
	chunks   io.WriteCloser // nil: the body is not chunked
	trailers []string
	over     bool // the handler has returned, or hijacked the connection
}

var (
	_ http.Flusher  = (*response)(nil)
	_ http.Hijacker = (*response)(nil)
)

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	switch {
	case w.over, w.status != 0:
		return
	case status < 100 || status > 999:
		panic(fmt.Sprintf("nethttp: a status of %d", status))
	case status < 200 && status != http.StatusSwitchingProtocols:
		w.interim(status)
		return
	}
	w.status = status
	w.body.silent = true
	if text := w.header.Get("Content-Length"); text != "" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
			w.length = n
		} else {
			w.header.Del("Content-Length")
		}
	}
}

// interim sends what comes before the response.
func (w *response) interim(status int) {
	if !w.req.ProtoAtLeast(1, 1) {
		return
	}
	if status == http.StatusContinue {
		w.body.asked = true
	}
	bw := w.c.bw
	_, _ = fmt.Fprintf(bw, "HTTP/1.1 %03d %s\r\n", status, http.StatusText(status))
	_ = w.header.Write(bw) // errors stay with the writer, and come with the response
	_, _ = bw.WriteString("\r\n")
	_ = bw.Flush()
}

// bodyless reports whether the response has no body, whatever the handler writes.
func (w *response) bodyless() bool {
	return w.status == http.StatusNoContent || w.status == http.StatusNotModified || w.status == http.StatusSwitchingProtocols
}

// Write implements http.ResponseWriter.
func (w *response) Write(p []byte) (int, error) {
	if err := w.refused("Write"); err != nil {
		return 0, err
	}
	w.WriteHeader(http.StatusOK)
	if len(p) == 0 {
		return 0, nil
	}
	if w.bodyless() {
		return 0, http.ErrBodyNotAllowed
	}
	if w.length >= 0 && w.written+int64(len(p)) > w.length {
		return 0, http.ErrContentLength
	}
	w.written += int64(len(p))
	if !w.begun {
		if len(w.pending)+len(p) <= gathered && w.length < 0 {
			w.pending = append(w.pending, p...)
			return len(p), nil
		}
		if err := w.begin(append(w.pending, p[:min(len(p), 512)]...), false); err != nil {
			return 0, err
		}
	}
	return w.send(p)
}

// refused says why a call is not possible, if it is not. What another goroutine wrote would
// get between the handler's, or wait for the loop that waits for it.
func (w *response) refused(op string) error {
	running, err := asyncio.GetRunningLoop()
	switch {
	case err != nil || running != w.c.s.loop:
		return opError(op, fmt.Errorf("%w: a response belongs to the coroutine of its handler", asyncio.ErrWrongGoroutine))
	case w.c.hijacked:
		return http.ErrHijacked
	case w.over:
		return opError(op, fmt.Errorf("%w: the handler has returned", asyncio.ErrInvalidState))
	}
	return nil
}

// send sends a piece of the body.
func (w *response) send(p []byte) (int, error) {
	switch {
	case w.req.Method == http.MethodHead || len(p) == 0:
		return len(p), nil
	case w.chunks != nil:
		return w.chunks.Write(p)
	}
	return w.c.bw.Write(p)
}

// begin writes the header, and what was gathered. sniffed is what the body begins with;
// whole: it is all of it.
func (w *response) begin(sniffed []byte, whole bool) error {
	w.begun = true
	h := w.header
	if whole && w.length < 0 && !w.bodyless() && len(w.declared()) == 0 && (w.req.Method != http.MethodHead || len(sniffed) > 0) {
		w.length = int64(len(sniffed))
		h.Set("Content-Length", strconv.FormatInt(w.length, 10))
	}
	chunked := false
	switch {
	case w.bodyless():
		h.Del("Content-Length")
		h.Del("Transfer-Encoding")
	case w.length >= 0, w.req.Method == http.MethodHead:
		h.Del("Transfer-Encoding")
	case w.req.ProtoAtLeast(1, 1):
		chunked = true
		h.Set("Transfer-Encoding", "chunked")
	default:
		w.close = true
	}
	if _, set := h["Content-Type"]; !set && len(sniffed) > 0 && !w.bodyless() && h.Get("Content-Encoding") == "" {
		h.Set("Content-Type", http.DetectContentType(sniffed))
	}
	if _, set := h["Date"]; !set {
		h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	w.decideEnd()
	if err := w.writeHeader(); err != nil {
		return err
	}
	if chunked {
		w.chunks = httputil.NewChunkedWriter(w.c.bw)
	}
	pending := w.pending
	w.pending = nil
	_, err := w.send(pending)
	return err
}

// decideEnd decides whether the connection is closed after the response.
func (w *response) decideEnd() {
	h := w.header
	alive := w.req.ProtoAtLeast(1, 1) && !hasToken(w.req.Header["Connection"], "close") ||
		!w.req.ProtoAtLeast(1, 1) && hasToken(w.req.Header["Connection"], "keep-alive")
	w.close = w.close || !alive || w.c.s.shutting || hasToken(h["Connection"], "close") || w.body.ask && !w.body.asked
	switch {
	case w.status == http.StatusSwitchingProtocols:
	case w.close:
		h.Set("Connection", "close")
	case !w.req.ProtoAtLeast(1, 1):
		h.Set("Connection", "keep-alive")
	}
}

// declared are the trailers that the handler has named so far.
func (w *response) declared() []string {
	if w.trailers == nil {
		for _, v := range w.header["Trailer"] {
			for name := range strings.SplitSeq(v, ",") {
				w.trailers = append(w.trailers, http.CanonicalHeaderKey(strings.TrimSpace(name)))
			}
		}
	}
	return w.trailers
}

// writeHeader writes the status and the header, without the trailers.
func (w *response) writeHeader() error {
	without := map[string]bool{}
	for _, name := range w.declared() {
		without[name] = true
	}
	for name := range w.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			without[name] = true
		}
	}
	bw := w.c.bw
	_, _ = fmt.Fprintf(bw, "HTTP/1.%d %03d %s\r\n", min(w.req.ProtoMinor, 1), w.status, http.StatusText(w.status))
	_ = w.header.WriteSubset(bw, without) // an error stays with the writer
	_, err := bw.WriteString("\r\n")
	return err
}

// finish ends the response, and reports whether there may be another request.
func (w *response) finish() (again bool) {
	w.over = false
	w.WriteHeader(http.StatusOK)
	w.over = true
	if !w.begun && w.begin(w.pending, true) != nil {
		return false
	}
	if w.chunks != nil && w.endChunks() != nil || w.c.bw.Flush() != nil {
		return false
	}
	short := w.length >= 0 && w.written != w.length && w.req.Method != http.MethodHead && !w.bodyless()
	switch {
	case short: // the peer would wait for the rest
		return false
	case w.close && w.body.isRead():
		return false
	case !w.close && w.body.discard():
		return true
	}
	w.c.linger()
	return false
}

// endChunks ends a body in chunks, with its trailers.
func (w *response) endChunks() error {
	if err := w.chunks.Close(); err != nil {
		return err
	}
	trailer := http.Header{}
	for _, name := range w.declared() {
		if values, ok := w.header[name]; ok {
			trailer[name] = values
		}
	}
	for name, values := range w.header {
		if after, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			trailer[http.CanonicalHeaderKey(after)] = values
		}
	}
	if err := trailer.Write(w.c.bw); err != nil {
		return err
	}
	_, err := w.c.bw.WriteString("\r\n")
	return err
}

// Flush implements http.Flusher.
func (w *response) Flush() { _ = w.FlushError() } // as a Flusher has it

// FlushError is Flush for http.ResponseController.
func (w *response) FlushError() error {
	if err := w.refused("Flush"); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	if !w.begun {
		if err := w.begin(w.pending, false); err != nil {
			return err
		}
	}
	return w.c.bw.Flush()
}

// Hijack implements http.Hijacker. The connection is the caller's from then on; it can be
// used from anywhere, as streams.Conn says.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := w.refused("Hijack"); err != nil {
		return nil, nil, err
	}
	if w.begun {
		return nil, nil, opError("Hijack", fmt.Errorf("%w: the response has begun", asyncio.ErrInvalidState))
	}
	c := w.c
	conn := streams.Conn(context.Background(), c.r, c.w)
	if err := errors.Join(conn.SetDeadline(time.Time{}), c.bw.Flush()); err != nil {
		return nil, nil, err
	}
	c.hijacked, w.over = true, true
	// What was read already goes first; the rest comes from a connection that outlives the coroutine.
	ahead, _ := c.br.Peek(c.br.Buffered())
	br := bufio.NewReader(io.MultiReader(strings.NewReader(string(ahead)), conn))
	if len(ahead) > 0 {
		_, _ = br.Peek(len(ahead)) // so that Buffered tells of it
	}
	return conn, bufio.NewReadWriter(br, bufio.NewWriter(conn)), nil
}

// SetReadDeadline is for http.ResponseController.
func (w *response) SetReadDeadline(t time.Time) error { return w.c.conn.SetReadDeadline(t) }

// SetWriteDeadline is for http.ResponseController.
func (w *response) SetWriteDeadline(t time.Time) error { return w.c.conn.SetWriteDeadline(t) }

// EnableFullDuplex is for http.ResponseController: a handler may always read the request
// while it writes the response.
func (w *response) EnableFullDuplex() error { return nil }
