// Package gorillawebsocket uses github.com/gorilla/websocket in coroutines of an event loop,
// on both sides: its connections read and write on the goroutine that calls them.
//
// One thing holds the loop. A connection guards its writes by a channel, and what reads
// answers a ping or a close by itself, with a write that waits for that channel for up to a
// second. If it is another coroutine that writes, and that one waits for the peer to read,
// then the loop stands still until the second is over, and the answer is not sent. So either
// one coroutine does everything with a connection, or one alone writes, the answers
// included: Peer does so.
package gorillawebsocket

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/gorilla/websocket"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/loopnet"
	"github.com/go-asyncio/asyncio/streams"
)

// Dial connects to a server, in the coroutine that calls it. ctx is that of the dialling
// alone.
func Dial(ctx context.Context, loop asyncio.EventLoop, url string, header http.Header) (*websocket.Conn, *http.Response, error) {
	dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		return loopnet.Dial(ctx, loop, network, address)
	}}
	return dialer.DialContext(ctx, url, header)
}

// Accept reads the request of a client and upgrades its connection, in the handler of
// streams.StartServer. What is refused is answered; the caller closes w.
func Accept(ctx context.Context, upgrader *websocket.Upgrader, r *streams.StreamReader, w *streams.StreamWriter) (*websocket.Conn, *http.Request, error) {
	conn := streams.Conn(ctx, r, w)
	in := bufio.NewReader(conn)
	req, err := http.ReadRequest(in)
	if err != nil {
		return nil, nil, err
	}
	ws, err := upgrader.Upgrade(&answer{conn, in, http.Header{}}, req, nil)
	return ws, req, err
}

// answer is the http.ResponseWriter that an Upgrader asks for.
type answer struct {
	conn   net.Conn
	in     *bufio.Reader
	header http.Header
}

var _ http.Hijacker = (*answer)(nil)

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter, for a request that is refused.
func (a *answer) WriteHeader(status int) {
	a.header.Set("Connection", "close")
	fmt.Fprintf(a.conn, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	_ = a.header.Write(a.conn) // who has gone does not read it
	fmt.Fprint(a.conn, "\r\n")
}

// Write implements http.ResponseWriter, for a request that is refused.
func (a *answer) Write(p []byte) (int, error) { return a.conn.Write(p) }

// Hijack implements http.Hijacker.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return a.conn, bufio.NewReadWriter(a.in, bufio.NewWriter(a.conn)), nil
}
