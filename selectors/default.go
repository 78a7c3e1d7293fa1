package selectors

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// candidate is one mechanism, whatever the system.
type candidate struct {
	name string
	open func() (Selector, error)
}

// candidates are all, in the order of preference: those whose cost does not grow
// with the number of files first, then poll, which at least has no limit. It is the one
// list of them: who needs one derives it from [Available].
var candidates = []candidate{
	{"kqueue", func() (Selector, error) { return NewKqueueSelector() }},
	{"epoll", func() (Selector, error) { return NewEpollSelector() }},
	{"devpoll", func() (Selector, error) { return NewDevpollSelector() }},
	{"poll", func() (Selector, error) { return NewPollSelector() }},
	{"select", func() (Selector, error) { return NewSelectSelector() }},
}

// Limits says what a mechanism can do at most.
type Limits struct {
	// MaxDescriptor is the highest descriptor that can be watched; 0 if the
	// mechanism sets no limit of its own.
	MaxDescriptor int
	// MaxFiles is how many files can be watched for the same event at once;
	// 0 if the mechanism sets no limit of its own.
	MaxFiles int
	// SocketsOnly: pipes, terminals and the like cannot be watched.
	SocketsOnly bool
	// Precision is the unit in which the mechanism is told how long to wait.
	Precision time.Duration
}

// Info is what [Available] has found out about one mechanism.
type Info struct {
	// Name is the mechanism's: "epoll", "poll", "select", "kqueue", "devpoll".
	Name string
	// New is its constructor.
	New func() (Selector, error)
	// Works tells whether the trial has succeeded. If not, Err tells why;
	// it is errors.ErrUnsupported where the system lacks the mechanism.
	Works bool
	Err   error
	// Default marks the one that NewDefaultSelector makes.
	Default bool
	// Limits is zero for one that does not work.
	Limits
}

// Available tries every mechanism that this package knows on this very
// machine and returns what it has found, best first. It may be called from
// any goroutine.
func Available() []Info {
	var infos []Info
	found := false
	for _, c := range candidates {
		info := Info{Name: c.name, New: c.new}
		info.Limits, info.Err = try(c.new)
		info.Works = info.Err == nil
		info.Default = info.Works && !found
		found = found || info.Works
		infos = append(infos, info)
	}
	return infos
}

// new calls the constructor. A nil pointer must not become a Selector that
// is not nil.
func (c *candidate) new() (Selector, error) {
	s, err := c.open()
	if err != nil {
		return nil, err
	}
	return s, nil
}

// best is the candidate that a trial has shown to work.
var best atomic.Pointer[candidate]

// NewDefaultSelector makes a selector over the best mechanism that this
// machine has. The first call that can finds it by trying: it registers a pipe
// with each (on Windows, a socket) and sees whether it is reported. A trial for
// which descriptors, memory or the like were wanting says nothing about the
// mechanism: it is an error, not a reason to take a lesser one. It may be
// called from any goroutine. asyncio: selectors.DefaultSelector.
func NewDefaultSelector() (Selector, error) {
	c := best.Load()
	if c == nil {
		var err error
		if c, err = choose(candidates); err != nil {
			return nil, err
		}
		best.Store(c)
	}
	return c.new()
}

// choose returns the first that works.
func choose(from []candidate) (*candidate, error) {
	var errs []error
	for i := range from {
		c := &from[i]
		_, err := try(c.new)
		switch {
		case err == nil:
			return c, nil
		case exhausted(err):
			if strings.HasPrefix(err.Error(), "selectors: ") {
				return nil, err // of the constructor
			}
			return nil, fmt.Errorf("selectors: NewDefaultSelector: %w", err)
		case !errors.Is(err, errors.ErrUnsupported):
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	if errs == nil {
		return nil, unsupported("NewDefaultSelector", "goroutines and package net")
	}
	return nil, fmt.Errorf("selectors: NewDefaultSelector: no mechanism works on %s/%s: %w",
		runtime.GOOS, runtime.GOARCH, errors.Join(errs...))
}

// exhausted reports whether an error only says that there was no room for a trial.
func exhausted(err error) bool {
	return slices.ContainsFunc(exhaustion, func(e error) bool { return errors.Is(err, e) })
}

// tryTimeout is how long a trial waits for what must come at once.
const tryTimeout = 5 * time.Second

// try makes a selector and puts it through what a loop needs most: an idle
// file is not reported, one that becomes readable is.
func try(open func() (Selector, error)) (limits Limits, err error) {
	s, err := open()
	if err != nil {
		return Limits{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p, err := newProbe()
	if err != nil {
		return Limits{}, fmt.Errorf("cannot try it: %w", err)
	}
	defer p.close()
	if err := p.tryWith(s); err != nil {
		return Limits{}, err
	}
	if s, ok := s.(interface{ Limits() Limits }); ok {
		limits = s.Limits()
	}
	return limits, nil
}

// probe is a file that a trial can make readable.
type probe struct {
	file         any
	makeReadable func() error
	close        func()
}

func (p *probe) tryWith(s Selector) error {
	key, err := s.Register(p.file, EventRead, nil)
	if err != nil {
		return err
	}
	ready, err := s.Select(0)
	if err != nil {
		return err
	}
	if len(ready) != 0 {
		return errors.New("an idle file is reported ready")
	}
	if err := p.makeReadable(); err != nil {
		return fmt.Errorf("cannot try it: %w", err)
	}
	ready, err = s.Select(tryTimeout)
	if err != nil {
		return err
	}
	if len(ready) != 1 || ready[0] != (Ready{key, EventRead}) {
		return errors.New("a readable file is not reported ready")
	}
	_, err = s.Unregister(p.file)
	return err
}
