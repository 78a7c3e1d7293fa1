package completion

import (
	"errors"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/datagrams"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// datagram is a datagram socket over completion.
//
// It has a ReceiveFrom in flight, which lends the proactor's memory to the handler. Where
// that cannot bring what is to be known (how the system has put datagrams together) or
// has no room, and where a proactor has no such operation, the socket is polled, and then
// read by ordinary calls. So is one of which the system has queued an error: as long as one
// is queued the socket is ready, and the operation would find nothing time after time.
type datagram struct {
	datagrams.Socket
	e        *Engine
	recv     proactors.Operation
	write    proactors.Operation // sends one that had to wait, or waits for room
	out      []byte              // what it sends
	to       sock.Addr           // and where
	name     sock.RawAddr        // the same for the system
	polled   bool
	sending  bool // write sends
	awaiting bool // the handler is to be told by Writable
}

// Datagram implements engine.Engine.
func (e *Engine) Datagram(fd uintptr, h engine.DatagramHandler, o engine.DatagramOptions) (engine.Datagram, error) {
	d := &datagram{e: e, polled: o.Coalesced || o.MaxSize > proactors.DatagramSize}
	if err := e.claim(fd, d); err != nil {
		return nil, err
	}
	if e.mail == nil {
		e.mail = newMail(e)
	}
	if err := d.Init(e.mail.Room, fd, h, o); err != nil {
		e.forget(fd)
		return nil, err
	}
	system.Hold(fd)
	d.recv.To, d.write.To = (*arrival)(d), (*departure)(d)
	return d, nil
}

// arrival is the socket as what hears of receiving, departure of sending, and room as what
// hears that it is told that there is some.
type (
	arrival   datagram
	departure datagram
	room      datagram
)

// Complete tells of a datagram, or receives what is there.
func (a *arrival) Complete(ev uint64) {
	d, c := (*datagram)(a), proactors.FromEv(ev)
	e := d.e
	if e.lent != 0 || e.now.s != nil {
		e.over()
	}
	e.mail.Rest()
	d.look()
	if c.Flags&proactors.Lent != 0 {
		if c.Flags&proactors.More == 0 {
			d.goOn()
		}
		d.arrived(c, ev)
		return
	}
	switch {
	case d.Closed() || c.Cancelled() && !d.Reading():
	case c.N < 0 && !c.Cancelled():
		goesOn := d.ReceiveFailed(c.Err())
		d.look()
		if goesOn {
			d.goOn()
		}
	case d.polled && c.N > 0:
		d.goOn()
		if d.Reading() {
			d.Receive()
		}
	default:
		d.goOn()
	}
}

// arrived tells of a datagram that is lent.
func (d *datagram) arrived(c proactors.Completion, ev uint64) {
	e := d.e
	if d.Closed() {
		e.p.Release(c)
		return
	}
	e.lent = ev
	if !d.Reading() { // and until somebody reads the system is to keep them
		e.p.Cancel(&d.recv)
	}
	from, size := e.p.Envelope(c)
	d.Deliver(e.p.Memory(c), sock.Decode(from), c.Flags&proactors.Short != 0, size)
	if e.lent != 0 {
		e.lent = 0
		e.p.Release(c)
	}
}

// look has the socket polled from now on if the system has queued an error.
func (d *datagram) look() {
	if d.Suspected() && !d.polled && !d.Closed() {
		d.polled = true
		d.e.p.Cancel(&d.recv) // goOn goes on
	}
}

// goOn begins to receive again, if that is wanted.
func (d *datagram) goOn() {
	if !d.Reading() {
		return
	}
	if err := d.arm(); err != nil {
		d.Break(err)
	}
}

// arm begins to receive.
func (d *datagram) arm() error {
	if d.recv.InFlight() {
		return nil
	}
	if !d.polled {
		err := d.e.submit(&d.recv, proactors.Request{Kind: proactors.ReceiveFrom, FD: d.FD()})
		if !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		d.polled = true
	}
	return d.e.submit(&d.recv, proactors.Request{Kind: proactors.Poll, FD: d.FD(), Mask: proactors.Readable})
}

// StartReading implements engine.Datagram.
func (d *datagram) StartReading() error {
	if d.Closed() || d.e.closed {
		return engine.ErrClosed
	}
	if err := d.arm(); err != nil {
		return err
	}
	d.Start()
	return nil
}

// Send implements engine.Datagram. One that the system has no room for waits as an
// operation, and until it is gone all others are refused.
func (d *datagram) Send(p []byte, to sock.Addr) (bool, error) {
	if d.Closed() || d.e.closed {
		return false, engine.ErrClosed
	}
	if d.sending {
		return false, nil
	}
	sent, err := d.Socket.Send(p, to)
	if d.Suspected() {
		d.look()
	}
	if sent != datagrams.Wait {
		return true, err
	}
	// Of a unix socket the system knows only when it is told whose queue is full.
	return d.Inet() && !d.Returning() && !d.write.InFlight() && d.sendLater(p, to), nil
}

// sendLater has an operation send a datagram.
func (d *datagram) sendLater(p []byte, to sock.Addr) bool {
	d.out, d.to = append(d.out[:0], p...), to
	r := proactors.Request{Kind: proactors.SendTo, FD: d.FD(), Bufs: [][]byte{d.out}, Addr: d.name.B[:to.Encode(&d.name)]}
	d.sending = d.e.submit(&d.write, r) == nil
	return d.sending
}

// Complete says that there is room.
func (w *departure) Complete(ev uint64) {
	d := (*datagram)(w)
	if d.Closed() {
		return
	}
	if c := proactors.FromEv(ev); d.sending {
		d.sending = false
		if err := c.Err(); err != nil && !c.Cancelled() {
			d.Report(err, d.to)
		}
	}
	(*room)(d).Complete(0)
}

// Complete tells that it is worth while to send.
func (w *room) Complete(uint64) {
	d := (*datagram)(w)
	switch {
	case !d.awaiting:
	case d.Returning(): // which comes first
		d.e.later(w)
	default:
		d.awaiting = false
		d.Handler().Writable()
	}
}

// AwaitWritable implements engine.Datagram.
func (d *datagram) AwaitWritable() error {
	if d.Closed() || d.e.closed {
		return engine.ErrClosed
	}
	if !d.write.InFlight() {
		r := proactors.Request{Kind: proactors.Poll, FD: d.FD(), Mask: proactors.Writable}
		if err := d.e.submit(&d.write, r); err != nil {
			return err
		}
	}
	d.awaiting = true
	return nil
}

// Close implements engine.Datagram.
func (d *datagram) Close() error {
	if d.Closed() {
		return nil
	}
	d.awaiting = false
	d.Shut()
	if !d.e.closed {
		d.e.p.Cancel(&d.recv)
		d.e.p.Cancel(&d.write)
		d.e.forget(d.FD())
	}
	return d.e.closeNow(d.FD())
}

func (d *datagram) owner() any { return d.Handler() }

func (d *datagram) interest() (m engine.Mask) {
	if d.Reading() {
		m |= engine.Read
	}
	if d.awaiting || d.sending {
		m |= engine.Write
	}
	return m
}

func (d *datagram) abandon() { _ = d.Close() }
