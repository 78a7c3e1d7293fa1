package selectors

import (
	"errors"
	"io"
	"reflect"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// scriptedDevpoll answers as a test tells it to and keeps what it was asked.
type scriptedDevpoll struct {
	written [][]devpollEntry
	answers []writeAnswer // to write, in order; none left: all is taken
	waits   []int
	brings  []devpollAnswer // to wait, in order; none left: nothing
	shut    map[uintptr]bool
	closed  int
}

type writeAnswer struct {
	n   int
	err error
}

type devpollAnswer struct {
	events []devpollEntry
	err    error
}

func (d *scriptedDevpoll) check(fd uintptr) error {
	if d.shut[fd] {
		return syscall.EBADF
	}
	return nil
}

func (d *scriptedDevpoll) write(changes []devpollEntry) (int, error) {
	d.written = append(d.written, append([]devpollEntry(nil), changes...))
	if len(d.answers) == 0 {
		return len(changes), nil
	}
	a := d.answers[0]
	d.answers = d.answers[1:]
	return a.n, a.err
}

func (d *scriptedDevpoll) wait(events []devpollEntry, milliseconds int) (int, error) {
	d.waits = append(d.waits, milliseconds)
	if len(d.brings) == 0 {
		return 0, nil
	}
	a := d.brings[0]
	d.brings = d.brings[1:]
	return copy(events, a.events), a.err
}

func (d *scriptedDevpoll) fd() uintptr { return 78 }

func (d *scriptedDevpoll) close() error {
	d.closed++
	return nil
}

func newScriptedDevpoll(t *testing.T) (*DevpollSelector, *scriptedDevpoll) {
	t.Parallel()
	d := &scriptedDevpoll{shut: map[uintptr]bool{}}
	s := newDevpollSelector(d)
	t.Cleanup(func() { s.Close() })
	return s, d
}

func wantWritten(t *testing.T, d *scriptedDevpoll, want ...[]devpollEntry) {
	t.Helper()
	if !reflect.DeepEqual(d.written, want) {
		t.Errorf("written\n got %v\nwant %v", d.written, want)
	}
	d.written = nil
}

// TestDevpollLayout: an entry is handed to the system as it is in memory.
func TestDevpollLayout(t *testing.T) {
	t.Parallel()
	var e devpollEntry
	if unsafe.Sizeof(e) != 8 || unsafe.Offsetof(e.events) != 4 || unsafe.Offsetof(e.revents) != 6 {
		t.Errorf("devpollEntry is not laid out as struct pollfd")
	}
}

func TestDevpollChanges(t *testing.T) {
	s, d := newScriptedDevpoll(t)
	must := must(t)
	must(s.Register(5, EventRead, nil))
	wantWritten(t, d, []devpollEntry{{fd: 5, events: pollIn}})
	must(s.Modify(5, EventWrite, nil))
	wantWritten(t, d, []devpollEntry{{fd: 5, events: devpollRemove}, {fd: 5, events: pollOut}})
	must(s.Modify(5, EventWrite, "data alone"))
	wantWritten(t, d)
	must(s.Modify(5, EventRead|EventWrite, nil))
	wantWritten(t, d, []devpollEntry{{fd: 5, events: devpollRemove}, {fd: 5, events: pollIn | pollOut}})
	d.answers = []writeAnswer{{0, syscall.EBADF}} // closed meanwhile
	must(s.Unregister(5))
	wantWritten(t, d, []devpollEntry{{fd: 5, events: devpollRemove}})
}

func TestDevpollRegisterFails(t *testing.T) {
	s, d := newScriptedDevpoll(t)
	d.shut[9] = true
	if _, err := s.Register(9, EventRead, nil); !errors.Is(err, syscall.EBADF) {
		t.Errorf("error %v", err)
	}
	wantWritten(t, d)
	d.shut[9] = false
	d.answers = []writeAnswer{{0, syscall.ENOMEM}}
	if _, err := s.Register(9, EventRead, nil); !errors.Is(err, syscall.ENOMEM) {
		t.Errorf("error %v", err)
	}
	d.answers = []writeAnswer{{0, nil}}
	if _, err := s.Register(9, EventRead, nil); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("error %v", err)
	}
	if s.GetMap().Len() != 0 {
		t.Errorf("%d registrations", s.GetMap().Len())
	}
	must(t)(s.Register(9, EventRead, nil))
}

func TestDevpollWriteContinues(t *testing.T) {
	s, d := newScriptedDevpoll(t)
	d.answers = []writeAnswer{{0, syscall.EINTR}}
	must(t)(s.Register(9, EventRead, nil))
	d.written = nil
	d.answers = []writeAnswer{{1, nil}, {0, syscall.EINTR}}
	must(t)(s.Modify(9, EventWrite, nil))
	remove, add := devpollEntry{fd: 9, events: devpollRemove}, devpollEntry{fd: 9, events: pollOut}
	wantWritten(t, d, []devpollEntry{remove, add}, []devpollEntry{add}, []devpollEntry{add})
}

func TestDevpollModifyFails(t *testing.T) {
	t.Run("selectors.006.modify-failure-drops-registration", func(t *testing.T) {
		s, d := newScriptedDevpoll(t)
		must(t)(s.Register(9, EventRead, nil))
		d.written = nil
		d.answers = []writeAnswer{{1, nil}, {0, syscall.ENOMEM}} // removed, but not added again
		if _, err := s.Modify(9, EventWrite, nil); !errors.Is(err, syscall.ENOMEM) {
			t.Errorf("error %v", err)
		}
		remove, add := devpollEntry{fd: 9, events: devpollRemove}, devpollEntry{fd: 9, events: pollOut}
		wantWritten(t, d, []devpollEntry{remove, add}, []devpollEntry{add}, []devpollEntry{remove})
		if _, err := s.GetKey(9); !errors.Is(err, ErrNotRegistered) {
			t.Errorf("GetKey: %v", err)
		}
	})
}

func TestDevpollEvents(t *testing.T) {
	const pollErr, pollHup, pollNval = 0x8, 0x10, 0x20
	s, d := newScriptedDevpoll(t)
	must := must(t)
	both := must(s.Register(5, EventRead|EventWrite, nil))
	reader := must(s.Register(6, EventRead, nil))
	writer := must(s.Register(7, EventWrite, nil))
	d.written = nil
	for _, c := range []struct {
		entry devpollEntry
		want  []Ready
	}{
		{devpollEntry{fd: 5, revents: pollIn}, []Ready{{both, EventRead}}},
		{devpollEntry{fd: 5, revents: pollOut}, []Ready{{both, EventWrite}}},
		{devpollEntry{fd: 5, revents: pollIn | pollOut}, []Ready{{both, EventRead | EventWrite}}},
		{devpollEntry{fd: 5, revents: pollHup}, []Ready{{both, EventRead | EventWrite}}},
		{devpollEntry{fd: 6, revents: pollErr}, []Ready{{reader, EventRead}}},
		{devpollEntry{fd: 6, revents: pollIn | pollHup}, []Ready{{reader, EventRead}}},
		{devpollEntry{fd: 7, revents: pollNval}, []Ready{{writer, EventWrite}}},
		{devpollEntry{fd: 7, revents: pollIn}, nil},
	} {
		d.brings = []devpollAnswer{{events: []devpollEntry{c.entry}}}
		got, err := s.Select(0)
		if err != nil || len(got) != len(c.want) || len(got) == 1 && got[0] != c.want[0] {
			t.Errorf("%+v: ready %v, %v, want %v", c.entry, got, err, c.want)
		}
	}
	wantWritten(t, d)
	// What nobody has registered is removed, or it would come for ever.
	d.brings = []devpollAnswer{{events: []devpollEntry{{fd: 8, revents: pollIn}, {fd: 6, revents: pollIn}}}}
	if got, err := s.Select(0); err != nil || len(got) != 1 || got[0] != (Ready{reader, EventRead}) {
		t.Errorf("ready %v, %v", got, err)
	}
	wantWritten(t, d, []devpollEntry{{fd: 8, events: devpollRemove}})
}

func TestDevpollWait(t *testing.T) {
	s, d := newScriptedDevpoll(t)
	for _, c := range []struct {
		timeout time.Duration
		want    int
	}{
		{Forever, -1}, {0, 0}, {-time.Second, 0}, {1, 1}, {time.Millisecond, 1}, {time.Millisecond + 1, 2},
		{100 * 24 * time.Hour, 1<<31 - 1},
	} {
		d.waits = nil
		if got, err := s.Select(c.timeout); err != nil || len(got) != 0 || !reflect.DeepEqual(d.waits, []int{c.want}) {
			t.Errorf("timeout %v: ready %v, %v, waits %v, want %d ms", c.timeout, got, err, d.waits, c.want)
		}
	}
	d.waits = nil
	d.brings = []devpollAnswer{{err: syscall.EINTR}, {err: syscall.EINTR}, {err: syscall.EIO}}
	if _, err := s.Select(Forever); !errors.Is(err, syscall.EIO) || !reflect.DeepEqual(d.waits, []int{-1, -1, -1}) {
		t.Errorf("error %v, waits %v", err, d.waits)
	}
}

func TestDevpollGrows(t *testing.T) {
	s, d := newScriptedDevpoll(t)
	var all []devpollEntry
	for fd := range int32(200) {
		must(t)(s.Register(fd, EventRead, nil))
		all = append(all, devpollEntry{fd: fd, revents: pollIn})
	}
	d.brings = []devpollAnswer{{events: all}, {events: all}, {events: all}}
	ready, err := s.Select(time.Second)
	if err != nil || len(ready) != 200 || !reflect.DeepEqual(d.waits, []int{1000, 0, 0}) {
		t.Errorf("%d ready, %v, waits %v", len(ready), err, d.waits)
	}
}

func TestDevpollClose(t *testing.T) {
	s, d := newScriptedDevpoll(t)
	if s.FD() != 78 {
		t.Errorf("FD %d", s.FD())
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil || d.closed != 1 || s.FD() != NoFD {
		t.Errorf("Close: %v, %d times, FD %d", err, d.closed, int(s.FD()))
	}
}
