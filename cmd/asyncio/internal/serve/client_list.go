package serve

// client is a connection in its worker's list.
type client struct {
	connection connection
	prev       *client
	after      *client
	cut        bool // it did not finish in time
}

// connection is what can be cut off: a transport, say.
type connection interface{ Abort() }

// clientList is a ring through root; a ring costs no allocation per client.
type clientList struct {
	root client
	n    int
}

func (l *clientList) first() *client { return l.next(&l.root) }

func (l *clientList) next(c *client) *client {
	if c.after == &l.root {
		return nil
	}
	return c.after
}

// enter counts a client in. Loop only.
func (w *worker) enter(c *client, of connection) {
	l := &w.clients
	if l.n == 0 {
		l.root.prev, l.root.after = &l.root, &l.root
	}
	c.connection = of
	c.prev, c.after = l.root.prev, &l.root
	c.prev.after, l.root.prev = c, c
	l.n++
	w.accepted++
}

// leave counts a client out, if it was ever in. Loop only.
func (w *worker) leave(c *client) {
	if c.prev == nil {
		return
	}
	c.prev.after, c.after.prev = c.after, c.prev
	w.clients.n--
}
