package asyncio

// control runs f as the loop's owner, for methods that change the transport.
func (t *streamTransport) control(op string, f func()) error {
	held, err := t.loop.own(op)
	if err != nil {
		return err
	}
	if held {
		defer t.loop.leave()
	}
	f()
	return nil
}

// Close implements Transport.
func (t *streamTransport) Close() error { return t.control("Transport.Close", t.close) }

// Abort implements Transport. It has no error to return, so that from another
// goroutine it goes to the loop instead of being refused.
func (t *streamTransport) Abort() {
	abort := func() { t.forceClose(nil) }
	if !t.loop.asOwner(abort) {
		t.loop.post(callback(abort), 0)
	}
}

// IsClosing implements Transport.
func (t *streamTransport) IsClosing() bool { return t.closing }

// PauseReading implements Transport.
func (t *streamTransport) PauseReading() error {
	return t.control("PauseReading", func() {
		if t.reading() {
			t.paused = true
			t.stream.StopReading()
			t.debugf("pauses reading")
		}
	})
}

// ResumeReading implements Transport.
func (t *streamTransport) ResumeReading() error {
	return t.control("ResumeReading", func() {
		if t.closing || !t.paused {
			return
		}
		t.paused = false
		t.startReading()
		t.debugf("resumes reading")
	})
}

// IsReading implements Transport.
func (t *streamTransport) IsReading() bool { return t.reading() }

// SetProtocol implements Transport.
func (t *streamTransport) SetProtocol(p Protocol) error {
	if p == nil {
		return invalid("SetProtocol", "the protocol is nil")
	}
	return t.control("SetProtocol", func() {
		if !t.released {
			t.adopt(p)
		}
	})
}

// GetProtocol implements Transport.
func (t *streamTransport) GetProtocol() Protocol { return t.protocol }

// GetWriteBufferSize implements Transport.
func (t *streamTransport) GetWriteBufferSize() int { return t.size() }

// GetWriteBufferLimits implements Transport.
func (t *streamTransport) GetWriteBufferLimits() (low, high int) { return t.flow.low, t.flow.high }

// SetWriteBufferLimits implements Transport.
func (t *streamTransport) SetWriteBufferLimits(high, low int) (err error) {
	if failed := t.control("SetWriteBufferLimits", func() {
		switch err = t.flow.set(high, low); {
		case err != nil || t.released:
		case t.queue == nil:
			t.holds()
		default:
			t.flow.rose(t.loop, t.size(), t.protocol, t)
		}
	}); failed != nil {
		return failed
	}
	return err
}
