package transport_test

import (
	"slices"
	"strings"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/transport"
)

// datagramModel says what a Datagram does, as plainly as possible. What it has in common
// with a stream is the model's: its queued are bytes and headers, and it is sending while
// there is a queue.
type datagramModel struct {
	model
	queue, batch, wire []letter
	returned           int // how many of the queue were given back, since the last was taken
	room               int
	awaiting, batches  bool
	again              bool  // ErrorReceived sends another one
	next               error // what the next Send says
}

func newDatagramModel(leaving, how string) *datagramModel {
	return &datagramModel{model: *newModel(connection, leaving, how)}
}

// counts brings the model up to date when the queue was changed.
func (m *datagramModel) counts() {
	if m.lost {
		m.queue, m.returned = nil, 0
	}
	m.queued = 0
	for _, l := range m.queue {
		m.queued += len(l.text) + 8
	}
	m.sending = len(m.queue) > 0
}

// hears is what follows a call after which the socket goes on.
func (m *datagramModel) hears(how, call string) (gone bool) {
	message := "protocol." + call + "() failed"
	switch how {
	case "panic":
		return m.failed(message, errOdd)
	case "exit":
		if !m.told {
			m.failed(message, errExit)
		}
		return true
	}
	return false
}

// within is a call in which the protocol sends before it leaves, if it sends at all.
func (m *datagramModel) within(name string, sends func() (gone bool)) (how string) {
	leaving := m.leaving
	if leaving == name && sends != nil {
		m.leaving = ""
	}
	if sends != nil && sends() {
		return "exit"
	}
	if leaving != name {
		return ""
	}
	m.leaving = ""
	return m.how
}

func (m *datagramModel) data(text string, from int) (gone bool) {
	if !m.started {
		return false
	}
	m.note("%q from %d", text, from)
	var sends func() bool
	if m.answers {
		sends = func() bool { return m.send(letter{overHigh, from}) }
	}
	return m.hears(m.within("DatagramReceived", sends), "datagram_received")
}

func (m *datagramModel) truncated(size, from int) (gone bool) {
	if !m.started {
		return false
	}
	m.note("too long: %d from %d", size, from)
	return m.hears(m.within("ErrorReceived", m.resend()), "error_received")
}

func (m *datagramModel) refused(err error, of int) (gone bool) {
	if m.lost {
		return false
	}
	m.note("error %v of %d", err, of)
	return m.hears(m.within("ErrorReceived", m.resend()), "error_received")
}

func (m *datagramModel) resend() func() bool {
	if !m.again {
		return nil
	}
	return func() bool { return m.send(letter{"again", 5}) }
}

func (m *datagramModel) broken() (gone bool) {
	if m.lost {
		return false
	}
	m.started = false
	gone = m.fatal("Fatal read error on datagram transport", errOdd)
	m.counts()
	return gone
}

// tries is a Send of the engine's.
func (m *datagramModel) tries(l letter) (taken bool, err error) {
	if err := m.next; err != nil {
		m.next = nil
		return false, err
	}
	if m.room == 0 {
		return false, nil
	}
	m.room--
	if m.batches {
		m.batch = append(m.batch, l)
	} else {
		m.wire = append(m.wire, l)
	}
	return true, nil
}

func (m *datagramModel) sendFailed(err error, of int) (gone bool) {
	if _, system := err.(syscall.Errno); system {
		return m.refused(err, of)
	}
	gone = m.fatal("Fatal write error on datagram transport", err)
	m.counts()
	return gone
}

func (m *datagramModel) send(l letter) (gone bool) {
	if m.lost {
		m.late++
		return false
	}
	if len(m.queue) == 0 {
		switch taken, err := m.tries(l); {
		case err != nil:
			return m.sendFailed(err, l.to)
		case taken:
			return false
		}
	}
	m.queue = append(m.queue, l)
	m.awaiting = true
	m.counts()
	return m.rose()
}

// writable says that there is room for so many.
func (m *datagramModel) writable(room int) (gone bool) {
	if m.released {
		return false
	}
	m.room = room
	if !m.awaiting {
		return false
	}
	m.awaiting = false
	if m.lost {
		return false
	}
	for len(m.queue) > 0 && !m.lost && !gone {
		l := m.queue[0]
		taken, err := m.tries(l)
		if err == nil && !taken {
			break
		}
		m.queue, m.returned = m.queue[1:], max(0, m.returned-1)
		m.counts()
		if err != nil {
			gone = m.sendFailed(err, l.to)
		} else {
			m.returned = 0
		}
	}
	if !m.lost && !gone {
		gone = m.fell()
	}
	switch {
	case m.lost:
	case len(m.queue) > 0:
		m.awaiting = true
	case m.closing && gone:
		m.lost = true
		m.steps = append(m.steps, scheduled{transport.StepLost, nil})
	case m.closing:
		m.lost = true
		return m.over(nil)
	}
	return gone
}

// goes has what was taken go but for the last rest, which is given back.
func (m *datagramModel) goes(rest int) (gone bool) {
	if m.released {
		return false
	}
	n := max(0, len(m.batch)-rest)
	back := m.batch[n:]
	m.wire = append(m.wire, m.batch[:n]...)
	m.batch = nil
	if len(back) > 0 {
		m.room = 0
	}
	for _, l := range back {
		if m.lost {
			continue
		}
		m.queue = slices.Insert(m.queue, m.returned, l)
		m.returned++
		m.awaiting = true
		m.counts()
		if m.rose() {
			return true
		}
	}
	return false
}

func (m *datagramModel) shut()             { m.close(); m.counts() }
func (m *datagramModel) kill(reason error) { m.abort(reason); m.counts() }

func (m *datagramModel) setLimits() (gone bool) {
	m.low, m.high = 0, 0
	return !m.released && m.rose()
}

// sent is what has gone, in one line.
func (m *datagramModel) sent() string {
	var all []string
	for _, l := range m.wire {
		all = append(all, l.String())
	}
	return strings.Join(all, " ")
}
