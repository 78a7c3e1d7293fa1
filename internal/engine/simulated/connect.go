package simulated

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// connecting is a connection of an engine's being made.
type connecting struct {
	source
	done func(error)
}

// Connect implements engine.Engine.
func (e *Engine) Connect(fd uintptr, addr sock.Addr, done func(error)) (func(), error) {
	c := &connecting{done: done}
	if err := e.lock(); err != nil {
		return nil, err
	}
	err := e.claim(fd, c, &c.source)
	if err == nil {
		switch err = c.s.connectTo(addr); err {
		case errInProgress:
			c.wants(engine.Write)
			e.unlock()
			return c.cancel, nil
		default:
			c.gone()
		}
	}
	e.unlock()
	if err != nil {
		return nil, err
	}
	done(nil)
	return func() {}, nil
}

// Complete asks how it went.
func (c *connecting) Complete(uint64) {
	if c.lock() != nil {
		return
	}
	err := c.s.connecting()
	if err == errInProgress {
		c.e.unlock()
		return
	}
	done := c.done
	c.gone()
	c.e.unlock()
	c.done = nil
	done(err)
}

// cancel forgets the attempt and leaves the descriptor to its user.
func (c *connecting) cancel() {
	n := c.e.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	c.gone()
	c.done = nil
}

func (c *connecting) owner() any        { return "being connected" }
func (c *connecting) found(engine.Mask) {}
func (c *connecting) abandon(*socket)   { c.gone() }
