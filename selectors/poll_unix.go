//go:build unix && !aix

package selectors

import (
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// PollSelector watches files with poll(2). It has no limit of its own, and its
// cost grows with the number of registered files. A file that was closed
// while registered is reported ready. asyncio: selectors.PollSelector.
type PollSelector struct {
	base
	fds  []unix.PollFd // one for each registration; slot.pos is its index
	call pollCall
}

// NewPollSelector makes a selector over poll(2). Where the system has none
// (Windows), the error is errors.ErrUnsupported.
func NewPollSelector() (*PollSelector, error) {
	s := &PollSelector{}
	s.init("poll", Limits{Precision: pollPrecision}, s)
	return s, nil
}

// Select returns the files that are ready: see [Selector].
func (s *PollSelector) Select(timeout time.Duration) ([]Ready, error) {
	if !s.open {
		return nil, s.fail("select", nil, NoFD, ErrClosed)
	}
	n, errno := s.wait(timeout)
	if errno != 0 {
		return nil, s.fail("select", nil, NoFD, os.NewSyscallError("poll", errno))
	}
	ready := s.results(n)
	for i := 0; n > 0 && i < len(s.fds); i++ {
		p := &s.fds[i]
		if p.Revents == 0 {
			continue
		}
		n--
		key := s.key(uintptr(p.Fd))
		if events := fromPoll(p.Revents) & key.Events; events != 0 {
			ready = append(ready, Ready{key, events})
		}
	}
	return s.publish(ready), nil
}

func (s *PollSelector) wait(timeout time.Duration) (int, syscall.Errno) {
	for c := newCountdown(timeout); ; c.refresh() {
		if n, errno := s.call.ask(s.fds, c.left); errno != unix.EINTR {
			return n, errno
		}
	}
}

func (s *PollSelector) add(r *slot) error {
	if err := checkOpen(r.key.FD); err != nil {
		return err
	}
	r.pos = int32(len(s.fds))
	s.fds = append(s.fds, unix.PollFd{Fd: int32(r.key.FD), Events: toPoll(r.key.Events)})
	return nil
}

func (s *PollSelector) change(r *slot, events EventMask) error {
	if err := checkOpen(r.key.FD); err != nil {
		return err
	}
	s.fds[r.pos].Events = toPoll(events)
	return nil
}

func (s *PollSelector) drop(r *slot) {
	last := len(s.fds) - 1
	s.fds[r.pos] = s.fds[last]
	s.slot(uintptr(s.fds[last].Fd)).pos = r.pos
	s.fds = slices.Delete(s.fds, last, last+1)
}

func (s *PollSelector) release() error {
	s.fds = nil
	return nil
}
