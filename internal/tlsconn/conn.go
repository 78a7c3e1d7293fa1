package tlsconn

import (
	"context"
	"crypto/tls"
	"sync/atomic"
)

// phase is where in its life a Conn is.
type phase uint8

const (
	handshaking phase = iota
	agreed            // Open has not been called yet
	open
	closing
	failed
	lost
)

// Conn is a TLS connection. It is part of a larger object, the transport that users have,
// and is ready after Init.
type Conn struct {
	tls      *tls.Conn
	below    Below
	outside  Outside
	protocol Protocol
	lender   Buffered // the protocol, if it lends the memory to decrypt into
	changes  uint32   // of the protocol

	in     []byte                   // what has come and is not read
	out    []byte                   // records that are not handed down
	reason error                    // why a handshake can read no more
	state  atomic.Pointer[tls.Conn] // from the end of the handshake to that of the connection

	record   record
	phase    phase
	lent     bool // in is who feeds's, until that returns
	left     bool // something is decrypted, perhaps, that did not fit
	paused   bool // nothing is delivered
	held     bool // what is below is paused, too
	due      bool // a Step is scheduled
	pumping  bool // a pump is under way, perhaps further down
	writing  bool // a write is under way, perhaps further down
	pauseDue bool // the protocol is to be told to pause after it
	ended    bool // nothing more comes from below
	endRead  bool // and crypto/tls knows
	over     bool // the peer's end was told
	eof      bool // close_notify was sent
	strict   bool // an end without close_notify is a failure
}

// Config is what a Conn is made of.
type Config struct {
	TLS    *tls.Config
	Client bool // which side it is
	Strict bool // an end without close_notify is ErrCut
}

// Init makes the Conn, which will deliver to a protocol. Handshake follows.
func (c *Conn) Init(outside Outside, below Below, p Protocol, config Config) {
	c.outside, c.below, c.strict = outside, below, config.Strict
	c.SetProtocol(p)
	if config.Client {
		c.tls = tls.Client((*wire)(c), config.TLS)
	} else {
		c.tls = tls.Server((*wire)(c), config.TLS)
	}
}

// Handshake makes both sides agree; what comes after it is kept until Open and Begin. It runs
// in a coroutine, which the outside's Wait suspends, and calls the configuration's callbacks
// there; ctx, which they are told, must be one that cannot be done. With an error the layer has
// failed: an alert is on its way to the peer, if there is one to be sent, and the outside closes
// what is below.
func (c *Conn) Handshake(ctx context.Context) (err error) {
	if c.phase != handshaking {
		return c.reason
	}
	defer func() { // also if a callback does not return, or the coroutine is unwound
		if c.phase == handshaking {
			c.phase = failed
		}
	}()
	err = c.tls.HandshakeContext(ctx)
	switch {
	case c.phase != handshaking: // Lost
		err = c.reason
	case err == nil:
		c.phase = agreed
		c.state.Store(c.tls)
	default:
		c.phase = failed
		if c.endRead {
			err = ErrEndedInHandshake
		}
	}
	return err
}

// Open ends the time in which nothing can be written. Begin follows.
func (c *Conn) Open() {
	if c.phase == agreed {
		c.phase = open
	}
}

// SetProtocol hands the layer to another protocol.
func (c *Conn) SetProtocol(p Protocol) {
	c.protocol = p
	c.changes++
	c.lender, _ = p.(Buffered)
}

// Protocol returns the protocol.
func (c *Conn) Protocol() Protocol { return c.protocol }

// State returns what both sides have agreed upon: nothing in the handshake, during which
// crypto/tls is locked, nor after the end. Any goroutine may ask.
func (c *Conn) State() tls.ConnectionState {
	if t := c.state.Load(); t != nil {
		return t.ConnectionState()
	}
	return tls.ConnectionState{}
}

// IsOpen reports whether the end has not begun, nor the handshake still goes on.
func (c *Conn) IsOpen() bool { return c.phase == open }

// Reading reports whether the protocol wants what comes.
func (c *Conn) Reading() bool { return c.phase == open && !c.paused }

// HalfCloses reports whether one direction can be ended alone.
func (c *Conn) HalfCloses() bool {
	return c.State().Version >= tls.VersionTLS13
}

// Lost ends the layer together with what is below. In the handshake, reason is what that
// fails with; nil is that this side has ended it.
func (c *Conn) Lost(reason error) {
	inHandshake := c.phase == handshaking
	c.phase = lost
	c.in, c.out, c.tls = nil, nil, nil
	c.state.Store(nil)
	if inHandshake {
		if c.reason = reason; reason == nil {
			c.reason = ErrClosed
		}
		c.outside.Wake()
	}
}

// Abort says that what is below is ended without a word to the peer: nothing more is
// delivered. Lost follows. In the handshake it does nothing, for Lost ends that.
func (c *Conn) Abort() {
	if c.phase == open || c.phase == closing {
		c.phase = failed
		c.in = nil
	}
}

// Close ends the layer: close_notify goes behind what was written, and what is below is
// closed when the peer's has come. In the handshake it does nothing: the outside aborts.
func (c *Conn) Close() {
	if c.phase != open {
		return
	}
	c.phase = closing
	_ = c.endWriting() // what is below has told of an error already
	if c.phase != closing {
		return // what is below has failed
	}
	if c.over {
		c.below.Close()
		return
	}
	c.paused = false
	c.release()
	c.outside.Closing()
	c.step()
}

// CloseWrite ends the sending side alone.
func (c *Conn) CloseWrite() error {
	switch {
	case c.phase != open || c.eof:
		return nil
	case !c.HalfCloses():
		return ErrNoHalfClose
	}
	return c.endWriting()
}

// endWriting says close_notify, once.
func (c *Conn) endWriting() error {
	if c.eof {
		return nil
	}
	c.eof = true
	err := c.tls.CloseWrite()
	if flushed := c.flush(); err == nil {
		err = flushed
	}
	return err
}

// fail is the end by an error of the layer's. crypto/tls has sent an alert, if there is one.
func (c *Conn) fail(err error) {
	wasClosing := c.phase == closing
	c.phase = failed
	c.in = nil
	if wasClosing { // nobody waits for what the peer still says
		c.below.Close()
		return
	}
	c.outside.Failed(err)
}
