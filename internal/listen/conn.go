package listen

import (
	"github.com/go-asyncio/asyncio/internal/list"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Conn is a connection that was accepted and waits to be set up.
type Conn struct {
	place list.Node[Conn] // in waiting

	FD   uintptr
	Peer sock.Addr // what the system said when it accepted

	by      *Acceptor
	dropped bool
}

// Local is where the server listens.
func (c *Conn) Local() sock.Addr { return c.by.addr }

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
		c.by.outside.NotSetUp(c, protocol, err, closed)
	}()
	protocol, err = c.by.outside.SetUp(c)
	returned = true
	if err == nil && !c.dropped {
		c.by.waiting.list.Remove(&c.place)
	}
}

// Drop closes the connection, of which nobody has heard.
func (c *Conn) Drop() error {
	if c.dropped {
		return nil
	}
	c.dropped = true
	c.by.waiting.list.Remove(&c.place)
	err := c.by.sockets.Close(c.FD)
	c.by.outside.Dropped(c)
	return err
}

// Waiting has the connections that wait, of all servers of a loop, in the order in which
// they were accepted.
type Waiting struct{ list list.List[Conn] }

// First returns the one that waits longest, or nil.
func (w *Waiting) First() *Conn { return w.list.First() }

// Of lists the connections of a server.
func (w *Waiting) Of(outside Outside) []*Conn {
	var of []*Conn
	for c := range w.list.All() {
		if c.by.outside == outside {
			of = append(of, c)
		}
	}
	return of
}
