package child

import "github.com/go-asyncio/asyncio/internal/engine"

// watch is how the end of a child comes to its loop.
type watch struct {
	p     *Process
	eng   engine.Engine
	post  func(to engine.Completer, ev uint64) bool
	ended func(Status) // nil: nobody is told any more

	fd       uintptr // what the engine watches,
	watching bool    // if it does
	waiter   waiter  // else who waits
}

// begin begins to watch. A descriptor is the engine's to watch if it can; if not, somebody
// waits.
func (w *watch) begin() error {
	if fd, ok := w.p.sys.descriptor(); ok && w.eng.Watch(fd, engine.Read, w) == nil {
		w.fd, w.watching = fd, true
		return nil
	}
	return w.waiter.begin(w.p, func() { w.post(w, 0) })
}

// Complete implements engine.Completer: the child has ended, or somebody thinks so.
func (w *watch) Complete(uint64) {
	how, ended := w.p.Reap()
	if !ended || w.ended == nil {
		return
	}
	told := w.ended
	w.end()
	told(how)
}

// end ends the watch.
func (w *watch) end() {
	w.ended = nil
	if w.watching {
		w.watching = false
		_ = w.eng.Watch(w.fd, 0, nil) // a closed engine watches nothing
	}
	w.waiter.end()
}
