package completion

import (
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
	"github.com/go-asyncio/asyncio/proactors"
)

// watch is a descriptor of a user's.
type watch struct {
	e    *Engine
	fd   uintptr
	mask engine.Mask
	to   engine.Completer
	op   *watchOp
}

// watchOp is one wait for readiness. When its watch wants it no more it lives on
// until its completion has come.
type watchOp struct {
	op   proactors.Operation
	w    *watch // nil: nobody's any more
	of   *watch // whose it was last
	e    *Engine
	mask engine.Mask // which directions of its result count
}

// Watch implements engine.Engine.
func (e *Engine) Watch(fd uintptr, mask engine.Mask, to engine.Completer) error {
	if e.closed {
		return engine.ErrClosed
	}
	w, _ := e.nodes.Get(fd).(*watch)
	if n := e.nodes.Get(fd); n != nil && w == nil {
		return &engine.UsedError{FD: fd, By: n.owner()}
	}
	if mask == 0 {
		if w != nil {
			w.remove()
		}
		return nil
	}
	if err := e.watchable(fd); err != nil {
		if w != nil {
			w.remove()
		}
		return fmt.Errorf("engine: watch descriptor %d: %w", fd, err)
	}
	if w == nil {
		w = &watch{e: e, fd: fd, to: to}
		e.nodes.Set(fd, w)
		system.Watch(fd)
	}
	if err := w.become(mask, to); err != nil {
		w.remove()
		return fmt.Errorf("engine: watch descriptor %d: %w", fd, err)
	}
	return nil
}

func (e *Engine) watchable(fd uintptr) error {
	if err := checkDescriptor(fd); err != nil {
		return err
	}
	return e.p.Attach(fd)
}

// become sets what is watched for whom. What was found already for the same one
// stays; what is still being waited for is waited for anew, for the number may be
// that of another descriptor than before: the old one was closed while it was
// watched.
func (w *watch) become(mask engine.Mask, to engine.Completer) error {
	same := w.to == to
	w.mask, w.to = mask, to
	if o := w.op; o != nil && same && !o.op.InFlight() && o.mask&mask != 0 {
		o.mask &= mask // and Complete waits for all of it
		return nil
	}
	w.drop()
	o := w.e.watchOp()
	o.w, o.of, w.op = w, w, o
	return o.arm()
}

func (e *Engine) watchOp() *watchOp {
	if n := len(e.spare); n > 0 {
		o := e.spare[n-1]
		e.spare = e.spare[:n-1]
		return o
	}
	o := &watchOp{e: e}
	o.op.To = o
	return o
}

func (o *watchOp) arm() error {
	o.mask = o.w.mask
	return o.e.submit(&o.op, proactors.Request{Kind: proactors.Poll, FD: o.w.fd, Mask: proactors.Mask(o.mask)})
}

// drop ends the wait.
func (w *watch) drop() {
	if o := w.op; o != nil {
		w.op = nil
		o.w = nil
		w.e.p.Cancel(&o.op)
	}
}

// Complete passes on that the descriptor is ready.
func (o *watchOp) Complete(ev uint64) {
	w := o.w
	if w == nil {
		o.of = nil
		o.e.spare = append(o.e.spare, o)
		return
	}
	got := o.mask
	if c := proactors.FromEv(ev); c.N >= 0 {
		got &= engine.Mask(c.N)
		if err := o.arm(); err != nil {
			w.drop()
		}
	}
	// A descriptor that cannot be waited for any more is told of once, as ready:
	// what its user tries will tell the reason.
	if got != 0 {
		w.to.Complete(uint64(got))
	}
}

// Handler implements engine.Telling, for what is called though it is no user's: a pipe. It may
// have asked for another wait when it was.
func (o *watchOp) Handler() any {
	if o.of != nil {
		if t, ok := o.of.to.(engine.Telling); ok {
			return t.Handler()
		}
	}
	return nil
}

func (w *watch) remove() {
	w.drop()
	w.to = nil
	if !w.e.closed && w.e.nodes.Get(w.fd) == node(w) {
		w.e.forget(w.fd)
		system.Unwatch(w.fd)
	}
}

func (w *watch) owner() any { return nil }

func (w *watch) interest() engine.Mask { return w.mask }

// abandon leaves the descriptor to its user.
func (w *watch) abandon() { w.remove() }
