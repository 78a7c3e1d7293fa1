//go:build unix && !aix

package selectors

import (
	"slices"

	"golang.org/x/sys/unix"
)

// fakeDevpoll behaves as /dev/poll does, over poll(2), so that DevpollSelector
// can be run through the same tests as the others where there is none: new
// events are added to those that it has, and what is not removed stays.
type fakeDevpoll struct {
	fds []unix.PollFd
}

// NewFakeDevpollSelector makes a DevpollSelector over fakeDevpoll.
func NewFakeDevpollSelector() (Selector, error) { return newDevpollSelector(&fakeDevpoll{}), nil }

func (d *fakeDevpoll) fd() uintptr            { return 0 }
func (d *fakeDevpoll) close() error           { return nil }
func (d *fakeDevpoll) check(fd uintptr) error { return checkOpen(fd) }
func (d *fakeDevpoll) index(fd int32) int {
	return slices.IndexFunc(d.fds, func(p unix.PollFd) bool { return p.Fd == fd })
}

func (d *fakeDevpoll) write(changes []devpollEntry) (int, error) {
	for _, c := range changes {
		i := d.index(c.fd)
		switch {
		case c.events&devpollRemove != 0 && i >= 0:
			d.fds = slices.Delete(d.fds, i, i+1)
		case c.events&devpollRemove != 0:
		case i >= 0:
			d.fds[i].Events |= c.events
		default:
			d.fds = append(d.fds, unix.PollFd{Fd: c.fd, Events: c.events})
		}
	}
	return len(changes), nil
}

func (d *fakeDevpoll) wait(events []devpollEntry, milliseconds int) (int, error) {
	if _, err := unix.Poll(d.fds, milliseconds); err != nil {
		return 0, err
	}
	n := 0
	for _, p := range d.fds {
		if p.Revents != 0 && n < len(events) {
			events[n] = devpollEntry{fd: p.Fd, events: p.Events, revents: p.Revents}
			n++
		}
	}
	return n, nil
}
