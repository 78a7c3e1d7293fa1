package completion

import (
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// connecting is a connection being made.
type connecting struct {
	e    *Engine
	fd   uintptr
	op   proactors.Operation
	done func(error)
}

// Connect implements engine.Engine.
func (e *Engine) Connect(fd uintptr, addr sock.Addr, done func(error)) (func(), error) {
	c := &connecting{e: e, fd: fd, done: done}
	c.op.To = c
	if err := e.claim(fd, c); err != nil {
		return nil, err
	}
	raw := new(sock.RawAddr)
	n := addr.Encode(raw)
	if err := e.submit(&c.op, proactors.Request{Kind: proactors.Connect, FD: fd, Addr: raw.B[:n]}); err != nil {
		c.abandon()
		return nil, err
	}
	return c.abandon, nil
}

// Complete says how it went.
func (c *connecting) Complete(ev uint64) {
	if c.done == nil {
		return
	}
	done := c.done
	c.abandon()
	done(proactors.FromEv(ev).Err())
}

func (c *connecting) owner() any { return "being connected" }

func (c *connecting) interest() engine.Mask { return engine.Write }

// abandon forgets the attempt and leaves the descriptor to its user.
func (c *connecting) abandon() {
	if c.done == nil {
		return
	}
	c.done = nil
	c.e.forget(c.fd)
	if c.op.InFlight() {
		c.e.p.Cancel(&c.op)
		_ = c.e.p.Flush() // the next Wait would tell
	}
}
