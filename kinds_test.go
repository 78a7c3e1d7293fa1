package asyncio_test

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// mechanism is what a loop can have underneath: a selector or a proactor. It is
// named as the scorer of the catalogue knows it.
type mechanism struct {
	name     string
	selector func() (selectors.Selector, error)
	proactor func() (proactors.Proactor, error)
}

var mechanisms = []mechanism{
	{name: "select", selector: func() (selectors.Selector, error) { return selectors.NewSelectSelector() }},
	{name: "poll", selector: func() (selectors.Selector, error) { return selectors.NewPollSelector() }},
	{name: "epoll", selector: func() (selectors.Selector, error) { return selectors.NewEpollSelector() }},
	{name: "kqueue", selector: func() (selectors.Selector, error) { return selectors.NewKqueueSelector() }},
	{name: "devpoll", selector: func() (selectors.Selector, error) { return selectors.NewDevpollSelector() }},
	{name: "uring", proactor: proactors.NewIOUringProactor},
	{name: "iocp", proactor: proactors.NewIOCPProactor},
}

// usable says whether the machine has the mechanism.
var usable = sync.OnceValues(func() (map[string]bool, error) {
	all := map[string]bool{}
	for _, m := range mechanisms {
		closed := func() error { return nil }
		var err error
		if m.selector != nil {
			var s selectors.Selector
			if s, err = m.selector(); err == nil {
				closed = s.Close
			}
		} else {
			var p proactors.Proactor
			if p, err = m.proactor(); err == nil {
				closed = p.Close
			}
		}
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return nil, err
		}
		all[m.name] = err == nil
		if err := closed(); err != nil {
			return nil, err
		}
	}
	return all, nil
})

// bestSelectors are what a loop has underneath if nobody says what.
var bestSelectors = map[string]string{"linux": "epoll", "windows": "select", "solaris": "devpoll", "illumos": "devpoll"}

// everyKind runs f in a subtest for each kind of loop of the system, its selector
// loop and its proactor loop, named after what is underneath. The loops that f
// makes with newLoop are of that kind.
func everyKind(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	best, ok := bestSelectors[runtime.GOOS]
	if !ok {
		best = "kqueue"
	}
	over(t, func(m mechanism) bool { return m.proactor != nil || m.name == best }, f)
}

// everyMechanism is everyKind for all mechanisms of the system.
func everyMechanism(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	over(t, func(mechanism) bool { return true }, f)
}

func over(t *testing.T, which func(mechanism) bool, f func(t *testing.T)) {
	t.Helper()
	here, err := usable()
	must(t, err)
	for _, m := range mechanisms {
		if !here[m.name] || !which(m) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if _, ok := loopsMade.LoadAndDelete(t.Name()); !ok && !t.Failed() && !t.Skipped() {
					t.Errorf("it is to show something of %s and makes no such loop", m.name)
				}
			})
			f(t)
		})
	}
}

// loopsMade are the subtests of over that have made a loop of their kind.
var loopsMade sync.Map

// mechanismOf is the one that the test is for, by its name; without one the
// system's best selector.
func mechanismOf(t testing.TB) mechanism {
	elements := strings.Split(t.Name(), "/")
	for i, name := range elements {
		for _, m := range mechanisms {
			if m.name == name {
				loopsMade.Store(strings.Join(elements[:i+1], "/"), true)
				return m
			}
		}
	}
	return mechanism{selector: selectors.NewDefaultSelector}
}

// mustLoop makes a loop over what the test is for.
func mustLoop(t testing.TB, opts ...asyncio.LoopOption) asyncio.EventLoop {
	t.Helper()
	return openHooked(t, nil, opts...)
}

// waitHook stands before the wait of a loop: it is told how long the loop means to
// wait, and has it wait as it likes. What the last call of wait has found is what
// the loop hears of.
type waitHook func(wait func(timeout time.Duration) (found bool, err error), timeout time.Duration) error

// openHooked is mustLoop with a hook, if it is not nil.
func openHooked(t testing.TB, hook waitHook, opts ...asyncio.LoopOption) asyncio.EventLoop {
	t.Helper()
	m := mechanismOf(t)
	if m.proactor != nil {
		p, err := m.proactor()
		must(t, err)
		if hook != nil {
			p = &hookedProactor{Proactor: p, hook: hook}
		}
		loop, err := asyncio.NewProactorEventLoop(p, opts...)
		must(t, err)
		return loop
	}
	s, err := m.selector()
	must(t, err)
	if hook != nil {
		s = hookedSelector{s, hook}
	}
	loop, err := asyncio.NewSelectorEventLoop(s, opts...)
	must(t, err)
	return loop
}

type hookedSelector struct {
	selectors.Selector
	hook waitHook
}

func (s hookedSelector) Select(timeout time.Duration) (ready []selectors.Ready, err error) {
	err = s.hook(func(timeout time.Duration) (bool, error) {
		ready, err = s.Selector.Select(timeout)
		return len(ready) > 0, err
	}, timeout)
	return ready, err
}

type hookedProactor struct {
	proactors.Proactor
	hook  waitHook
	woken atomic.Bool
}

func (p *hookedProactor) Wait(timeout time.Duration) (done []proactors.Completion, err error) {
	err = p.hook(func(timeout time.Duration) (bool, error) {
		done, err = p.Proactor.Wait(timeout)
		return p.woken.Swap(false) || len(done) > 0, err
	}, timeout)
	return done, err
}

func (p *hookedProactor) Wake() {
	p.woken.Store(true)
	p.Proactor.Wake()
}

// waitInBubble sleeps in the time of a test bubble: the kernel's would hold it.
func waitInBubble(wait func(time.Duration) (bool, error), timeout time.Duration) error {
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		found, err := wait(0)
		if err != nil || found || timeout != selectors.Forever && time.Since(began) >= timeout {
			return err
		}
		if time.Since(began) > 24*time.Hour {
			return errors.New("the loop waits for ever")
		}
	}
}
