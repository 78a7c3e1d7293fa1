package transport

import (
	"errors"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// DatagramProtocol is who gets what a Datagram receives.
type DatagramProtocol interface {
	BaseProtocol
	// DatagramReceived lends one datagram, which may be empty, for the length of the
	// call. from is the zero Addr if the sender has no address.
	DatagramReceived(p []byte, from sock.Addr)
	// ErrorReceived says what the system has said of a datagram, now or of one that was
	// sent earlier, or of a receive. of is the peer's address, if that is known.
	ErrorReceived(err error, of sock.Addr)
	// Truncated says that a datagram was lost because it was longer than there is room
	// for. size is its length, 0 if the system does not say it.
	Truncated(size int, from sock.Addr)
}

// Datagram is a socket that keeps messages apart, over an engine's datagram, the same for
// every engine. It is part of a larger object, the transport that users have, and is ready
// after Init.
//
// What the system says of one datagram concerns its peer: the protocol hears of it, and
// the socket goes on. So it does if the protocol does not return from what it is told: a
// peer that sends what its receiver cannot take must not end the service for all others.
//
// Who may call what is as with a Stream.
type Datagram struct {
	socket   engine.Datagram
	protocol DatagramProtocol
	queue    buffers.Packets[sock.Addr]
	life
	awaiting bool // Writable is to come
}

// DatagramHeader is how much a queued datagram counts beside its bytes, so that empty ones
// count, too. (the header size of asyncio's datagram transports)
const DatagramHeader = 8

// writeDatagramFailed is the message of every failure to write that ends a Datagram.
const writeDatagramFailed = "Fatal write error on datagram transport"

// Init makes it one of a descriptor, which is its own from then on unless there is
// an error. Start follows. The pool is the loop's, for what cannot be sent at once.
func (d *Datagram) Init(outside Outside, eng engine.Engine, fd uintptr, p DatagramProtocol, o engine.DatagramOptions, pool *buffers.PacketPool[sock.Addr]) error {
	d.outside, d.marks = outside, defaultMarks
	d.queue.Pool = pool
	socket, err := eng.Datagram(fd, d, o)
	if err != nil {
		return err
	}
	d.socket, d.protocol = socket, p
	return nil
}

// Start schedules the beginning: ConnectionMade, and then receiving.
func (d *Datagram) Start() {
	d.outside.Later(StepMade, nil)
	d.outside.Later(StepRead, nil)
}

// Run runs a step that Later was asked for.
func (d *Datagram) Run(step Step, reason error) {
	switch step {
	case StepMade:
		d.made(d)
	case StepRead:
		d.startReading()
	case StepLost:
		d.end(d, reason)
	}
}

// Close has nothing more received, and the socket closed once all is sent.
func (d *Datagram) Close() { d.close(d) }

// Abort has it closed at once, with a reason or nil.
func (d *Datagram) Abort(reason error) { d.abort(d, reason) }

// Discard lets go of everything and tells the protocol nothing: its loop is closed.
func (d *Datagram) Discard() { d.discard(d) }

// Closing reports whether it is closing or lost.
func (d *Datagram) Closing() bool { return d.closing }

// Released reports whether it has let go of its descriptor.
func (d *Datagram) Released() bool { return d.released }

// FD is the descriptor, for information. It stays what it was after the end.
func (d *Datagram) FD() uintptr { return d.socket.FD() }

// Engine returns the engine's part underneath, for tests that have it hear of what it has
// not asked for.
func (d *Datagram) Engine() engine.Datagram { return d.socket }

// String describes it as its outside does.
func (d *Datagram) String() string { return d.outside.String() }

// Size is how much is queued: the bytes, and DatagramHeader for each datagram.
func (d *Datagram) Size() int { return d.queue.Size() + DatagramHeader*d.queue.Len() }

// Sending reports whether there is something queued.
func (d *Datagram) Sending() bool { return d.queue.Len() > 0 }

// LateSends is how many datagrams were refused by ErrLost.
func (d *Datagram) LateSends() int { return max(0, int(d.lost)-1) }

// Limits returns the marks of flow control.
func (d *Datagram) Limits() (low, high int) { return d.marks.low, d.marks.high }

// SetLimits replaces the marks of flow control by what Limits works out. It reports
// false, and changes nothing, if high would be below low.
func (d *Datagram) SetLimits(high, low int) bool {
	if !d.limit(high, low) {
		return false
	}
	d.rose(d, d.Size()) // nothing is queued after the end
	return true
}

// startReading receives, if that is what is wanted.
func (d *Datagram) startReading() {
	if d.closing {
		return
	}
	if err := d.socket.StartReading(); err != nil {
		d.fail(d, "Fatal error on transport", err)
	}
}

// Send sends p as one datagram, or queues it behind those that could not be sent yet. to is
// the zero Addr on a connected socket. An error is ErrLost, or what has ended
// the socket; what the system says of the datagram goes to the protocol.
func (d *Datagram) Send(p []byte, to sock.Addr) error {
	if d.lost > 0 {
		d.lost++
		return ErrLost
	}
	if d.queue.Len() == 0 {
		switch taken, err := d.socket.Send(p, to); {
		case err != nil:
			return d.sendFailed(err, to)
		case taken:
			return nil
		}
	}
	d.queue.Append(p, to)
	if d.await() {
		d.rose(d, d.Size())
	}
	return nil
}

// await sees to it that Writable comes. It reports false if that was the end.
func (d *Datagram) await() bool {
	if d.awaiting {
		return true
	}
	if err := d.socket.AwaitWritable(); err != nil {
		d.fail(d, writeDatagramFailed, err)
		return false
	}
	d.awaiting = true
	return true
}

// sendFailed makes of an error of the system's something that the protocol hears of, and
// of another one the end, which is returned.
func (d *Datagram) sendFailed(err error, to sock.Addr) error {
	if !errors.As(err, new(syscall.Errno)) {
		d.fail(d, writeDatagramFailed, err)
		return err
	}
	d.Failed(err, to)
	return nil
}

// Writable implements engine.DatagramHandler: what is queued goes, as far as it can.
func (d *Datagram) Writable() {
	d.awaiting = false
	if d.lost > 0 {
		return
	}
	returned := false
	defer func() { // should the protocol not return from what it is told
		if !returned {
			d.afterSent(true)
		}
	}()
	d.sendQueued()
	if d.lost == 0 {
		d.fell(d, d.Size()) // may send, close or abort
	}
	returned = true
	d.afterSent(false)
}

// sendMost is how many queued datagrams go in one pass at most, so that one whose way is
// free does not hold up the others.
const sendMost = 64

// sendQueued sends until nothing is left, or no more can be sent now, or is to be.
func (d *Datagram) sendQueued() {
	for range sendMost {
		p, to, ok := d.queue.First()
		if !ok {
			return
		}
		taken, err := d.socket.Send(p, to)
		switch {
		case err != nil:
			d.queue.Drop()
			_ = d.sendFailed(err, to) // it has ended the transport, and told
		case taken:
			d.queue.Drop()
			d.queue.Forward()
		default:
			return
		}
	}
}

// afterSent goes on when what could be sent was sent and the protocol knows it. exiting:
// a Goexit is under way, in which the protocol is told nothing more.
func (d *Datagram) afterSent(exiting bool) {
	switch {
	case d.lost > 0:
	case d.queue.Len() > 0:
		d.await()
	case d.closing && exiting:
		d.lost++
		d.outside.Later(StepLost, nil)
	case d.closing:
		d.lost++
		d.end(d, nil)
	}
}

// Unsent implements engine.DatagramHandler: what the system did not take goes before what
// was to be sent since.
func (d *Datagram) Unsent(p []byte, to sock.Addr) {
	if d.lost > 0 {
		return
	}
	d.queue.Return(p, to)
	if d.await() {
		d.rose(d, d.Size())
	}
}

// Received implements engine.DatagramHandler.
func (d *Datagram) Received(p []byte, from sock.Addr) {
	returned := false
	defer func() { // every message comes by here: recover is not called for nothing
		if !returned {
			d.notReturned("datagram_received", recover())
		}
	}()
	d.protocol.DatagramReceived(p, from)
	returned = true
}

// Truncated implements engine.DatagramHandler.
func (d *Datagram) Truncated(size int, from sock.Addr) {
	d.hears(func(p DatagramProtocol) { p.Truncated(size, from) })
}

// Failed implements engine.DatagramHandler.
func (d *Datagram) Failed(err error, to sock.Addr) {
	if d.lost == 0 {
		d.hears(func(p DatagramProtocol) { p.ErrorReceived(err, to) })
	}
}

// Broken implements engine.DatagramHandler.
func (d *Datagram) Broken(err error) {
	if d.lost == 0 {
		d.fail(d, "Fatal read error on datagram transport", err)
	}
}

// hears has the protocol told of an error.
func (d *Datagram) hears(call func(DatagramProtocol)) {
	returned := false
	defer func() {
		if !returned {
			d.notReturned("error_received", recover())
		}
	}()
	call(d.protocol)
	returned = true
}

// notReturned takes what a call of the protocol panicked with, nil if it left by Goexit,
// and tells of it.
func (d *Datagram) notReturned(call string, panicked any) {
	if exit := d.outside.Exited(panicked); !exit.Stops && !exit.Told {
		d.outside.Failed("protocol."+call+"() failed", exit.Reason, d.protocol)
	}
}

// base implements body.
func (d *Datagram) base() BaseProtocol {
	if d.protocol == nil {
		return nil
	}
	return d.protocol
}

// stop implements body.
func (d *Datagram) stop() { d.socket.StopReading() }

// unsent implements body.
func (d *Datagram) unsent() bool { return d.queue.Len() > 0 }

// drop implements body.
func (d *Datagram) drop() { d.queue.Clear() }

// free implements body.
func (d *Datagram) free() error {
	err := d.socket.Close()
	d.protocol = nil
	return err
}
