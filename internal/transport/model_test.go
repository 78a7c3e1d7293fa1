package transport_test

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/transport"
)

// model says what a stream does, as plainly as possible: with numbers instead of bytes,
// and with what happens one after the other. Whatever calls the protocol answers
// whether a Goexit goes on up from there, gone.
type model struct {
	kind  string
	log   []string
	steps []scheduled

	closing, lost, released      bool
	started, paused, ended       bool // the engine receives; the user does not want it; the peer's end
	eof, sending, writingPaused  bool
	queued, held, low, high      int
	late, shut                   int
	lends, keeps, stays, answers bool
	sometimes                    bool
	asked                        int // for memory that is lent sometimes
	leaving, how                 string
	outLeaves, told              bool
	wrote, sent                  int

	transfer, waits, ready bool // a file has the stream; its step is under way; it was told that it can go on
	file, step, piece      int  // how much is to be sent of the file, how much its step has sent, or how long the piece is
}

func newModel(kind, leaving, how string) *model {
	m := &model{kind: kind, low: 16 << 10, high: 64 << 10, leaving: leaving, how: how}
	m.steps = []scheduled{{transport.StepMade, nil}, {transport.StepRead, nil}}
	return m
}

func (m *model) note(format string, args ...any) { m.log = append(m.log, fmt.Sprintf(format, args...)) }

func (m *model) size() int { return m.queued + m.held }

// call is a call of the protocol's, and how it leaves.
func (m *model) call(name, format string, args ...any) string {
	m.note(format, args...)
	if m.leaving != name {
		return ""
	}
	m.leaving = ""
	return m.how
}

func (m *model) failed(message string, err error) (gone bool) {
	m.note("failed %q: %v", message, err)
	m.told = m.told || err == errExit
	if m.outLeaves {
		m.outLeaves, m.told = false, true
		return true
	}
	return err == errExit
}

// guarded is what follows a call that ends the connection if it does not return.
func (m *model) guarded(name, how string) (returned, gone bool) {
	message := "Fatal error: protocol." + name + "() call failed."
	switch how {
	case "":
		return true, false
	case "panic":
		m.abort(errOdd)
		return false, m.failed(message, errOdd)
	case "exit":
		m.abort(errExit)
		if !m.told {
			m.failed(message, errExit)
		}
		return false, true
	}
	return false, false // the loop stops; nothing becomes of the connection
}

// tell is what follows a call of flow control's: it is reported, and the connection
// goes on.
func (m *model) tell(how, message string) (gone bool) {
	switch how {
	case "panic":
		return m.failed(message, errOdd)
	case "stop":
		return m.failed(message, errStop)
	case "exit":
		return m.failed(message, errExit)
	}
	return false
}

func (m *model) rose() (gone bool) {
	if m.writingPaused || m.size() <= m.high {
		return false
	}
	m.writingPaused = true
	return m.tell(m.call("PauseWriting", "pause"), "protocol.pause_writing() failed")
}

func (m *model) fell() (gone bool) {
	if !m.writingPaused || m.size() > m.low {
		return false
	}
	m.writingPaused = false
	return m.tell(m.call("ResumeWriting", "resume"), "protocol.resume_writing() failed")
}

func (m *model) pass() {
	steps := m.steps
	m.steps = nil
	for _, s := range steps {
		m.told = false
		switch {
		case m.released:
		case s.step == transport.StepMade:
			m.guarded("ConnectionMade", m.call("ConnectionMade", "made"))
		case s.step == transport.StepEOF:
			m.guarded("EOFReceived", m.call("EOFReceived", "eof"))
		case s.step == transport.StepRead:
			m.startReading()
		case s.step == transport.StepGoOn:
			if !m.lost && !m.transfer {
				m.startReading()
				m.fell()
			}
		default:
			m.over(s.reason)
		}
	}
	m.told = false
}

// over is the last call.
func (m *model) over(reason error) (gone bool) {
	how := m.call("ConnectionLost", "lost %v", reason)
	m.release()
	err := map[string]error{"panic": errOdd, "exit": errExit}[how]
	return err != nil && m.failed("Fatal error: protocol.ConnectionLost() call failed.", err)
}

func (m *model) release() {
	m.note("released")
	m.released, m.started, m.sending = true, false, false
	m.queued, m.held = 0, 0
}

func (m *model) close() {
	if m.closing {
		return
	}
	m.closing, m.started = true, false
	if m.sending = m.sending || m.held > 0; !m.sending && !m.transfer {
		m.lost = true
		m.steps = append(m.steps, scheduled{transport.StepLost, nil})
	}
}

func (m *model) abort(reason error) {
	if m.lost {
		return
	}
	m.dropTransfer(nil)
	m.closing, m.started, m.lost, m.sending = true, false, true, false
	m.queued = 0
	m.steps = append(m.steps, scheduled{transport.StepLost, reason})
}

func (m *model) fatal(message string, err error) (gone bool) {
	m.abort(err)
	return m.failed(message, err)
}

// failedTo is fatal for what the system refuses.
func (m *model) failedTo(what string, err error) (gone bool) {
	if m.kind == connection {
		return m.fatal("Fatal "+what+" error on socket transport", err)
	}
	return m.fatal("Fatal "+what+" error on pipe transport", err)
}

func (m *model) data(text string) (gone bool) {
	if !m.started || m.kind == writePipe {
		return false
	}
	name, how := "DataReceived", ""
	if m.sometimes {
		returned, gone := m.guarded("LendBuffer", m.call("LendBuffer", "lend"))
		if gone || !returned {
			return gone
		}
		m.asked++
	}
	switch {
	case m.lends:
		returned, gone := m.guarded("GetBuffer", m.call("GetBuffer", "buffer"))
		if gone || !returned {
			return gone
		}
		name = "BufferUpdated"
		how = m.call(name, "updated %s", text)
	case m.asked%2 == 1:
		name = "BufferFilled"
		how = m.call(name, "filled %s", text)
	default:
		leaving := m.leaving
		if m.leaving == name && m.answers {
			m.leaving = "" // only after it has answered
		}
		how = m.call(name, "data %s", text)
		if m.answers && m.write(0, len(overHigh)) {
			how = "exit"
		} else if m.answers && leaving == name {
			m.leaving, how = "", m.how
		}
	}
	_, gone = m.guarded(name, how)
	return gone
}

func (m *model) end() (gone bool) {
	if !m.started {
		return false
	}
	m.started, m.ended = false, true
	switch m.kind {
	case readPipe:
		m.closing, m.lost = true, true
		m.steps = append(m.steps, scheduled{transport.StepEOF, nil}, scheduled{transport.StepLost, nil})
		m.note("received EOF")
		return false
	case writePipe:
		if m.size() > 0 {
			m.abort(syscall.EPIPE)
		} else {
			m.abort(nil)
		}
		m.note("its reader has gone")
		return false
	}
	m.note("received EOF")
	returned, gone := m.guarded("EOFReceived", m.call("EOFReceived", "eof"))
	if returned && !m.stays {
		m.close()
	}
	return gone
}

func (m *model) readFailed() (gone bool) {
	if !m.started || m.kind == writePipe {
		return false
	}
	m.started = false
	return m.failedTo("read", errOdd)
}

func (m *model) startReading() { m.started = !m.closing && !m.paused && !m.ended && !m.transfer }

func (m *model) pauseReading() {
	if !m.closing && !m.paused && m.kind != writePipe {
		m.paused, m.started = true, false
	}
}

func (m *model) resumeReading() {
	if !m.closing && m.paused {
		m.paused = false
		m.startReading()
	}
}

// write writes n bytes, of which the system takes some at once.
func (m *model) write(takes, n int) (gone bool) {
	switch {
	case m.eof || m.kind == readPipe:
		return false
	case m.lost:
		m.late++
		return false
	case m.transfer, m.closing && m.kind == writePipe:
		return false
	}
	m.wrote += n
	switch {
	case m.sending:
		m.queued += n
	case m.keeps:
		m.held += n
		if m.held <= m.high || m.writingPaused {
			return false
		}
		m.sending = true
	default:
		k := min(takes, n)
		m.sent += k
		if k == n {
			return false
		}
		m.queued, m.sending = n-k, true
	}
	return m.rose()
}

func (m *model) writeFailed() (gone bool) {
	switch {
	case m.eof || m.lost || m.sending || m.transfer || m.kind == readPipe:
		return m.write(0, 1) // it does not come to that
	}
	return m.failedTo("write", errOdd)
}

func (m *model) writeEOF() {
	if m.closing || m.eof || m.kind == readPipe || m.kind == duplexPipe {
		return
	}
	m.eof = true
	if m.kind == writePipe {
		m.close()
		return
	}
	if m.sending = m.sending || m.held > 0; !m.sending && !m.transfer {
		m.shut++
	}
}

// setLimits sets both marks to 0.
func (m *model) setLimits() (gone bool) {
	m.low, m.high = 0, 0
	switch {
	case m.released || m.size() == 0 || m.writingPaused || m.lost:
		return false
	}
	m.sending = true
	return m.rose()
}

// goes ends a Send, after which n of the queued bytes have gone.
func (m *model) goes(n int, err error) (gone bool) {
	if !m.sending {
		return false
	}
	m.sending = false
	m.sent += m.held
	m.held = 0
	if m.file > 0 {
		m.fileSent(n, err)
		return false
	}
	if err != nil {
		m.dropTransfer(err)
		return m.failedTo("write", err)
	}
	n = min(n, m.queued)
	m.sent += n
	m.queued -= n
	if m.transfer {
		if m.sending = m.queued > 0; !m.sending {
			m.tellTransfer(m.piece, nil)
		}
		return false
	}
	gone = m.fell()
	switch {
	case m.lost:
	case m.queued > 0:
		m.sending = true
	case m.closing:
		m.lost = true
		if gone {
			m.steps = append(m.steps, scheduled{transport.StepLost, nil})
		} else {
			return m.over(nil)
		}
	case m.eof:
		m.shut++
	}
	return gone
}

// unsent gives back the last k bytes of what was taken.
func (m *model) unsent(k int, err error) (gone bool) {
	if m.held == 0 {
		return false
	}
	k = min(k, m.held)
	m.sent += m.held - k
	m.held, m.sending = 0, false
	switch {
	case err != nil:
		m.dropTransfer(err)
		return m.failedTo("write", err)
	case m.lost:
		return false
	}
	m.queued += k
	m.sending = true
	return m.rose()
}

// begin is a file that wants the stream.
func (m *model) begin() {
	switch {
	case m.kind != connection:
		m.note("refused %v", errors.ErrUnsupported)
	case m.closing:
		m.note("refused %v", transport.ErrClosing)
	case m.eof:
		m.note("refused %v", transport.ErrAfterEOF)
	case m.transfer:
		m.note("refused %v", transport.ErrSendingFile)
	default:
		m.transfer, m.waits, m.ready, m.started, m.step, m.piece = true, true, false, false, 0, 0
		if m.sending = m.sending || m.held > 0; !m.sending {
			m.tellTransfer(0, nil)
		}
	}
}

// tellTransfer ends a step of the file's.
func (m *model) tellTransfer(n int, err error) {
	if m.waits {
		m.waits, m.ready = false, err == nil
		m.note("told %d %v", n, err)
	}
}

func (m *model) dropTransfer(reason error) {
	if m.transfer && !m.lost {
		if reason == nil {
			reason = transport.ErrLost
		}
		m.transfer, m.file = false, 0
		m.tellTransfer(m.step, reason)
	}
}

// sendfile begins a step: n bytes of the file.
func (m *model) sendfile(n int) {
	if !m.ready {
		return
	}
	m.waits, m.ready, m.step, m.piece = true, false, 0, 0
	if !m.transfer {
		m.tellTransfer(0, transport.ErrLost)
		return
	}
	m.file, m.sending = n, true
}

func (m *model) fileSent(n int, err error) {
	if err != nil {
		n = 0
	}
	n = min(n, m.file)
	m.sent += n
	m.step += n
	m.file -= n
	if err == nil && n > 0 && m.file > 0 {
		m.sending = true
		return
	}
	m.file = 0
	m.tellTransfer(m.step, err)
}

// sendPiece begins a step: n bytes that were read of the file, of which the system takes
// some at once.
func (m *model) sendPiece(takes, n int, err error) (gone bool) {
	if !m.ready {
		return false
	}
	m.waits, m.ready, m.step, m.piece = true, false, 0, n
	switch {
	case !m.transfer:
		m.tellTransfer(0, transport.ErrLost)
		return false
	case err != nil:
		m.dropTransfer(err)
		return m.fatal("Fatal write error on socket transport", err)
	case m.keeps:
		m.held += n
	default:
		m.sent += takes
		m.queued = n - takes
	}
	m.sending = true
	return false
}

// finish ends the transfer.
func (m *model) finish() {
	m.waits, m.ready = false, false
	if !m.transfer {
		return
	}
	m.transfer = false
	if m.file > 0 {
		m.file, m.sending = 0, false
	}
	switch {
	case m.sending:
	case m.closing:
		m.lost = true
		m.steps = append(m.steps, scheduled{transport.StepLost, nil})
	case m.eof:
		m.shut++
	}
	m.steps = append(m.steps, scheduled{transport.StepGoOn, nil})
}
