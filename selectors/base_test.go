package selectors

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"weak"
)

// TestTable compares the table with a Go map, also beyond its array.
func TestTable(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var table table
	model := map[uintptr]*SelectorKey{}
	for step := range 3000 {
		fd := uintptr(rng.IntN(40))
		if rng.IntN(2) == 0 {
			fd += denseLimit - 20
		}
		if model[fd] == nil {
			key := &SelectorKey{FD: fd}
			model[fd] = key
			table.store(fd, slot{key: key})
		} else {
			delete(model, fd)
			table.remove(fd)
		}
		if table.count != len(model) {
			t.Fatalf("count %d, want %d", table.count, len(model))
		}
		for _, fd := range []uintptr{fd, fd + 1, fd - 1, fd + denseLimit} {
			if table.key(fd) != model[fd] {
				t.Fatalf("key of %d: %v, want %v", fd, table.key(fd), model[fd])
			}
		}
		if step%1000 != 999 {
			continue // all looks at a million slots
		}
		var fds []uintptr
		for fd, key := range table.all() {
			if key != model[fd] {
				t.Fatalf("all yields %d, %v", fd, key)
			}
			fds = append(fds, fd)
		}
		if len(fds) != len(model) || !slices.IsSorted(fds) {
			t.Fatalf("all yields %v", fds)
		}
	}
}

// TestIterationStops: a range over a view may be left early.
func TestIterationStops(t *testing.T) {
	t.Parallel()
	var table table
	for _, fd := range []uintptr{3, 5, denseLimit + 1, denseLimit + 2} {
		table.store(fd, slot{key: &SelectorKey{FD: fd}})
	}
	for stop := range 4 {
		n := 0
		for range table.all() {
			if n == stop {
				break
			}
			n++
		}
		if n != stop {
			t.Errorf("stopped after %d, want %d", n, stop)
		}
	}
}

// TestResultsLetGo: what a Select has returned does not keep a file alive
// that was unregistered since, once there was another Select.
func TestResultsLetGo(t *testing.T) {
	t.Parallel()
	s, err := NewDefaultSelector()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	type payload [64]byte
	register := func() weak.Pointer[payload] {
		p, err := newProbe()
		if err != nil {
			t.Fatal(err)
		}
		defer p.close()
		data := new(payload)
		if _, err := s.Register(p.file, EventRead, data); err != nil {
			t.Fatal(err)
		}
		if err := p.makeReadable(); err != nil {
			t.Fatal(err)
		}
		if ready, err := s.Select(time.Minute); err != nil || len(ready) != 1 {
			t.Fatalf("ready %v, %v", ready, err)
		}
		if _, err := s.Unregister(p.file); err != nil {
			t.Fatal(err)
		}
		return weak.Make(data)
	}
	data := register()
	if _, err := s.Select(0); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	if data.Value() != nil {
		t.Error("the data of an unregistered file is still alive")
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  *OpError
		want string
	}{
		{&OpError{"epoll", "register", 7, 7, os.NewSyscallError("epoll_ctl", errors.New("bad file descriptor"))},
			"selectors: epoll register descriptor 7: epoll_ctl: bad file descriptor"},
		{&OpError{"poll", "modify", &struct{}{}, NoFD, ErrNotRegistered},
			"selectors: poll modify *struct {}: file is not registered"},
		{&OpError{"select", "select", nil, NoFD, ErrClosed}, "selectors: select select: selector is closed"},
		{&OpError{"poll", "select", nil, NoFD, os.NewSyscallError("poll", errors.New("odd"))}, "selectors: poll select: odd"},
		{&OpError{"epoll", "close", nil, NoFD, os.NewSyscallError("close", errors.New("odd"))}, "selectors: epoll close: odd"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
	if !errors.Is(ErrClosed, os.ErrClosed) || errors.Is(ErrNotRegistered, os.ErrClosed) {
		t.Error("ErrClosed alone is os.ErrClosed")
	}
	for mask, want := range map[EventMask]string{0: "none", EventRead: "read", EventWrite: "write",
		EventRead | EventWrite: "read|write", 5: "EventMask(5)"} {
		if got := mask.String(); got != want {
			t.Errorf("EventMask(%d): %q, want %q", uint32(mask), got, want)
		}
	}
}

// TestUnsupported: what this system lacks says so, and what to use.
func TestUnsupported(t *testing.T) {
	t.Parallel()
	found := 0
	for _, info := range Available() {
		if info.Works {
			continue
		}
		found++
		s, err := info.New()
		if s != nil || !errors.Is(err, errors.ErrUnsupported) || !errors.Is(info.Err, errors.ErrUnsupported) {
			t.Errorf("%s: %v, %v, %v", info.Name, s, err, info.Err)
			continue
		}
		for _, part := range []string{runtime.GOOS, "Selector", "use "} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %q does not name %q", info.Name, err, part)
			}
		}
	}
	if found == 0 {
		t.Error("no system has every mechanism")
	}
}

func TestDefault(t *testing.T) {
	t.Parallel()
	var want string
	for _, info := range Available() {
		if info.Default {
			want += info.Name
		}
		if info.Default && !info.Works {
			t.Errorf("%s is the default and does not work: %v", info.Name, info.Err)
		}
		if info.Works && info.Precision == 0 {
			t.Errorf("%s: no precision", info.Name)
		}
	}
	for range 2 {
		s, err := NewDefaultSelector()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if got := s.(interface{ Name() string }).Name(); got != want {
			t.Errorf("the default is %s, want %s", got, want)
		}
	}
}

// deaf is a selector that is broken in a way that only a trial can show.
type deaf struct {
	Selector
	answer func(timeout time.Duration) ([]Ready, error)
}

func (d deaf) Select(timeout time.Duration) ([]Ready, error) { return d.answer(timeout) }

// TestTrial: a mechanism that can be opened but does not work is not taken.
func TestTrial(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	key := &SelectorKey{}
	for name, answer := range map[string]func(time.Duration) ([]Ready, error){
		"reports nothing":    func(time.Duration) ([]Ready, error) { return nil, nil },
		"reports what idles": func(time.Duration) ([]Ready, error) { return []Ready{{key, EventRead}}, nil },
		"fails":              func(time.Duration) ([]Ready, error) { return nil, broken },
		"fails late": func(timeout time.Duration) ([]Ready, error) {
			if timeout > 0 {
				return nil, broken
			}
			return nil, nil
		},
	} {
		_, err := try(func() (Selector, error) {
			s, err := NewDefaultSelector()
			return deaf{s, answer}, err
		})
		if err == nil || strings.HasPrefix(name, "fails") != errors.Is(err, broken) {
			t.Errorf("a selector that %s: trial ends with %v", name, err)
		}
	}
	if _, err := try(func() (Selector, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("a selector that cannot be opened: %v", err)
	}
}

// TestDefaultIsNotLesser: a mechanism that does not work is passed over; one that only
// lacks room for its trial is not.
func TestDefaultIsNotLesser(t *testing.T) {
	t.Parallel()
	works := candidate{"works", NewDefaultSelector}
	fails := func(err error) candidate {
		return candidate{"fails", func() (Selector, error) { return nil, err }}
	}
	broken := errors.New("broken")
	for _, err := range []error{broken, errors.ErrUnsupported} {
		if c, err := choose([]candidate{fails(err), works}); err != nil || c.name != works.name {
			t.Errorf("behind one that is %v: %v, %v", err, c, err)
		}
	}
	if _, err := choose([]candidate{fails(broken)}); !errors.Is(err, broken) || !strings.Contains(err.Error(), "no mechanism works") {
		t.Errorf("with one that is broken: %v", err)
	}
	if _, err := choose([]candidate{fails(errors.ErrUnsupported)}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("with none: %v", err)
	}
	for _, wanting := range exhaustion {
		err := fmt.Errorf("selectors: open: %w", os.NewSyscallError("open", wanting))
		c, got := choose([]candidate{fails(err), works})
		if !errors.Is(got, wanting) || strings.Count(got.Error(), "selectors: ") != 1 {
			t.Errorf("before one that works: %v, %v", c, got)
		}
	}
}

func TestMilliseconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]int{
		Forever: -1, Forever - 1: 1<<31 - 1, -1: 0, 0: 0, 1: 1, 999_999: 1, time.Millisecond: 1, time.Millisecond + 1: 2, time.Second: 1000,
	} {
		if got := milliseconds(d); got != want {
			t.Errorf("milliseconds(%d) = %d, want %d", d, got, want)
		}
	}
}
