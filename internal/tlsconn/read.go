package tlsconn

import (
	"io"
	"slices"
)

// Feed lends what has come from below.
func (c *Conn) Feed(p []byte) {
	switch {
	case c.phase >= failed || c.over:
		return
	case c.phase <= agreed, c.paused, len(c.in) > 0, c.pumping:
		c.keep(p)
		c.hold()
		if c.phase == handshaking {
			c.outside.Wake()
		}
		return
	}
	c.in, c.lent = p, true
	defer c.settle()
	c.pump()
}

// keep copies what is not wanted yet.
func (c *Conn) keep(p []byte) {
	if c.lent {
		c.lent, c.in = false, slices.Clone(c.in)
	}
	c.in = append(c.in, p...)
}

// settle is the end of a call that was lent what is in: what is left of it is copied, and
// will be delivered in a step of its own if it is wanted.
func (c *Conn) settle() {
	switch {
	case len(c.in) == 0 || c.phase >= failed || c.over:
		c.in, c.lent = nil, false
	case c.lent:
		c.keep(nil)
		c.hold()
	}
	c.step()
}

// hold pauses what is below if too much is kept.
func (c *Conn) hold() {
	if len(c.in) > HighWater && !c.held && !c.ended {
		c.held = true
		c.below.PauseReading()
	}
}

// Holds reports whether what is below is paused because too much is kept.
func (c *Conn) Holds() bool { return c.held }

// release goes on below, if little enough is kept.
func (c *Conn) release() {
	if c.held && (len(c.in) <= LowWater || c.phase == closing) {
		c.held = false
		if !c.ended {
			c.below.ResumeReading()
		}
	}
}

// FeedEOF says that nothing more comes from below.
func (c *Conn) FeedEOF() {
	c.ended = true
	if c.phase == handshaking {
		c.outside.Wake()
		return
	}
	defer c.step()
	c.pump()
}

// Pause keeps what comes from the protocol. It reports whether that is new.
func (c *Conn) Pause() bool {
	if c.phase != open || c.paused {
		return false
	}
	c.paused = true
	return true
}

// Resume goes on to deliver, in a step of its own what is kept. It reports whether it was
// paused.
func (c *Conn) Resume() bool {
	if c.phase != open || !c.paused {
		return false
	}
	c.paused = false
	c.step()
	return true
}

// Begin delivers what has come since the end of the handshake.
func (c *Conn) Begin() {
	defer c.step()
	c.pump()
}

// step has Step called, if there is something for it.
func (c *Conn) step() {
	if !c.due && !c.pumping && c.wants() {
		c.due = true
		c.outside.Later()
	}
}

// Step is what Later asks for.
func (c *Conn) Step() {
	c.due = false
	defer c.step() // what a protocol that did not return has left
	c.pump()
}

// pump decrypts and delivers what is in, as far as it is wanted.
func (c *Conn) pump() {
	if c.pumping {
		return
	}
	c.pumping = true
	defer func() { c.pumping = false }()
	for c.wants() {
		c.round()
		if len(c.in) == 0 {
			c.in = nil // what was kept
		}
		c.release()
	}
}

// wants reports whether there is something to decrypt, or an end, and it is wanted.
func (c *Conn) wants() bool {
	wanted := c.phase == closing || c.phase == open && !c.paused
	return wanted && !c.over && (len(c.in) > 0 || c.left || c.ended)
}

// round decrypts up to as much as fits, and delivers it.
func (c *Conn) round() {
	if c.lender != nil && c.phase == open {
		c.roundInto()
		return
	}
	buf := c.outside.Take()
	defer c.outside.Give(buf)
	n, err := c.read(buf)
	if n > 0 && c.phase == open {
		c.protocol.DataReceived(buf[:n])
	}
	c.after(err)
}

// roundInto is round for a protocol that lends the memory.
func (c *Conn) roundInto() {
	lender, changes := c.lender, c.changes
	buf := lender.GetBuffer(-1)
	if len(buf) == 0 {
		c.fail(ErrEmptyBuffer)
		return
	}
	if c.phase != open || c.paused || c.changes != changes { // GetBuffer has seen to that
		return
	}
	n, err := c.read(buf)
	if n > 0 && c.phase == open {
		lender.BufferUpdated(n)
	}
	c.after(err)
}

// read decrypts up to as much as fits, and notes whether more may be left.
func (c *Conn) read(buf []byte) (n int, err error) {
	defer c.handDown()
	for n < len(buf) {
		k, err := c.tls.Read(buf[n:])
		full := k == len(buf)-n
		n += k
		switch {
		case err == nil && (full || len(c.in) > 0 || !c.record.between() || c.ended):
			continue
		case err == nothingHasCome:
			err = nil
		}
		c.left = false
		return n, err
	}
	c.left = true
	return n, nil
}

// handDown hands down what crypto/tls says to the peer when it reads: an alert, or the
// answer to a change of keys.
func (c *Conn) handDown() {
	if len(c.out) > 0 && !c.writing {
		_ = c.flush() // what is below has told of an error already
	}
}

// after deals with what a round has ended with, unless the protocol has ended the layer.
func (c *Conn) after(err error) {
	switch {
	case err == nil || c.phase >= failed:
	case err != io.EOF:
		c.fail(err)
	case c.strict && c.endRead:
		c.fail(ErrCut)
	default:
		c.peerEnded()
	}
}

// peerEnded is the peer's end: its close_notify, or the end of what is below.
func (c *Conn) peerEnded() {
	c.over = true
	c.in = nil
	if c.phase == closing {
		c.below.Close()
		return
	}
	stays := c.protocol.EOFReceived()
	if c.phase != open {
		return
	}
	if stays && !c.HalfCloses() {
		c.outside.NoHalfClose()
		stays = false
	}
	if !stays {
		c.Close()
	}
}
