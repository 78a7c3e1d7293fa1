package readiness

import (
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/system"
)

// maskBits is where, in the Ev of a watch's event, the mask ends and the number
// of the Poll that found it begins.
const maskBits = 8

// watch is a descriptor of a user's.
type watch struct {
	source
	mask engine.Mask
	to   engine.Completer
	// since is, for each direction, the Poll that was the last one when it
	// was added: what that Poll or one before it found is not for it.
	since [2]uint64
}

// Watch implements engine.Engine.
func (e *Engine) Watch(fd uintptr, mask engine.Mask, to engine.Completer) error {
	if e.closed {
		return engine.ErrClosed
	}
	switch n := e.nodes.Get(fd).(type) {
	case nil:
		if mask == 0 {
			return nil
		}
		w := &watch{source: source{e: e, fd: fd}}
		w.become(mask, to)
		if err := w.want(mask, w); err != nil {
			return fmt.Errorf("engine: watch descriptor %d: %w", fd, err)
		}
		e.nodes.Set(fd, w)
		system.Watch(fd)
		return nil
	case *watch:
		if mask == 0 {
			n.remove()
			return nil
		}
		return n.replace(mask, to)
	default:
		return &engine.UsedError{FD: fd, By: n.owner()}
	}
}

// replace turns the watch into another one of the same descriptor. If it
// fails the watch is gone.
func (w *watch) replace(mask engine.Mask, to engine.Completer) error {
	same := mask == w.reg
	w.become(mask, to)
	if !same && w.want(mask, w) == nil {
		return nil
	}
	// With the mask unchanged, or refused, the number may be that of another
	// descriptor than before, which the selector does not know yet: the old
	// one was closed while it was watched.
	_ = w.want(0, w)
	if err := w.want(mask, w); err != nil {
		w.remove()
		return fmt.Errorf("engine: watch descriptor %d: %w", w.fd, err)
	}
	return nil
}

// become sets what is watched for whom, and from which Poll on.
func (w *watch) become(mask engine.Mask, to engine.Completer) {
	kept := w.mask
	if w.to != to {
		kept = 0
	}
	for i, bit := range [...]engine.Mask{engine.Read, engine.Write} {
		if mask&bit != 0 && kept&bit == 0 {
			w.since[i] = w.e.polls
		}
	}
	w.mask, w.to = mask, to
}

// Complete passes on what is still wanted.
func (w *watch) Complete(ev uint64) {
	got, poll := engine.Mask(ev)&w.mask, ev>>maskBits
	for i, bit := range [...]engine.Mask{engine.Read, engine.Write} {
		if poll <= w.since[i] {
			got &^= bit
		}
	}
	if got != 0 {
		w.to.Complete(uint64(got))
	}
}

func (w *watch) remove() {
	w.mask, w.to = 0, nil
	if !w.closed {
		system.Unwatch(w.fd)
	}
	w.release()
}

func (w *watch) owner() any { return nil }

// abandon leaves the descriptor to its user.
func (w *watch) abandon() { w.remove() }
