package main

import (
	"fmt"

	"github.com/go-asyncio/asyncio"
)

const (
	least  = 4 << 10  // bytes of a connection's memory for what comes
	answer = 64 << 10 // bytes of answers that are sent at once
)

// conn is one client. What has come and was not worked on yet stands at in[from:to].
type conn struct {
	asyncio.BaseProtocol
	store    *store
	t        asyncio.Transport
	in       []byte
	from, to int
	args     [][]byte
	out      []byte // answers that were not sent yet
	paused   bool   // the client does not read: no more answers now
	quit     bool
}

func (c *conn) ConnectionMade(t asyncio.Transport) { c.t = t }

// GetBuffer returns room for what comes next: behind a command of which only a part has come, or
// at the beginning. It is asked for before anything is there, so it must not be shared.
func (c *conn) GetBuffer(int) []byte {
	if c.from == c.to {
		c.from, c.to = 0, 0
		if len(c.in) > least {
			c.in = nil // a large command was the exception
		}
	}
	if c.in == nil {
		c.in = make([]byte, least)
	}
	if c.from > 0 { // no command is moved twice: what is behind it was not there
		c.to = copy(c.in, c.in[c.from:c.to])
		c.from = 0
	}
	if c.to == len(c.in) {
		c.in = append(c.in, make([]byte, len(c.in))...)
	}
	return c.in[c.to:]
}

// BufferUpdated works on what has come.
func (c *conn) BufferUpdated(n int) {
	c.to += n
	c.work()
}

// work executes the commands that are there, as far as the client reads the answers. It stops
// early because a short command can have a long answer.
func (c *conn) work() {
	for c.from < c.to && !c.paused && !c.quit {
		args, used, err := parse(c.in[c.from:c.to], c.args[:0])
		if err != nil {
			c.out = fmt.Appendf(c.out, "-ERR Protocol error: %v\r\n", err)
			c.quit = true
			break
		}
		if used == 0 {
			break
		}
		c.from += used
		c.args = args
		if len(args) > 0 {
			c.out, c.quit = c.store.execute(c.out, args)
		}
		if len(c.out) >= answer {
			c.flush()
		}
	}
	c.flush()
	if c.quit {
		_ = c.t.Close() // sends the answers
	}
}

// flush sends the answers. A write may find that the client does not read: PauseWriting comes
// before it returns.
func (c *conn) flush() {
	if len(c.out) == 0 {
		return
	}
	_, _ = c.t.Write(c.out) // an error ends the connection, and ConnectionLost says so
	if c.out = c.out[:0]; cap(c.out) > 2*answer {
		c.out = nil
	}
}

// PauseWriting stops the work, and what comes.
func (c *conn) PauseWriting() {
	c.paused = true
	_ = c.t.PauseReading() // refused only on a connection that is closing
}

// ResumeWriting goes on with both.
func (c *conn) ResumeWriting() {
	c.paused = false
	if c.work(); !c.paused && !c.quit {
		_ = c.t.ResumeReading()
	}
}
