package simulated

import "github.com/go-asyncio/asyncio/internal/engine"

// watch is a socket that its user watches.
type watch struct {
	source
	to engine.Completer
	// seen is what was found and not told of: a direction that is added, or is another's from
	// now on, starts anew.
	seen engine.Mask
}

// Watch implements engine.Engine.
func (e *Engine) Watch(fd uintptr, mask engine.Mask, to engine.Completer) error {
	if err := e.lock(); err != nil {
		return err
	}
	defer e.unlock()
	s, err := e.host.socket(fd)
	switch {
	case err != nil && mask == 0:
		return nil
	case err != nil:
		return err
	case s.source == nil:
		if mask != 0 {
			w := &watch{to: to}
			w.source = source{e: e, s: s, fd: fd, n: w}
			s.source = &w.source
			w.wants(mask)
		}
		return nil
	}
	w, ok := s.source.n.(*watch)
	switch {
	case !ok:
		return &engine.UsedError{FD: fd, By: s.source.n.owner()}
	case mask == 0:
		w.gone()
	default:
		kept := w.want & mask
		if w.to != to {
			kept = 0
		}
		w.seen &= kept
		w.to = to
		w.wants(mask)
	}
	return nil
}

// Complete passes on what is still wanted.
func (w *watch) Complete(uint64) {
	if got := w.take(); got != 0 {
		w.to.Complete(uint64(got))
	}
}

func (w *watch) take() engine.Mask {
	n := w.e.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	got := w.seen & w.want
	w.seen = 0
	return got
}

func (w *watch) owner() any          { return nil }
func (w *watch) found(m engine.Mask) { w.seen = m }

// abandon leaves the descriptor to its user.
func (w *watch) abandon(*socket) { w.gone() }
