package streams

import (
	"runtime"

	"github.com/go-asyncio/asyncio"
)

// connection is all of a connection but what its users hold, in one piece of memory.
type connection struct {
	reading
	protocol StreamReaderProtocol
	line     line
}

// watch has the collector tell the connection when the reader is dropped, and its writer with
// it: not before whoever serves the connection has let go of it. Where nothing may depend on
// when the collector runs, it does not. mu is held.
func (r *StreamReader) watch() {
	if !r.watched && !r.kept && !asyncio.IsSimulated(r.protocol.loop) {
		r.watched = true
		runtime.AddCleanup(r, (*connection).dropped, r.connection)
	}
}

// letGo ends the time in which the protocol has kept the reader. A connection that the writer
// has closed needs nobody to tell that it was dropped.
func (r *StreamReader) letGo() {
	if r.protocol.isClosed() {
		return
	}
	r.mu.Lock()
	r.kept = false
	r.watch()
	r.mu.Unlock()
}

// dropped is told by the collector, once.
func (c *connection) dropped() {
	c.fate.Or(dropped)
	c.mu.Lock()
	written := c.line.flow != nil
	c.mu.Unlock()
	if written {
		c.line.dropped()
	}
}
