//go:build unix && !aix

package selectors_test

import (
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/selectors"
	"github.com/go-asyncio/asyncio/selectors/selectortest"
	"golang.org/x/sys/unix"
)

// TestManyFiles is not parallel: it needs many descriptors.
func TestManyFiles(t *testing.T) {
	t.Run("selectors.018.many-fds-above-setsize", func(t *testing.T) {
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		// Half of the limit in descriptors, with room for what is open.
		pairs := int(min(uint64(limit.Cur)/4, 2000))
		if pairs < 600 {
			t.Skipf("a limit of %d descriptors is too low to get above FD_SETSIZE", limit.Cur)
		}
		for name, open := range kinds(t) {
			if name == "select" {
				continue
			}
			t.Run(name, func(t *testing.T) { selectortest.TestManyFiles(t, open, pairs) })
		}
		t.Run("kqueue_translation", func(t *testing.T) {
			selectortest.TestManyFiles(t, selectors.NewFakeKqueueSelector, 600)
		})
	})
}

// TestSelectSetSize: more than select can watch is a clear error that says
// what to use, and the selector goes on.
func TestSelectSetSize(t *testing.T) {
	s, err := selectors.NewSelectSelector()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a, _ := selectortest.Pair(t)
	high, err := unix.FcntlInt(a.Fd(), unix.F_DUPFD_CLOEXEC, unix.FD_SETSIZE)
	if err != nil {
		t.Skipf("cannot make so high a descriptor: %v", err)
	}
	defer unix.Close(high)
	_, err = s.Register(high, selectors.EventRead, nil)
	if !errors.Is(err, selectors.ErrTooManyDescriptors) || !strings.Contains(err.Error(), "NewPollSelector") {
		t.Errorf("Register of descriptor %d: %v", high, err)
	}
	var e *selectors.OpError
	if !errors.As(err, &e) || e.FD != uintptr(high) || e.Op != "register" || e.Selector != "select" {
		t.Errorf("error %+v", e)
	}
	top, err := unix.FcntlInt(a.Fd(), unix.F_DUPFD_CLOEXEC, unix.FD_SETSIZE-1)
	if err != nil || top != unix.FD_SETSIZE-1 {
		t.Fatalf("descriptor %d, %v", top, err)
	}
	defer unix.Close(top)
	key, err := s.Register(top, selectors.EventWrite, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ready, err := s.Select(0); err != nil || len(ready) != 1 || ready[0] != (selectors.Ready{Key: key, Events: selectors.EventWrite}) {
		t.Errorf("ready %v, %v", ready, err)
	}
}

// TestClosedWhileRegistered: select and poll report a file that was closed,
// so that its user learns of it, and do not hold up the others.
func TestClosedWhileRegistered(t *testing.T) {
	for name, open := range kinds(t) {
		if name != "select" && name != "poll" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s, err := open()
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			a, _ := selectortest.Pair(t)
			b, peer := selectortest.Pair(t)
			idle, _ := selectortest.Pair(t)
			closed, err := s.Register(a.Fd(), selectors.EventRead|selectors.EventWrite, nil)
			if err != nil {
				t.Fatal(err)
			}
			live, err := s.Register(b, selectors.EventRead, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Register(idle, selectors.EventRead, nil); err != nil {
				t.Fatal(err)
			}
			a.Close()
			peer.Send(t, "x")
			for range 2 {
				ready, err := s.Select(time.Minute)
				if err != nil || len(ready) != 2 {
					t.Fatalf("ready %v, %v", ready, err)
				}
				for _, r := range ready {
					if r.Key != closed && r.Key != live || r.Events != r.Key.Events {
						t.Errorf("descriptor %d is ready for %v", r.Key.FD, r.Events)
					}
				}
			}
			if _, err := s.Unregister(closed.FD); err != nil {
				t.Error(err)
			}
			if ready, err := s.Select(0); err != nil || len(ready) != 1 || ready[0].Key != live {
				t.Errorf("ready %v, %v", ready, err)
			}
		})
	}
}

type namedInt int16

type fdObject uintptr

func (o fdObject) Fd() uintptr { return uintptr(o) }

// TestFileObjects: everything that can be registered, and that an os.File
// stays non-blocking by it.
func TestFileObjects(t *testing.T) {
	t.Parallel()
	a, _ := selectortest.Pair(t)
	fd := a.Fd()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for name, open := range kinds(t) {
		s, err := open()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, fileobj := range []any{fd, int(fd), int8(fd), int16(fd), int32(fd), int64(fd), uint(fd), uint8(fd),
			uint16(fd), uint32(fd), uint64(fd), namedInt(fd), fdObject(fd), a} {
			if _, err := s.Register(fileobj, selectors.EventWrite, nil); err != nil {
				t.Errorf("%s: Register(%T): %v", name, fileobj, err)
			} else if key, err := s.Unregister(fileobj); err != nil || key.FD != fd || key.FileObj != fileobj {
				t.Errorf("%s: Unregister(%T): %+v, %v", name, fileobj, key, err)
			}
		}
		for _, fileobj := range []any{listener, r} {
			if key, err := s.Register(fileobj, selectors.EventRead, nil); err != nil {
				t.Errorf("%s: Register(%T): %v", name, fileobj, err)
			} else if flags, err := unix.FcntlInt(key.FD, unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK == 0 {
				t.Errorf("%s: %T is blocking now (%v)", name, fileobj, err)
			}
		}
	}
}

// TestClosedStandardObjects: those of packages os and net are found by
// identity once they are closed.
func TestClosedStandardObjects(t *testing.T) {
	t.Parallel()
	for name, open := range kinds(t) {
		s, err := open()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		w.Close()
		for fileobj, closed := range map[interface{ Close() error }]error{listener: net.ErrClosed, r: selectors.ErrInvalidDescriptor} {
			key, err := s.Register(fileobj, selectors.EventRead, nil)
			if err != nil {
				t.Fatal(err)
			}
			fileobj.Close()
			if got, err := s.Unregister(fileobj); got != key || err != nil {
				t.Errorf("%s: Unregister(%T): %v, %v", name, fileobj, got, err)
			}
			_, err = s.Register(fileobj, selectors.EventRead, nil)
			if !errors.Is(err, selectors.ErrInvalidDescriptor) || !errors.Is(err, closed) {
				t.Errorf("%s: Register of a closed %T: %v", name, fileobj, err)
			}
		}
		// An object that cannot be compared is not found, and does no harm.
		if _, err := s.Unregister(struct{ f []int }{}); !errors.Is(err, selectors.ErrNotRegistered) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHangUp: the reader of a pipe is gone. Whoever waits to write learns it.
func TestHangUp(t *testing.T) {
	t.Parallel()
	for name, open := range kinds(t) {
		s, err := open()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if err := w.SetWriteDeadline(time.Now()); err != nil {
			t.Fatal(err)
		}
		raw, err := w.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Control(func(fd uintptr) {
			for err = nil; err == nil; _, err = unix.Write(int(fd), make([]byte, 4096)) {
			}
		}); err != nil {
			t.Fatal(err)
		}
		key, err := s.Register(w, selectors.EventWrite, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ready, err := s.Select(0); err != nil || len(ready) != 0 {
			t.Errorf("%s: a full pipe: ready %v, %v", name, ready, err)
		}
		r.Close()
		if ready, err := s.Select(time.Minute); err != nil || len(ready) != 1 || ready[0] != (selectors.Ready{Key: key, Events: selectors.EventWrite}) {
			t.Errorf("%s: a pipe that nobody reads: ready %v, %v", name, ready, err)
		}
		if _, err := w.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: write: %v", name, err)
		}
	}
}
