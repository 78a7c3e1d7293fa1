package completion

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/datagrams"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// datagram is a datagram socket over completion.
type datagram struct {
	datagrams.Socket
	e        *Engine
	fd       uintptr
	recv     proactors.Operation
	write    proactors.Operation
	awaiting bool // that it becomes writable
}

// Datagram implements engine.Engine.
func (e *Engine) Datagram(fd uintptr, h engine.DatagramHandler, o engine.DatagramOptions) (engine.Datagram, error) {
	d := &datagram{e: e, fd: fd}
	if err := e.claim(fd, d); err != nil {
		return nil, err
	}
	system.Hold(fd)
	d.recv.To, d.write.To = (*arrival)(d), (*writability)(d)
	if e.mail == nil {
		e.mail = datagrams.NewRoom(e.later)
	}
	d.Init(e.mail, fd, h, o)
	return d, nil
}

// arrival is the socket as what hears that there is something to receive, writability
// that it can send.
type (
	arrival     datagram
	writability datagram
)

// Complete receives what is there.
func (a *arrival) Complete(ev uint64) {
	d := (*datagram)(a)
	if !d.Reading() {
		return
	}
	if c := proactors.FromEv(ev); c.N < 0 && !c.Cancelled() {
		d.Break(c.Err())
		return
	}
	if err := d.arm(); err != nil {
		d.Break(err)
		return
	}
	d.Receive()
}

// Complete tells that it can send.
func (w *writability) Complete(uint64) {
	d := (*datagram)(w)
	if !d.awaiting {
		return
	}
	d.awaiting = false
	d.Handler().Writable()
}

// arm begins to wait for something to receive.
func (d *datagram) arm() error {
	if d.recv.InFlight() {
		return nil
	}
	return d.e.submit(&d.recv, proactors.Request{Kind: proactors.Poll, FD: d.fd, Mask: proactors.Readable})
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

// Send implements engine.Datagram.
func (d *datagram) Send(p []byte, to sock.Addr) (bool, error) {
	if d.Closed() || d.e.closed {
		return false, engine.ErrClosed
	}
	return d.Socket.Send(p, to)
}

// AwaitWritable implements engine.Datagram.
func (d *datagram) AwaitWritable() error {
	if d.Closed() || d.e.closed {
		return engine.ErrClosed
	}
	if !d.write.InFlight() {
		if err := d.e.submit(&d.write, proactors.Request{Kind: proactors.Poll, FD: d.fd, Mask: proactors.Writable}); err != nil {
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
		delete(d.e.nodes, d.fd)
	}
	return d.e.closeNow(d.fd)
}

func (d *datagram) owner() any { return d.Handler() }

func (d *datagram) interest() (m engine.Mask) {
	if d.Reading() {
		m |= engine.Read
	}
	if d.awaiting {
		m |= engine.Write
	}
	return m
}

func (d *datagram) abandon() { _ = d.Close() }
