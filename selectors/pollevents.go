package selectors

// The bits of struct pollfd, the same on every system that has poll(2) or
// /dev/poll.
const (
	pollIn  = 0x1
	pollOut = 0x4
)

// fromPoll turns what poll(2) returns into events. An error, a hang-up or a
// closed descriptor is both: whoever waits for either learns of it by trying.
func fromPoll(revents int16) EventMask {
	var m EventMask
	if revents&^pollOut != 0 {
		m = EventRead
	}
	if revents&^pollIn != 0 {
		m |= EventWrite
	}
	return m
}

func toPoll(m EventMask) int16 {
	var events int16
	if m&EventRead != 0 {
		events = pollIn
	}
	if m&EventWrite != 0 {
		events |= pollOut
	}
	return events
}
