package listen

import (
	"sync"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/list"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Receiver is where connections come to: a server, and what its loop has for it.
type Receiver struct {
	Outside Outside
	Waiting *Waiting
	Sockets engine.Sockets
}

// Conn is a connection that was accepted and waits to be set up.
type Conn struct {
	place    list.Node[Conn] // in waiting, as one that arrives or one that is there
	arriving bool            // the former; guarded by waiting's lock

	FD   uintptr
	Peer sock.Addr // what the system said when it accepted

	at       *Receiver // whose it is
	local    sock.Addr
	assigned bool // it was handed over
	dropped  bool
}

// Local is where the server listens.
func (c *Conn) Local() sock.Addr { return c.local }

// Dropped reports whether the connection was given up.
func (c *Conn) Dropped() bool { return c.dropped }

// SetUp sets the connection up, if it still waits, or hands it over to the receiver that it
// is assigned to. All is in order again before anybody is told that it could not be done.
func (c *Conn) SetUp() {
	if c.dropped {
		return
	}
	var protocol any
	var err error
	over := false // or another loop's: then it is not touched any more
	defer func() {
		if over {
			return
		}
		at := c.at
		closed := c.Drop()
		at.Outside.NotSetUp(c, protocol, err, closed)
	}()
	if !c.assigned {
		var to *Receiver
		if to, err = c.at.Outside.Assign(); err != nil {
			return
		}
		if over = c.dropped || to != nil && c.handOver(to); over {
			return
		}
	}
	protocol, err = c.at.Outside.SetUp(c)
	if err == nil && !c.dropped {
		c.at.Waiting.list.Remove(&c.place)
	}
	over = err == nil
}

// handOver makes the connection another receiver's, of any loop. It stays what it was, and
// false is returned, if that one takes no more.
func (c *Conn) handOver(to *Receiver) bool {
	from := c.at
	if to.Sockets != from.Sockets || !to.Outside.Reserve() {
		return false
	}
	from.Waiting.list.Remove(&c.place)
	c.at, c.assigned = to, true
	if to.Waiting.put(c) {
		from.Outside.Dropped(c)
		return true
	}
	to.Outside.Dropped(c)
	c.at, c.assigned = from, false
	from.Waiting.list.PushBack(&c.place)
	return false
}

// Arrive is the step of the loop's that a connection was handed over to.
func (c *Conn) Arrive() {
	c.at.Waiting.take()
	c.SetUp()
}

// Drop closes the connection, of which nobody has heard.
func (c *Conn) Drop() error {
	if c.dropped {
		return nil
	}
	c.dropped = true
	c.at.Waiting.list.Remove(&c.place)
	err := c.at.Sockets.Close(c.FD)
	c.at.Outside.Dropped(c)
	return err
}

// Waiting has the connections that wait, of all servers of a loop, in the order in which
// they came.
type Waiting struct {
	list list.List[Conn]

	mu       sync.Mutex
	closed   bool
	arriving list.List[Conn] // those that other loops have handed over, until this one has taken them
}

// put has a connection of another loop's arrive here. It reports false if the loop is closed.
func (w *Waiting) put(c *Conn) bool {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return false
	}
	c.arriving = true
	w.arriving.PushBack(&c.place)
	w.mu.Unlock()
	if c.at.Outside.Arrives(c) {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !c.arriving {
		return true // the loop was closed meanwhile, and has dropped it
	}
	c.arriving = false
	w.arriving.Remove(&c.place)
	return false
}

// take takes those that arrive among those that wait.
func (w *Waiting) take() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := w.arriving.PopFront(); c != nil; c = w.arriving.PopFront() {
		c.arriving = false
		w.list.PushBack(&c.place)
	}
}

// Close has no more connections handed over to the loop. Those that were are there now.
func (w *Waiting) Close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.take()
}

// First returns the one that waits longest, or nil.
func (w *Waiting) First() *Conn { return w.list.First() }

// Of lists the connections of a server.
func (w *Waiting) Of(outside Outside) []*Conn {
	w.take()
	var of []*Conn
	for c := range w.list.All() {
		if c.at.Outside == outside {
			of = append(of, c)
		}
	}
	return of
}
