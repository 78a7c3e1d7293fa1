package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/go-asyncio/asyncio"
)

// patience is how long a server may take to be connected to.
const patience = 3 * time.Second

// proxy knows the servers behind it. It belongs to the loop.
type proxy struct {
	loop     asyncio.EventLoop
	backends []string
	next     int // whose turn it is
}

// side is one of the two ends of what is passed on: the client's, or the server's.
type side struct {
	asyncio.BaseProtocol
	t     asyncio.Transport
	other *side // nil as long as there is none
	ended bool  // this side says no more
}

// client is the client's side.
type client struct {
	side
	proxy   *proxy
	connect *asyncio.Task[struct{}]
}

// accept makes the protocol of a connection that has come.
func (p *proxy) accept() asyncio.Protocol { return &client{proxy: p} }

// ConnectionMade looks for a server. A callback cannot wait, but it can start a task; until
// that has an answer nothing is read, so that nothing has to be kept.
func (c *client) ConnectionMade(t asyncio.Transport) {
	c.t = t
	if err := t.PauseReading(); err != nil {
		t.Abort()
		return
	}
	c.connect = asyncio.CreateTaskErr(c.proxy.loop, func(ctx context.Context) error {
		server, err := c.proxy.dial(ctx)
		if errors.Is(err, asyncio.ErrCancelled) {
			return err // the client has gone
		}
		if err != nil {
			slog.Warn("nobody to pass a client on to", "client", t.RemoteAddr(), "why", err)
			t.Abort()
			return nil
		}
		if t.IsClosing() { // the client has gone in the same moment
			server.t.Abort()
			return nil
		}
		c.other, server.other = server, &c.side
		return t.ResumeReading()
	})
}

// ConnectionLost ends the search for a server, if it still goes on, and the server's side.
func (c *client) ConnectionLost(err error) {
	if c.connect != nil {
		c.connect.Cancel()
	}
	c.side.ConnectionLost(err)
}

// dial connects to the server whose turn it is, or else to the next one that answers.
func (p *proxy) dial(ctx context.Context) (*side, error) {
	var failures []error
	for range p.backends {
		address := p.backends[p.next%len(p.backends)]
		p.next++
		s, err := p.dialOne(ctx, address)
		if err == nil || errors.Is(err, asyncio.ErrCancelled) {
			return s, err
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

// dialOne connects to one server.
func (p *proxy) dialOne(ctx context.Context, address string) (*side, error) {
	return asyncio.WaitFor(ctx, patience, func(ctx context.Context) (*side, error) {
		s := &side{}
		_, _, err := p.loop.CreateConnection(ctx, func() asyncio.Protocol { return s }, "tcp", address, nil)
		return s, err
	})
}

// ConnectionMade comes on the server's side.
func (s *side) ConnectionMade(t asyncio.Transport) { s.t = t }

// DataReceived passes on what has come. Write sends it or copies it, and never waits.
func (s *side) DataReceived(p []byte) {
	if s.other != nil {
		_, _ = s.other.t.Write(p) // an error ends the other side, which then ends this one
	}
}

// PauseWriting: this side does not read what is written to it. Nothing more is read from the
// other one, whose own sender is then held up by its system.
func (s *side) PauseWriting() {
	if s.other != nil {
		_ = s.other.t.PauseReading() // refused on a side that is closing, which reads no more anyway
	}
}

// ResumeWriting: this side has read enough.
func (s *side) ResumeWriting() {
	if s.other != nil {
		_ = s.other.t.ResumeReading()
	}
}

// EOFReceived: this side says no more, but it may still listen. That is passed on, and both
// transports stay open, which is what true means, until the other side says no more, either.
func (s *side) EOFReceived() bool {
	s.ended = true
	if s.other == nil || s.other.ended {
		return false // this transport closes, once what is on its way has gone; see ConnectionLost
	}
	if err := s.other.t.WriteEOF(); err != nil {
		s.other.t.Abort()
	}
	return true
}

// ConnectionLost ends the other side: by an abort, if this one was broken off.
func (s *side) ConnectionLost(err error) {
	if s.other == nil {
		return
	}
	if err != nil {
		slog.Debug("broken off", "peer", s.t.RemoteAddr(), "why", err)
		s.other.t.Abort()
		return
	}
	_ = s.other.t.Close() // sends what is left; closing again is harmless
}
