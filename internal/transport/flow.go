package transport

// DefaultHighWater is above how many bytes a protocol is told to pause; it is told to
// go on at a quarter of that, as asyncio's are.
const DefaultHighWater = 64 << 10

// marks are how far what is not sent yet may rise and must fall:
//
//	               size > high
//	       ┌───────────────────────┐
//	writing                       paused
//	       └───────────────────────┘
//	               size <= low
//
// They are never changed: transports have those of others until they get their own.
type marks struct{ high, low int }

// defaultMarks are those that a transport begins with.
var defaultMarks = &marks{DefaultHighWater, DefaultHighWater / 4}

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

// limit replaces the marks, as Limits works them out, unless high would be below low.
func (l *life) limit(high, low int) bool {
	if high, low = Limits(high, low); high < low {
		return false
	}
	l.marks = &marks{high, low}
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
