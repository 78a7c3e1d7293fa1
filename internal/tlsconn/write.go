package tlsconn

// maxRecord is how much one record carries at most.
const maxRecord = 16 << 10

// refuse says why nothing can be written, if so.
func (c *Conn) refuse() error {
	switch {
	case c.phase == open && !c.eof:
		return nil
	case c.phase == open:
		return ErrAfterEOF
	}
	return ErrClosed
}

// Write encrypts p and hands it down. It returns len(p) unless there is an error; with one,
// how many bytes were in the records that were handed down.
func (c *Conn) Write(p []byte) (int, error) {
	if err := c.refuse(); err != nil {
		return 0, err
	}
	defer c.written(c.beginWrite())
	done := 0
	for done < len(p) {
		record := p[done:min(done+maxRecord, len(p))]
		if err := c.encrypt(record); err != nil {
			return done, err
		}
		done += len(record)
	}
	return done, nil
}

// WriteVec is Write for several pieces, in as few records as they go into.
func (c *Conn) WriteVec(pieces [][]byte) error {
	if err := c.refuse(); err != nil {
		return err
	}
	defer c.written(c.beginWrite())
	memory := c.outside.Take()
	defer c.outside.Give(memory)
	joined := memory[:0]
	for _, p := range pieces {
		for len(p) > 0 {
			n := min(len(p), maxRecord-len(joined))
			joined = append(joined, p[:n]...)
			if p = p[n:]; len(joined) < maxRecord {
				continue
			}
			if err := c.encrypt(joined); err != nil {
				return err
			}
			joined = joined[:0]
		}
	}
	if len(joined) == 0 {
		return nil
	}
	return c.encrypt(joined)
}

// encrypt hands down what becomes of p.
func (c *Conn) encrypt(p []byte) error {
	_, err := c.tls.Write(p)
	if flushed := c.flush(); err == nil {
		err = flushed
	}
	return err
}

// beginWrite begins a write, with memory for its records. One write is never within
// another, whose pieces it would come between: a protocol that is told to pause, which may
// write, is told after it.
func (c *Conn) beginWrite() (memory []byte) {
	memory = c.outside.Take()
	c.out, c.writing = append(memory[:0], c.out...), true // a read may be under way that has answered something
	return memory
}

// written ends a write.
func (c *Conn) written(memory []byte) {
	c.out, c.writing = nil, false
	c.outside.Give(memory)
	if c.pauseDue {
		c.pauseDue = false
		c.outside.PauseWriting()
	}
}

// PauseWriting says that the transport below has too much to send.
func (c *Conn) PauseWriting() {
	if c.writing {
		c.pauseDue = true
		return
	}
	c.outside.PauseWriting()
}

// ResumeWriting says that it has little enough.
func (c *Conn) ResumeWriting() {
	if c.pauseDue {
		c.pauseDue = false
		return
	}
	c.outside.ResumeWriting()
}

// flush hands down what crypto/tls has written: not while it does, for it holds locks
// meanwhile, and what is below calls the protocol.
func (c *Conn) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	out := c.out
	c.out = nil
	_, err := c.below.Write(out)
	if c.writing {
		c.out = out[:0]
	}
	return err
}
