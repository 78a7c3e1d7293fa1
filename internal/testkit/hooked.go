package testkit

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// WaitHook stands before the wait of a mechanism: it is told how long the caller means to
// wait, and has it wait as it likes. What the last call of wait has found is what the
// caller hears of.
type WaitHook func(wait func(timeout time.Duration) (found bool, err error), timeout time.Duration) error

// Hooked returns the mechanism with a hook before its wait; without one it is the
// mechanism.
func (m Mechanism) Hooked(hook WaitHook) Mechanism {
	if hook == nil {
		return m
	}
	if open := m.Selector; open != nil {
		m.Selector = func() (selectors.Selector, error) {
			s, err := open()
			if err != nil {
				return nil, err
			}
			return hookedSelector{s, hook}, nil
		}
	}
	if open := m.Proactor; open != nil {
		m.Proactor = func() (proactors.Proactor, error) {
			p, err := open()
			if err != nil {
				return nil, err
			}
			return &hookedProactor{Proactor: p, hook: hook}, nil
		}
	}
	return m
}

// hookedSelector is a selector with a hook.
type hookedSelector struct {
	selectors.Selector
	hook WaitHook
}

// Select implements selectors.Selector.
func (s hookedSelector) Select(timeout time.Duration) (ready []selectors.Ready, err error) {
	err = s.hook(func(timeout time.Duration) (bool, error) {
		ready, err = s.Selector.Select(timeout)
		return len(ready) > 0, err
	}, timeout)
	return ready, err
}

// hookedProactor is a proactor with a hook.
type hookedProactor struct {
	proactors.Proactor
	hook  WaitHook
	woken atomic.Bool // a Wake is the only thing that a Wait does not tell of
}

// Wait implements proactors.Proactor.
func (p *hookedProactor) Wait(timeout time.Duration) (done []proactors.Completion, err error) {
	err = p.hook(func(timeout time.Duration) (bool, error) {
		done, err = p.Proactor.Wait(timeout)
		return p.woken.Swap(false) || len(done) > 0, err
	}, timeout)
	return done, err
}

// Wake implements proactors.Proactor.
func (p *hookedProactor) Wake() {
	p.woken.Store(true)
	p.Proactor.Wake()
}

// InBubble is a WaitHook that sleeps in the time of a test bubble (testing/synctest),
// which stands still while anybody works and jumps when all sleep: what happens does not
// depend on how fast the machine is. What sleeps in the kernel would hold the bubble's
// time, so a wait is many polls, a step apart: a millisecond, and a hundredth of the wait
// when that is longer.
func InBubble(wait func(time.Duration) (bool, error), timeout time.Duration) error {
	const step, patience = time.Millisecond, 24 * time.Hour
	for began := time.Now(); ; {
		found, err := wait(0)
		waited := time.Since(began)
		left := timeout - waited
		if err != nil || found || left <= 0 {
			return err
		}
		if waited > patience {
			return errors.New("testkit: no timer, and no other goroutine has ended the wait")
		}
		time.Sleep(min(max(step, waited/100), left))
	}
}
