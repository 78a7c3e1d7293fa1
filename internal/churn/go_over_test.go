package churn_test

import (
	"context"

	"github.com/go-asyncio/asyncio"
)

// goOver is the byte, in clear, with which a server says that it goes over to TLS. The client
// then begins the handshake.
const goOver = 'T'

// change is the way of one end from clear text to TLS in the middle of a stream.
type change struct {
	underWay bool
	begun    bool   // TLS has taken what came before it
	early    []byte // came in clear, before TLS could have it
	late     []byte // was decrypted before the end had its new transport
	eof      bool   // and then the stream ended
	done     bool
}

// keeps keeps what comes meanwhile, and reports whether it did.
func (c *change) keeps(p []byte) bool {
	switch {
	case !c.underWay:
		return false
	case c.begun:
		c.late = append(c.late, p...)
	default:
		c.early = append(c.early, p...)
	}
	return true
}

// begin has TLS begin upon a transport; then is told how that has ended.
func (c *change) begin(l asyncio.EventLoop, t asyncio.Transport, p asyncio.Protocol, speaks speaks, server bool, then func(asyncio.Transport, error)) *asyncio.Task[asyncio.Transport] {
	c.underWay = true
	task := asyncio.CreateTask(l, func(ctx context.Context) (asyncio.Transport, error) {
		return l.StartTLS(ctx, t, p, speaks.config(server), &asyncio.StartTLSOptions{
			ServerSide: server, StrictEnd: speaks.strict, HandshakeTimeout: patience, ShutdownTimeout: patience,
			Received: func() []byte { c.begun = true; return c.early },
		})
	})
	task.AddDoneCallback(func(task *asyncio.Task[asyncio.Transport]) {
		over, err := task.Result()
		c.underWay = false
		then(over, err)
	})
	return task
}

// goOver begins the handshake at the client.
func (e *clientEnd) goOver() {
	task := e.change.begin(e.c.loop, e.t, e, e.plan.speaks, false, func(t asyncio.Transport, err error) {
		switch {
		case e.lost:
			return
		case err != nil && e.plan.orderly():
			e.bad("StartTLS: %v", err)
			fallthrough
		case err != nil:
			e.t.Abort()
			return
		}
		e.change.done, e.t = true, t
		if e.ended {
			return
		}
		e.c.book.goneOver()
		e.sendRest()
		if late := e.change.late; len(late) > 0 {
			e.DataReceived(late)
		}
		if e.change.eof && !e.ended && !e.EOFReceived() {
			e.must(t.Close())
		}
	})
	if e.cancelled {
		e.c.cancelSoon(e.rng, e.plan, func() { task.Cancel("churn") })
	}
}

// goOver begins the handshake at the server: what comes before TLS can have it is kept from
// the socket, or by this end.
func (e *serverEnd) goOver() {
	if e.rng.IntN(2) == 0 {
		e.must(e.t.PauseReading())
	}
	_, _ = e.t.Write([]byte{goOver}) // it may be cut already, as the end will tell
	e.change.begin(e.s.loop, e.t, e, e.plan.speaks, true, func(t asyncio.Transport, err error) {
		switch {
		case e.lost:
			return
		case err != nil && e.plan.orderly():
			e.bad("StartTLS: %v", err)
			fallthrough
		case err != nil:
			e.t.Abort()
			return
		}
		e.change.done, e.t = true, t
		e.serve()
		if late := e.change.late; len(late) > 0 {
			e.DataReceived(late)
		}
		if e.change.eof && !e.ended && !e.EOFReceived() {
			e.must(t.Close())
		}
	})
}

// goneOver counts a connection that has gone over to TLS.
func (b *book) goneOver() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total.GoneOver++
}
