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
// it. Where nothing may depend on when the collector runs, it does not.
func (r *StreamReader) watch() {
	if !r.watched && !asyncio.IsSimulated(r.loop) {
		r.watched = true
		runtime.AddCleanup(r, (*connection).dropped, r.connection)
	}
}

// dropped is told by the collector, once.
func (c *connection) dropped() {
	c.fate.Or(dropped)
	c.line.dropped()
}
