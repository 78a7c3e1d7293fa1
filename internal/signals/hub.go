package signals

import (
	"errors"
	"os"
	"slices"
	"sync"
	"syscall"
)

// room is how many signals wait for the hub's goroutine, which does nothing but pass
// them on. What comes to a full channel os/signal drops.
const room = 256

// hub passes on signals. Its goroutine has all that is below mu, as long as it runs.
type hub struct {
	system system

	mu      sync.Mutex // held by who has something changed, until it is
	changes chan func()
	ended   chan struct{} // closed by the goroutine at its end

	came  chan os.Signal
	wants map[syscall.Signal]*want
}

// want is who hears of a signal.
type want struct {
	added, fallbacks []Receiver
	ignored          bool // before anybody was added
}

// who returns those that hear of the signal now.
func (w *want) who() []Receiver {
	if len(w.added) > 0 {
		return w.added
	}
	return w.fallbacks
}

// change has f run while no signal is being told of.
func (h *hub) change(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended == nil {
		h.changes, h.ended = make(chan func()), make(chan struct{})
		h.came, h.wants = make(chan os.Signal, room), map[syscall.Signal]*want{}
		go h.run()
	}
	over := false
	done := make(chan struct{})
	h.changes <- func() {
		f()
		over = len(h.wants) == 0
		close(done)
	}
	<-done
	if over {
		close(h.changes)
		<-h.ended
		h.changes, h.ended, h.came, h.wants = nil, nil, nil, nil
	}
}

// run is the hub's goroutine.
func (h *hub) run() {
	defer close(h.ended)
	for {
		select {
		case sig := <-h.came:
			h.tell(sig)
		case f, more := <-h.changes:
			if !more {
				return
			}
			f()
		}
	}
}

// tell passes a signal on. One that nobody wants any more is dropped.
func (h *hub) tell(sig os.Signal) {
	s := sig.(syscall.Signal)
	if w := h.wants[s]; w != nil {
		for _, r := range w.who() {
			r.Signal(s)
		}
	}
}

// pending takes what waits in a channel.
func pending(c <-chan os.Signal) (all []os.Signal) {
	for range len(c) {
		all = append(all, <-c)
	}
	return all
}

// add enters a receiver.
func (h *hub) add(sig os.Signal, r Receiver, fallback bool) error {
	s, err := number(sig)
	if err != nil {
		return err
	}
	h.change(func() {
		w := h.wants[s]
		if w == nil {
			w = &want{ignored: h.system.Ignored(s)}
			if err = h.system.Notify(h.came, s); err != nil {
				return
			}
			h.wants[s] = w
		}
		if fallback {
			w.fallbacks = append(w.fallbacks, r)
		} else {
			w.added = append(w.added, r)
		}
	})
	if errors.Is(err, syscall.EINVAL) {
		err = ErrUncatchable
	}
	return err
}

// remove takes a receiver out, and the signal back if it was the last one.
func (h *hub) remove(sig os.Signal, r Receiver) (had bool, err error) {
	s, err := number(sig)
	if err != nil {
		return false, err
	}
	h.change(func() {
		w := h.wants[s]
		if w == nil {
			return
		}
		list := &w.added
		if !slices.Contains(*list, r) {
			list = &w.fallbacks
		}
		i := slices.Index(*list, r)
		if had = i >= 0; !had {
			return
		}
		if len(w.added)+len(w.fallbacks) == 1 {
			if err = h.giveBack(s, w.ignored); err == nil {
				delete(h.wants, s)
			}
			return
		}
		for _, sig := range pending(h.came) { // what came before it hears of
			h.tell(sig)
		}
		*list = slices.Delete(*list, i, i+1)
	})
	return had && err == nil, err
}

// giveBack has what held before the hub hold for a signal again, and tells of what
// came until then.
//
// A channel gives up all of its signals or none. The others of the hub's get a new one first,
// so that none of them falls to the system's default meanwhile; what comes until the old
// one is stopped is in both, and told once.
func (h *hub) giveBack(s syscall.Signal, ignored bool) error {
	if ignored {
		h.system.Ignore(s)
		for _, sig := range pending(h.came) {
			h.tell(sig)
		}
		return nil
	}
	next := make(chan os.Signal, room)
	for other := range h.wants {
		if other == s {
			continue
		}
		if err := h.system.Notify(next, other); err != nil {
			h.system.Stop(next)
			return err
		}
	}
	h.system.Stop(h.came)
	old, after := pending(h.came), pending(next)
	h.came = next
	for _, sig := range old {
		h.tell(sig)
	}
	old = slices.DeleteFunc(old, func(sig os.Signal) bool { return sig == s })
	for _, sig := range after[overlap(old, after):] {
		h.tell(sig)
	}
	return nil
}

// overlap is how many signals at the beginning of after are those at the end of old. If
// there were more of the same kind than that, one that is told of stands for two: as
// for the system when it merges them, all came before it is told of.
func overlap(old, after []os.Signal) int {
	for n := min(len(old), len(after)); n > 0; n-- {
		if slices.Equal(old[len(old)-n:], after[:n]) {
			return n
		}
	}
	return 0
}

// ignored is Ignored.
func (h *hub) ignored(sig os.Signal) (is bool) {
	s, err := number(sig)
	if err != nil {
		return false
	}
	h.change(func() {
		if w := h.wants[s]; w != nil {
			is = w.ignored
		} else {
			is = h.system.Ignored(s)
		}
	})
	return is
}
