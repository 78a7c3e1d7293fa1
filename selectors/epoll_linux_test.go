package selectors

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func newEpoll(t *testing.T) *EpollSelector {
	t.Helper()
	s, err := NewEpollSelector()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func newPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func TestEpollRegularFile(t *testing.T) {
	t.Run("selectors.019.epoll-regular-file-refused", func(t *testing.T) {
		t.Parallel()
		f, err := os.Create(t.TempDir() + "/file")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		s := newEpoll(t)
		_, err = s.Register(f, EventRead, nil)
		if !errors.Is(err, syscall.EPERM) || !strings.Contains(err.Error(), "regular file") {
			t.Errorf("Register: %v", err)
		}
		if _, err := s.GetKey(f); !errors.Is(err, ErrNotRegistered) {
			t.Errorf("GetKey: %v", err)
		}
		r, _ := newPipe(t)
		if _, err := s.Register(r, EventRead, nil); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestEpollStale: the kernel goes on to report a file that was closed while
// registered, if a duplicate lives on. No event of it may be taken for one
// of the file that has the descriptor now, and the loop must not spin.
func TestEpollStale(t *testing.T) {
	s := newEpoll(t)
	old, w := newPipe(t)
	fd := int(old.Fd())
	if _, err := s.Register(fd, EventRead, "old"); err != nil {
		t.Fatal(err)
	}
	duplicate, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(duplicate)
	// Put another pipe in the place of the first, then register that.
	r, w2 := newPipe(t)
	if err := unix.Dup3(int(r.Fd()), fd, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Unregister(fd); err != nil {
		t.Fatal(err)
	}
	key, err := s.Register(fd, EventRead, "new")
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Register(w2, EventWrite, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	epfd := s.FD()
	if ready, err := s.Select(time.Hour); err != nil || len(ready) != 1 || ready[0] != (Ready{other, EventWrite}) {
		t.Errorf("ready %v, %v, want the writer alone", ready, err)
	}
	if _, err := s.Unregister(w2); err != nil {
		t.Fatal(err)
	}
	if n, errno := s.poll(); n != 0 || errno != 0 {
		t.Errorf("the kernel still reports %d events, %v", n, errno)
	}
	if s.FD() != epfd {
		t.Errorf("the descriptor has changed from %d to %d", epfd, s.FD())
	}
	if _, err := w2.WriteString("y"); err != nil {
		t.Fatal(err)
	}
	if ready, err := s.Select(time.Hour); err != nil || len(ready) != 1 || ready[0] != (Ready{key, EventRead}) {
		t.Errorf("ready %v, %v, want the new file", ready, err)
	}
}

// TestEpollReopened: Unregister could not reach the kernel's registration,
// since another file had the descriptor; then the first one has it again.
func TestEpollReopened(t *testing.T) {
	s := newEpoll(t)
	a, w := newPipe(t)
	b, _ := newPipe(t)
	fd := int(a.Fd())
	if _, err := s.Register(fd, EventRead, nil); err != nil {
		t.Fatal(err)
	}
	duplicate, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(duplicate)
	if err := unix.Dup3(int(b.Fd()), fd, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Unregister(fd); err != nil {
		t.Fatal(err)
	}
	if err := unix.Dup3(duplicate, fd, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	key, err := s.Register(fd, EventRead, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	if ready, err := s.Select(0); err != nil || len(ready) != 1 || ready[0] != (Ready{key, EventRead}) {
		t.Errorf("ready %v, %v", ready, err)
	}
}

// TestEpollWithoutPwait2: on an older kernel the wait is in milliseconds,
// rounded up.
func TestEpollWithoutPwait2(t *testing.T) {
	t.Parallel()
	s := newEpoll(t)
	s.precise = false
	r, w := newPipe(t)
	key, err := s.Register(r, EventRead, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []time.Duration{1, 300 * time.Microsecond, 1500 * time.Microsecond} {
		start := time.Now()
		ready, err := s.Select(d)
		if took := time.Since(start); err != nil || len(ready) != 0 || took < d {
			t.Errorf("Select(%v): %v, %v after %v", d, ready, err, took)
		}
	}
	if _, err := w.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	for _, d := range []time.Duration{Forever, time.Hour, 0} {
		if ready, err := s.Select(d); err != nil || len(ready) != 1 || ready[0] != (Ready{key, EventRead}) {
			t.Errorf("Select(%v): %v, %v", d, ready, err)
		}
	}
}
