package readiness

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// connecting is a connection being made.
type connecting struct {
	source
	done func(error)
}

// Connect implements engine.Engine.
func (e *Engine) Connect(fd uintptr, addr sock.Addr, done func(error)) (func(), error) {
	c := &connecting{source: source{e: e, fd: fd}, done: done}
	if err := e.claim(fd, c); err != nil {
		return nil, err
	}
	err := sock.Connect(fd, addr)
	switch {
	case err == nil:
		c.end(nil)
		return func() {}, nil
	case sock.InProgress(err):
		if err = c.want(engine.Write, c); err == nil {
			return c.abandon, nil
		}
	}
	c.abandon()
	return nil, err
}

// Complete asks how it went.
func (c *connecting) Complete(uint64) {
	if c.closed {
		return
	}
	err := sock.ConnectError(c.fd)
	if err != nil && sock.InProgress(err) {
		return
	}
	c.end(err)
}

func (c *connecting) end(err error) {
	done := c.done
	c.abandon()
	done(err)
}

func (c *connecting) owner() any { return "being connected" }

// abandon forgets the attempt and leaves the descriptor to its user.
func (c *connecting) abandon() {
	c.release()
	c.done = nil
}
