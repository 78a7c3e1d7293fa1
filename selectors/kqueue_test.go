package selectors

import (
	"errors"
	"reflect"
	"syscall"
	"testing"
	"time"
)

// scriptedKqueue answers as a test tells it to and keeps what it was asked.
type scriptedKqueue struct {
	t       *testing.T
	applied [][]kevent
	answers []error // to apply, in order; none left: nil
	waits   []time.Duration
	brings  []kqueueAnswer // to wait, in order; none left: nothing
	closed  int
	onClose error
}

type kqueueAnswer struct {
	events []kevent
	err    error
	takes  time.Duration
}

func (k *scriptedKqueue) apply(changes []kevent) error {
	k.applied = append(k.applied, append([]kevent(nil), changes...))
	if len(k.answers) == 0 {
		return nil
	}
	err := k.answers[0]
	k.answers = k.answers[1:]
	return err
}

func (k *scriptedKqueue) wait(events []kevent, limit time.Duration) (int, error) {
	k.waits = append(k.waits, limit)
	if len(k.brings) == 0 {
		return 0, nil
	}
	a := k.brings[0]
	k.brings = k.brings[1:]
	for start := time.Now(); time.Since(start) < a.takes; {
	}
	return copy(events, a.events), a.err
}

func (k *scriptedKqueue) fd() uintptr { return 77 }

func (k *scriptedKqueue) close() error {
	k.closed++
	return k.onClose
}

// took returns what was applied since the last call.
func (k *scriptedKqueue) took() [][]kevent {
	applied := k.applied
	k.applied = nil
	return applied
}

func newScriptedKqueue(t *testing.T) (*KqueueSelector, *scriptedKqueue) {
	t.Parallel()
	k := &scriptedKqueue{t: t}
	s := newKqueueSelector(k)
	t.Cleanup(func() { s.Close() })
	return s, k
}

func addFilter(fd uintptr, f kfilter) kevent { return kevent{fd: fd, filter: f, flags: keventAdd} }
func deleteFilter(fd uintptr, f kfilter) kevent {
	return kevent{fd: fd, filter: f, flags: keventDelete}
}

func wantApplied(t *testing.T, k *scriptedKqueue, want ...[]kevent) {
	t.Helper()
	if got := k.took(); !reflect.DeepEqual(got, want) {
		t.Errorf("applied\n got %v\nwant %v", got, want)
	}
}

func must(t *testing.T) func(*SelectorKey, error) *SelectorKey {
	return func(key *SelectorKey, err error) *SelectorKey {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
}

func TestKqueueChanges(t *testing.T) {
	s, k := newScriptedKqueue(t)
	must := must(t)
	must(s.Register(5, EventRead|EventWrite, nil))
	wantApplied(t, k, []kevent{addFilter(5, filterRead), addFilter(5, filterWrite)})
	must(s.Modify(5, EventWrite, nil))
	wantApplied(t, k, []kevent{deleteFilter(5, filterRead)})
	must(s.Modify(5, EventWrite, "data alone"))
	wantApplied(t, k)
	must(s.Modify(5, EventRead, nil))
	wantApplied(t, k, []kevent{addFilter(5, filterRead), deleteFilter(5, filterWrite)})
	if s.filters != 1 {
		t.Errorf("%d filters", s.filters)
	}
	must(s.Modify(5, EventRead|EventWrite, nil))
	wantApplied(t, k, []kevent{addFilter(5, filterWrite)})
	k.answers = []error{syscall.ENOENT, syscall.EBADF} // closed meanwhile
	must(s.Unregister(5))
	wantApplied(t, k, []kevent{deleteFilter(5, filterRead)}, []kevent{deleteFilter(5, filterWrite)})
	if s.filters != 0 {
		t.Errorf("%d filters left", s.filters)
	}
}

func TestKqueueRegisterFails(t *testing.T) {
	for _, row := range []string{"selectors.020.kqueue-bad-fd"} {
		t.Run(row, func(t *testing.T) {
			s, k := newScriptedKqueue(t)
			k.answers = []error{syscall.EBADF}
			_, err := s.Register(9, EventRead|EventWrite, nil)
			var e *OpError
			if !errors.Is(err, syscall.EBADF) || !errors.As(err, &e) || e.Op != "register" || e.FD != 9 {
				t.Errorf("error %v", err)
			}
			// The first of the two filters may have been added: neither stays.
			wantApplied(t, k, []kevent{addFilter(9, filterRead), addFilter(9, filterWrite)},
				[]kevent{deleteFilter(9, filterRead)}, []kevent{deleteFilter(9, filterWrite)})
			if _, err := s.GetKey(9); !errors.Is(err, ErrNotRegistered) {
				t.Errorf("GetKey: %v", err)
			}
			if s.filters != 0 || s.GetMap().Len() != 0 {
				t.Errorf("%d filters, %d registrations", s.filters, s.GetMap().Len())
			}
			must(t)(s.Register(9, EventRead, nil))
		})
	}
}

func TestKqueueModifyFails(t *testing.T) {
	t.Run("selectors.006.modify-failure-drops-registration", func(t *testing.T) {
		s, k := newScriptedKqueue(t)
		must(t)(s.Register(9, EventRead, nil))
		k.took()
		k.answers = []error{syscall.ENOMEM}
		if _, err := s.Modify(9, EventWrite, nil); !errors.Is(err, syscall.ENOMEM) {
			t.Errorf("error %v", err)
		}
		wantApplied(t, k, []kevent{addFilter(9, filterWrite), deleteFilter(9, filterRead)},
			[]kevent{deleteFilter(9, filterWrite)}, []kevent{deleteFilter(9, filterRead)})
		if _, err := s.GetKey(9); !errors.Is(err, ErrNotRegistered) {
			t.Errorf("GetKey: %v", err)
		}
		if s.filters != 0 {
			t.Errorf("%d filters left", s.filters)
		}
	})
}

func TestKqueueApplyInterrupted(t *testing.T) {
	s, k := newScriptedKqueue(t)
	k.answers = []error{syscall.EINTR} // kevent(2): the changes are made
	must(t)(s.Register(9, EventRead, nil))
	wantApplied(t, k, []kevent{addFilter(9, filterRead)})
}

func TestKqueueEvents(t *testing.T) {
	s, k := newScriptedKqueue(t)
	must := must(t)
	both := must(s.Register(5, EventRead|EventWrite, nil))
	reader := must(s.Register(6, EventRead, nil))
	writer := must(s.Register(7, EventWrite, nil))
	k.brings = []kqueueAnswer{{events: []kevent{
		{fd: 7, filter: filterWrite},
		{fd: 5, filter: filterRead},
		{fd: 8, filter: filterRead},      // nobody's
		{fd: 100000, filter: filterRead}, // nobody's
		{fd: 6, filter: filterWrite},     // not asked for
		{fd: 6, filter: filterOther},     // not asked for
		{fd: 5, filter: filterWrite},     // the second event of one file
		{fd: 6, flags: keventError},      // an error: whatever is waited for
		{fd: 7, filter: filterWrite, flags: keventError},
	}}}
	got, err := s.Select(0)
	want := []Ready{{writer, EventWrite}, {both, EventRead | EventWrite}, {reader, EventRead}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ready %v, %v\nwant %v", got, err, want)
	}
}

func TestKqueueWait(t *testing.T) {
	s, k := newScriptedKqueue(t)
	key := must(t)(s.Register(5, EventRead, nil))
	for _, timeout := range []time.Duration{Forever, 0, -5, 1500} {
		k.waits = nil
		k.brings = []kqueueAnswer{{events: []kevent{{fd: 5, filter: filterRead}}}}
		if got, err := s.Select(timeout); err != nil || len(got) != 1 || got[0] != (Ready{key, EventRead}) {
			t.Errorf("ready %v, %v", got, err)
		}
		if !reflect.DeepEqual(k.waits, []time.Duration{timeout}) {
			t.Errorf("timeout %v: waits %v", timeout, k.waits)
		}
	}
	// A signal: the wait goes on with the time that is left.
	k.waits = nil
	k.brings = []kqueueAnswer{{err: syscall.EINTR, takes: time.Millisecond}, {err: syscall.EINTR, takes: time.Hour / 1e6}}
	if got, err := s.Select(time.Hour); err != nil || len(got) != 0 {
		t.Errorf("ready %v, %v", got, err)
	}
	if w := k.waits; len(w) != 3 || w[0] != time.Hour || w[1] > time.Hour-time.Millisecond || w[2] >= w[1] {
		t.Errorf("waits %v", w)
	}
	k.waits = nil
	k.brings = []kqueueAnswer{{err: syscall.EINTR, takes: time.Millisecond}}
	if got, err := s.Select(time.Microsecond); err != nil || len(got) != 0 || len(k.waits) != 2 || k.waits[1] != 0 {
		t.Errorf("ready %v, %v after waits %v", got, err, k.waits)
	}
	// Any other error reaches the caller, and the selector stays usable.
	k.brings = []kqueueAnswer{{err: syscall.EACCES}, {events: []kevent{{fd: 5, filter: filterRead}}}}
	if _, err := s.Select(Forever); !errors.Is(err, syscall.EACCES) {
		t.Errorf("error %v", err)
	}
	if got, err := s.Select(Forever); err != nil || len(got) != 1 {
		t.Errorf("ready %v, %v", got, err)
	}
}

func TestKqueueGrows(t *testing.T) {
	s, k := newScriptedKqueue(t)
	var all []kevent
	for fd := range uintptr(150) {
		must(t)(s.Register(fd, EventRead|EventWrite, nil))
		all = append(all, kevent{fd: fd, filter: filterRead}, kevent{fd: fd, filter: filterWrite})
	}
	k.brings = []kqueueAnswer{{events: all}, {events: all}, {events: all}, {events: all}}
	ready, err := s.Select(time.Second)
	if err != nil || len(ready) != 150 {
		t.Errorf("%d ready, %v", len(ready), err)
	}
	for _, r := range ready {
		if r.Events != EventRead|EventWrite {
			t.Errorf("descriptor %d: %v", r.Key.FD, r.Events)
		}
	}
	if want := []time.Duration{time.Second, 0, 0, 0}; !reflect.DeepEqual(k.waits, want) {
		t.Errorf("waits %v, want %v", k.waits, want)
	}
}

func TestKqueueClose(t *testing.T) {
	t.Run("selectors.012.fileno", func(t *testing.T) {
		s, k := newScriptedKqueue(t)
		if s.FD() != 77 {
			t.Errorf("FD %d", s.FD())
		}
		k.onClose = syscall.EIO
		if err := s.Close(); !errors.Is(err, syscall.EIO) {
			t.Errorf("Close: %v", err)
		}
		if err := s.Close(); err != nil || k.closed != 1 || s.FD() != NoFD {
			t.Errorf("Close again: %v, %d times, FD %d", err, k.closed, int(s.FD()))
		}
	})
}
