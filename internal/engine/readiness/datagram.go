package readiness

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/datagrams"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// datagram is a datagram socket over readiness.
type datagram struct {
	source
	datagrams.Socket
	awaiting bool // that it becomes writable
}

// Datagram implements engine.Engine.
func (e *Engine) Datagram(fd uintptr, h engine.DatagramHandler, o engine.DatagramOptions) (engine.Datagram, error) {
	d := &datagram{source: source{e: e, fd: fd}}
	if err := e.claim(fd, d); err != nil {
		return nil, err
	}
	if e.mail == nil {
		e.mail = datagrams.NewRoom(e.later)
	}
	if err := d.Init(e.mail, fd, h, o); err != nil {
		d.release()
		return nil, err
	}
	system.Hold(fd)
	return d, nil
}

// Complete uses readiness, or notes that nobody wants it.
func (d *datagram) Complete(ev uint64) {
	idle := false
	if ev&uint64(engine.Read) != 0 {
		if d.Reading() {
			d.Receive()
		} else {
			idle = true
		}
	}
	if ev&uint64(engine.Write) != 0 {
		if d.awaiting && !d.Returning() {
			d.awaiting = false
			d.Handler().Writable()
		}
		idle = idle || !d.awaiting
	}
	if idle {
		_ = d.settle()
	}
}

// settle registers the socket for exactly what is wanted now.
func (d *datagram) settle() error {
	var mask engine.Mask
	if d.Reading() {
		mask |= engine.Read
	}
	if d.awaiting {
		mask |= engine.Write
	}
	return d.want(mask, d)
}

// StartReading implements engine.Datagram.
func (d *datagram) StartReading() error {
	if d.closed {
		return engine.ErrClosed
	}
	d.Start()
	if d.reg&engine.Read != 0 {
		return nil
	}
	err := d.settle()
	if err != nil {
		d.StopReading()
	}
	return err
}

// Send implements engine.Datagram.
func (d *datagram) Send(p []byte, to sock.Addr) (bool, error) {
	if d.closed {
		return false, engine.ErrClosed
	}
	sent, err := d.Socket.Send(p, to)
	return sent != datagrams.Wait, err
}

// AwaitWritable implements engine.Datagram.
func (d *datagram) AwaitWritable() error {
	if d.closed {
		return engine.ErrClosed
	}
	d.awaiting = true
	if d.reg&engine.Write != 0 {
		return nil
	}
	err := d.settle()
	if err != nil {
		d.awaiting = false
	}
	return err
}

// Close implements engine.Datagram.
func (d *datagram) Close() error {
	if d.closed {
		return nil
	}
	d.awaiting = false
	d.release()
	d.Shut()
	return system.Sockets{}.Close(d.fd)
}

// FD implements engine.Datagram.
func (d *datagram) FD() uintptr { return d.fd }

func (d *datagram) owner() any { return d.Handler() }

func (d *datagram) abandon() { _ = d.Close() }
