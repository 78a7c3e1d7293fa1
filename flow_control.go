package asyncio

// Write buffers pause their protocol above defaultHighWater bytes and resume it
// at a quarter of that, as asyncio's do.
const defaultHighWater = 64 << 10

// flowControl is the write side's marks, and what the protocol was told last.
//
//	               size > high
//	       ┌───────────────────────┐
//	writing                       paused
//	       └───────────────────────┘
//	               size <= low
type flowControl struct {
	high, low int
	paused    bool
}

// pausable is the part of a protocol that flow control tells.
type pausable interface {
	PauseWriting()
	ResumeWriting()
}

func (f *flowControl) reset() { f.high, f.low = defaultHighWater, defaultHighWater/4 }

// set replaces the marks; a negative one is worked out from the other.
func (f *flowControl) set(high, low int) error {
	switch {
	case high < 0 && low < 0:
		high = defaultHighWater
	case high < 0:
		high = 4 * low
	}
	if low < 0 {
		low = high / 4
	}
	if high < low {
		return invalid("SetWriteBufferLimits", "high (%d) must not be below low (%d)", high, low)
	}
	f.high, f.low = high, low
	return nil
}

// rose is called when size bytes are buffered, more than before.
func (f *flowControl) rose(l *baseLoop, size int, p pausable, transport any) {
	if size <= f.high || f.paused {
		return
	}
	f.paused = true
	f.tell(l, "protocol.pause_writing() failed", p, p.PauseWriting, transport)
}

// fell is called when size bytes are buffered, fewer than before.
func (f *flowControl) fell(l *baseLoop, size int, p pausable, transport any) {
	if !f.paused || size > f.low {
		return
	}
	f.paused = false
	f.tell(l, "protocol.resume_writing() failed", p, p.ResumeWriting, transport)
}

// tell calls the protocol. A panic or a Goexit is reported, and the transport goes on.
func (f *flowControl) tell(l *baseLoop, message string, p pausable, call func(), transport any) {
	err := ErrGoexit // should the protocol not return
	defer func() {
		if err != nil {
			l.handleExit(err, ExceptionContext{Message: message, Protocol: p, Transport: transport})
		}
	}()
	err = l.guard(call)
}
