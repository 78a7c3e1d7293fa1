package listen

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Conn is a connection that was accepted and waits to be set up.
type Conn struct {
	FD    uintptr
	Peer  sock.Addr // what the system said when it accepted
	Local sock.Addr // where the server listens

	outside    Outside
	sockets    engine.Sockets
	dropped    bool
	list       *Waiting
	prev, next *Conn
}

// Dropped reports whether the connection was given up.
func (c *Conn) Dropped() bool { return c.dropped }

// SetUp sets the connection up, if it still waits. All is in order again before anybody is
// told that it could not be done.
func (c *Conn) SetUp() {
	if c.dropped {
		return
	}
	var protocol any
	var err error
	returned := false
	defer func() {
		if returned && err == nil {
			return
		}
		closed := c.Drop()
		c.outside.NotSetUp(c, protocol, err, closed)
	}()
	protocol, err = c.outside.SetUp(c)
	returned = true
	if err == nil && !c.dropped {
		c.list.remove(c)
	}
}

// Drop closes the connection, of which nobody has heard.
func (c *Conn) Drop() error {
	if c.dropped {
		return nil
	}
	c.dropped = true
	c.list.remove(c)
	err := c.sockets.Close(c.FD)
	c.outside.Dropped(c)
	return err
}

// Waiting has the connections that wait, of all servers of a loop, in the order in which
// they were accepted.
type Waiting struct{ first, last *Conn }

// First returns the one that waits longest, or nil.
func (w *Waiting) First() *Conn { return w.first }

// Of lists the connections of a server.
func (w *Waiting) Of(outside Outside) []*Conn {
	var list []*Conn
	for c := w.first; c != nil; c = c.next {
		if c.outside == outside {
			list = append(list, c)
		}
	}
	return list
}

// add enters a connection.
func (w *Waiting) add(c *Conn) {
	if c.prev = w.last; c.prev != nil {
		c.prev.next = c
	} else {
		w.first = c
	}
	w.last = c
}

// remove takes a connection out.
func (w *Waiting) remove(c *Conn) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		w.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		w.last = c.prev
	}
	c.prev, c.next = nil, nil
}
