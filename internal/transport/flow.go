package transport

// DefaultHighWater is above how many bytes a protocol is told to pause; it is told to
// go on at a quarter of that, as asyncio's are.
const DefaultHighWater = 64 << 10

// marks are between what the writing of a protocol goes on:
//
//	               size > high
//	       ┌───────────────────────┐
//	writing                       paused
//	       └───────────────────────┘
//	               size <= low
type marks struct{ high, low int }

func (m *marks) reset() { m.high, m.low = DefaultHighWater, DefaultHighWater/4 }

// Limits works the marks out that are asked for: a negative one follows from the other.
func Limits(high, low int) (int, int) {
	switch {
	case high < 0 && low < 0:
		high = DefaultHighWater
	case high < 0:
		high = 4 * low
	}
	if low < 0 {
		low = high / 4
	}
	return high, low
}

// set replaces the marks, as Limits works them out, unless high would be below low.
func (m *marks) set(high, low int) bool {
	if high, low = Limits(high, low); high < low {
		return false
	}
	m.high, m.low = high, low
	return true
}

// rose is called when size bytes are not sent yet, more than before.
func (l *life) rose(of body, size int) {
	if size > l.marks.high && !l.writingPaused {
		l.writingPaused = true
		l.tell(of, BaseProtocol.PauseWriting, "protocol.pause_writing() failed")
	}
}

// fell is called when size bytes are not sent yet, fewer than before.
func (l *life) fell(of body, size int) {
	if l.writingPaused && size <= l.marks.low {
		l.writingPaused = false
		l.tell(of, BaseProtocol.ResumeWriting, "protocol.resume_writing() failed")
	}
}

// tell calls the protocol. A panic or a Goexit is reported, and the transport goes on.
func (l *life) tell(of body, call func(BaseProtocol), failed string) {
	p := of.base()
	returned := false
	defer func() {
		if !returned {
			l.outside.Failed(failed, l.outside.Exited(recover()).Reason, p)
		}
	}()
	call(p)
	returned = true
}
