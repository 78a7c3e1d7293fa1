//go:build unix && !aix

package selectors

import (
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// fakeKqueue behaves as a kqueue does, over poll(2), so that KqueueSelector
// can be run through the same tests as the others where there is no kqueue:
// filters of their own for reading and writing, one event for each, forgotten
// when their file is closed.
type fakeKqueue struct {
	knotes []knote
	fds    []unix.PollFd
}

type knote struct {
	fd     uintptr
	filter kfilter
	file   fileID
}

// fileID tells a file from a later one with the same descriptor.
type fileID struct{ dev, ino uint64 }

func identify(fd uintptr) (fileID, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(fd), &st)
	return fileID{uint64(st.Dev), uint64(st.Ino)}, err
}

// NewFakeKqueueSelector makes a KqueueSelector over fakeKqueue.
func NewFakeKqueueSelector() (Selector, error) { return newKqueueSelector(&fakeKqueue{}), nil }

func (k *fakeKqueue) fd() uintptr  { return 0 }
func (k *fakeKqueue) close() error { return nil }

// prune forgets what was closed.
func (k *fakeKqueue) prune() {
	k.knotes = slices.DeleteFunc(k.knotes, func(n knote) bool {
		id, err := identify(n.fd)
		return err != nil || id != n.file
	})
}

func (k *fakeKqueue) apply(changes []kevent) error {
	k.prune()
	for _, c := range changes {
		id, err := identify(c.fd)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(k.knotes, func(n knote) bool { return n.fd == c.fd && n.filter == c.filter })
		switch {
		case c.flags&keventDelete == 0 && i < 0:
			k.knotes = append(k.knotes, knote{c.fd, c.filter, id})
		case c.flags&keventDelete != 0 && i < 0:
			return syscall.ENOENT
		case c.flags&keventDelete != 0:
			k.knotes = slices.Delete(k.knotes, i, i+1)
		}
	}
	return nil
}

func (k *fakeKqueue) wait(events []kevent, limit time.Duration) (int, error) {
	k.prune()
	k.fds = k.fds[:0]
	for _, n := range k.knotes {
		bits := int16(unix.POLLIN)
		if n.filter == filterWrite {
			bits = unix.POLLOUT
		}
		k.fds = append(k.fds, unix.PollFd{Fd: int32(n.fd), Events: bits})
	}
	if _, err := unix.Poll(k.fds, milliseconds(limit)); err != nil {
		return 0, err
	}
	n := 0
	for i, p := range k.fds {
		if p.Revents != 0 && n < len(events) {
			events[n] = kevent{fd: uintptr(p.Fd), filter: k.knotes[i].filter}
			n++
		}
	}
	return n, nil
}
