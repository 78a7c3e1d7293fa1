package simulated

import (
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio/internal/list"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// state is how far an end has come.
type state uint8

const (
	opening state = iota // it has asked to connect
	asked                // it was asked, and has agreed
	open                 // it is connected
)

// end is one end of a connection.
//
//	opening ──synAck──▶ open ──┬─ close ─▶ closed ── fin sent ─▶ nobody knows of it
//	asked ────ack─────▶ open ──┘
//	any of them: reset, given up, crashed ─▶ dead
type end struct {
	list.Node[end] // among the host's
	host           *Host
	socket         *socket // nil before it is accepted, and once that is closed
	listener       *socket // of one that was asked, until it is accepted
	out            way     // to the other end
	peer           *end
	local, remote  sock.Addr
	state          state
	in             segments // what has come
	unread         int      // bytes in it
	eof            bool     // the other end sends no more
	shut           bool     // nor does this one
	closed         bool     // nobody reads what comes
	dead           bool     // there is no such connection here: what comes is refused
	failed         syscall.Errno
	heard          time.Duration // when something has come last
	timer          appointment   // of a connect: asks again, or gives up; then of SO_KEEPALIVE
	asks           int           // how often it has
	begun          time.Duration
}

// connection is both ends.
type connection [2]end

func (e *end) network() *Network { return e.host.network }

// changed has whoever has the socket look at it.
func (e *end) changed() {
	if e.socket != nil {
		e.socket.changed()
	}
}

// patience is how long it goes on sending what does not arrive.
func (e *end) patience() time.Duration {
	if e.state == open {
		return e.host.stack.GiveUp
	}
	return e.host.stack.ConnectTimeout
}

// arrived is the arrival of a segment.
func (s *segment) arrived() {
	w := s.way
	to, n := w.to, w.network()
	if to.host.down {
		w.returned()
		return
	}
	if to.knowsNot(s.kind) {
		if to.kill(0); !to.out.refuse() {
			w.returned() // nobody hears of it, and so it is sent again
			return
		}
	}
	w.flight.pop() // which is s
	w.tries, to.heard = 0, n.now
	n.tellOf("arrive", s, to.host, w.from.host)
	switch {
	case s.kind == reset:
		to.wasReset()
	case s.kind == syn:
		to.wasAsked()
	case to.dead:
		w.from.settle()
	case s.kind == data:
		to.in.push(s)
		to.unread += s.size()
		to.changed()
		return
	default:
		to.wasTold(s.kind)
	}
	n.release(s)
}

// knowsNot reports whether there is no connection here for what comes.
func (e *end) knowsNot(k kind) bool {
	return k != reset && k != syn && (e.dead || e.closed && k == data)
}

// wasTold takes a segment without bytes.
func (e *end) wasTold(k kind) {
	switch k {
	case synAck:
		if e.state == opening {
			e.opened()
			e.out.sign(ack)
		}
	case ack:
		if e.state == asked {
			e.arrivedAtListener()
		}
	case fin:
		e.peer.settle()
		e.eof = true
		e.changed()
	}
}

// wasReset is the arrival of a reset.
func (e *end) wasReset() {
	switch {
	case e.dead:
	case e.state == opening:
		e.fail(errRefused)
	case e.eof:
		e.fail(errPipe)
	default:
		e.fail(errReset)
	}
}

// fail ends the connection at this end, with an error for whoever has it.
func (e *end) fail(err syscall.Errno) {
	if e.dead {
		return
	}
	switch err {
	case errTimedOut, errNoHost:
		e.note("timeout")
	default:
		e.note("broken")
	}
	e.kill(err)
	e.changed()
}

// kill has there be no such connection at this end any more. err is for whoever has it, 0
// if nobody hears of it.
func (e *end) kill(err syscall.Errno) {
	if e.dead {
		return
	}
	e.dead, e.failed = true, err
	e.forget()
	e.out.discard()
	e.network().agenda.remove(&e.timer)
	if l := e.listener; l != nil && e.state == asked {
		l.asked--
		e.listener = nil
	}
}

// begin lists the end as one of its host's.
func (e *end) begin() { e.host.ends.PushBack(&e.Node) }

// forget ends that: nothing more is to be done for it.
func (e *end) forget() {
	if e.Listed() {
		e.host.ends.Remove(&e.Node)
	}
}

// settle forgets the end if all that it was left to do is done.
func (e *end) settle() {
	if e.closed && e.out.unsent.first == nil && e.out.flight.first == nil {
		e.forget()
	}
}

// abort ends the connection by a reset.
func (e *end) abort() {
	if e.dead {
		e.drop()
		return
	}
	e.kill(0)
	e.drop()
	if e.state != opening {
		e.out.refuse()
	}
}

// close is that of the socket: what was written goes, unless something is unread.
func (e *end) close() {
	e.note("close")
	e.network().agenda.remove(&e.timer)
	switch {
	case e.dead || e.state != open || e.unread > 0:
		e.abort()
	default:
		e.closed = true
		e.shutdown()
		e.settle()
	}
}

// shutdown has the other end know that nothing more comes.
func (e *end) shutdown() {
	if e.shut || e.dead {
		return
	}
	e.shut = true
	e.out.sign(fin)
}

// drop forgets what came and was not read.
func (e *end) drop() {
	for n := e.network(); e.in.first != nil; {
		n.release(e.in.pop())
	}
	e.unread = 0
}

// readable reports whether read would not block.
func (e *end) readable() bool { return e.unread > 0 || e.eof || e.dead }

// writable reports whether write is worth while.
func (e *end) writable() bool {
	return e.dead || e.state == open && (e.shut || e.out.queued <= e.host.stack.SendBuffer/2)
}

// takeFailure is the error of a connection that has failed, once.
func (e *end) takeFailure() (err syscall.Errno) {
	err, e.failed = e.failed, 0
	return err
}

// readInto reads what has come, or a part of it.
func (e *end) readInto(p []byte) (int, error) {
	switch {
	case e.unread > 0:
	case e.eof:
		return 0, nil
	case e.failed != 0:
		return 0, e.takeFailure()
	case e.dead:
		return 0, nil
	default:
		return 0, errAgain
	}
	n := e.network()
	want := e.host.piece(min(len(p), e.unread))
	total := 0
	for total < want {
		s := e.in.first
		k := copy(p[total:want], s.bytes())
		total += k
		if s.start += k; s.size() == 0 {
			n.release(e.in.pop())
		}
	}
	e.unread -= total
	e.peer.out.consumed(total)
	return total, nil
}

// take takes of the pieces what there is room for, or a part of it.
func (e *end) take(p []byte, more [][]byte) (int, error) {
	switch {
	case e.failed != 0:
		return 0, e.takeFailure()
	case e.dead || e.shut:
		return 0, errPipe
	case e.state != open:
		return 0, errAgain
	case e.out.link == nil && (e.peer.closed || e.peer.dead):
		return 0, errPipe // which a unix socket knows at once
	}
	offered := len(p)
	for _, q := range more {
		offered += len(q)
	}
	room := e.host.stack.SendBuffer - e.out.queued
	if room <= 0 && offered > 0 {
		return 0, errAgain
	}
	taken := e.host.piece(min(offered, room))
	left := taken
	k := min(left, len(p))
	e.out.put(p[:k])
	left -= k
	for _, q := range more {
		k := min(left, len(q))
		e.out.put(q[:k])
		left -= k
	}
	e.out.pump()
	return taken, nil
}
