package asyncio

import (
	"errors"
	"fmt"
	"sync"

	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// EventLoopPolicy says which loop is current in which context, and makes new
// ones. The context of the default policy is the goroutine: Go's equivalent of
// Python's thread. Any goroutine may call the methods. (AbstractEventLoopPolicy)
type EventLoopPolicy interface {
	// GetEventLoop returns the context's loop, or an error: never (nil, nil).
	GetEventLoop() (EventLoop, error)
	// SetEventLoop makes loop the context's; nil means that it has none.
	SetEventLoop(loop EventLoop) error
	// NewEventLoop makes a loop by the policy's rules. It does not become current.
	NewEventLoop() (EventLoop, error)
}

// GetEventLoop returns the running loop if the caller is in a callback or a
// coroutine of one, else what the policy says: by default, a loop made at first
// use in the main goroutine, and ErrNoCurrentLoop in others until SetEventLoop.
// Any goroutine may call it. (asyncio.get_event_loop)
func GetEventLoop() (EventLoop, error) {
	if s := currentStrand(); s != nil {
		return s.loop().self, nil
	}
	loop, err := GetEventLoopPolicy().GetEventLoop()
	return nilLoopIsError("GetEventLoop", loop, err)
}

// SetEventLoop makes loop the current one of the caller's context; nil unsets it.
// Any goroutine may call it. (asyncio.set_event_loop)
func SetEventLoop(loop EventLoop) error { return GetEventLoopPolicy().SetEventLoop(loop) }

// NewEventLoop makes a loop by the policy's rules. Any goroutine may call it.
// (asyncio.new_event_loop)
func NewEventLoop() (EventLoop, error) {
	loop, err := GetEventLoopPolicy().NewEventLoop()
	return nilLoopIsError("NewEventLoop", loop, err)
}

// NewDefaultEventLoop makes a loop of the platform's default kind, whatever the policy: a
// ProactorEventLoop on Windows, elsewhere a SelectorEventLoop. The environment variable
// ASYNCIO_LOOP chooses another: "selector" or "proactor". Any other value but the empty one
// is an error, and so is a kind that the machine does not have: the choice is never changed
// in silence. WithLoopFactory takes it. Any goroutine may call it. (asyncio.EventLoop of Python 3.13)
func NewDefaultEventLoop() (EventLoop, error) { return newDefaultLoop() }

// GetRunningLoop returns the loop whose callback or coroutine the caller is, and
// ErrNoRunningLoop elsewhere. Any goroutine may call it.
// (asyncio.get_running_loop)
func GetRunningLoop() (EventLoop, error) {
	if s := currentStrand(); s != nil {
		return s.loop().self, nil
	}
	return nil, opError("GetRunningLoop", ErrNoRunningLoop)
}

func nilLoopIsError(op string, loop EventLoop, err error) (EventLoop, error) {
	if err != nil {
		return nil, err
	}
	if loop == nil {
		return nil, opError(op, fmt.Errorf("%w: the event loop policy returned nil", ErrNoCurrentLoop))
	}
	return loop, nil
}

var globalPolicy struct {
	sync.Mutex
	policy EventLoopPolicy
}

// GetEventLoopPolicy returns the program's policy; a DefaultEventLoopPolicy is
// made at first use. Any goroutine may call it.
// (asyncio.get_event_loop_policy)
func GetEventLoopPolicy() EventLoopPolicy {
	globalPolicy.Lock()
	defer globalPolicy.Unlock()
	if globalPolicy.policy == nil {
		globalPolicy.policy = NewDefaultEventLoopPolicy()
	}
	return globalPolicy.policy
}

// SetEventLoopPolicy sets the program's policy; nil restores the default one, a
// new one that knows no loop. Any goroutine may call it.
// (asyncio.set_event_loop_policy)
func SetEventLoopPolicy(p EventLoopPolicy) {
	globalPolicy.Lock()
	defer globalPolicy.Unlock()
	globalPolicy.policy = p
	if d, ok := p.(policyEmbedder); ok {
		if d := d.defaultPolicy(); d != nil {
			d.mu.Lock()
			d.outer = p
			d.mu.Unlock()
		}
	}
}

// policyEmbedder is what embeds a DefaultEventLoopPolicy.
type policyEmbedder interface {
	defaultPolicy() *DefaultEventLoopPolicy
}

// DefaultEventLoopPolicy keeps one loop per goroutine and makes loops by its
// factory. It is meant to be embedded and partly overridden: once the outer
// policy is set with SetEventLoopPolicy, its SetEventLoop and NewEventLoop are
// what GetEventLoop here calls. Use NewDefaultEventLoopPolicy to make one.
// (DefaultEventLoopPolicy)
type DefaultEventLoopPolicy struct {
	factory func() (EventLoop, error)

	mu    sync.Mutex
	outer EventLoopPolicy
	loops map[int64]EventLoop // by context; looked up, never walked in order
	// mainSet: SetEventLoop was called in the main goroutine, and what it set is
	// not closed. GetEventLoop makes none there then.
	mainSet bool
}

// NewDefaultEventLoopPolicy makes a policy whose loops come from factory, or are
// the platform's default if none is given. Any goroutine may call it.
func NewDefaultEventLoopPolicy(factory ...func() (EventLoop, error)) *DefaultEventLoopPolicy {
	p := &DefaultEventLoopPolicy{}
	if len(factory) > 0 {
		p.factory = factory[0]
	}
	return p
}

func (p *DefaultEventLoopPolicy) defaultPolicy() *DefaultEventLoopPolicy { return p }

// overrides returns the policy whose methods count.
func (p *DefaultEventLoopPolicy) overrides() EventLoopPolicy {
	if p == nil {
		return (*DefaultEventLoopPolicy)(nil)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.outer != nil {
		return p.outer
	}
	return p
}

var errZeroPolicy = invalid("event loop policy", "the DefaultEventLoopPolicy is nil; embed one made by NewDefaultEventLoopPolicy")

// GetEventLoop returns the loop that was set for this goroutine. In the main
// goroutine, if none was ever set, it makes one with NewEventLoop and sets it
// with SetEventLoop, both as overridden. Otherwise: ErrNoCurrentLoop. A loop that
// was closed counts as none. (get_event_loop of the policy)
func (p *DefaultEventLoopPolicy) GetEventLoop() (EventLoop, error) {
	if p == nil {
		return nil, errZeroPolicy
	}
	id := contextID()
	if loop, make := p.lookup(id); loop != nil {
		return loop, nil
	} else if !make {
		return nil, opError("GetEventLoop", ErrNoCurrentLoop)
	}
	self := p.overrides()
	loop, err := self.NewEventLoop()
	if loop, err = nilLoopIsError("GetEventLoop", loop, err); err != nil {
		return nil, err
	}
	if err := self.SetEventLoop(loop); err != nil {
		return nil, errors.Join(err, loop.Close())
	}
	if loop, _ := p.lookup(id); loop != nil {
		return loop, nil
	}
	return nil, opError("GetEventLoop", ErrNoCurrentLoop)
}

func (p *DefaultEventLoopPolicy) lookup(id int64) (loop EventLoop, make bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.loops[id], id == goroutine.Main && !p.mainSet
}

// SetEventLoop makes loop the current one of the calling goroutine; nil unsets
// it. A closed loop is refused with ErrLoopClosed, and a loop that is closed
// later is forgotten. (set_event_loop of the policy)
func (p *DefaultEventLoopPolicy) SetEventLoop(loop EventLoop) error {
	if p == nil {
		return errZeroPolicy
	}
	id := contextID()
	p.mu.Lock()
	old := p.loops[id]
	delete(p.loops, id)
	if id == goroutine.Main {
		p.mainSet = true
	}
	if loop != nil {
		if p.loops == nil {
			p.loops = map[int64]EventLoop{}
		}
		p.loops[id] = loop
	}
	p.mu.Unlock()
	if old != nil && old.base() != nil {
		old.base().policies.unlink(p, id)
	}
	if loop == nil {
		return nil
	}
	if l := loop.base(); l != nil && (l.IsClosed() || !l.policies.link(p, id, func() { p.drop(id, loop) })) {
		p.drop(id, loop)
		return opError("SetEventLoop", ErrLoopClosed)
	}
	return nil
}

// NewEventLoop makes a loop with the factory, or as NewDefaultEventLoop does.
// (new_event_loop of the policy)
func (p *DefaultEventLoopPolicy) NewEventLoop() (EventLoop, error) {
	if p == nil {
		return nil, errZeroPolicy
	}
	if p.factory != nil {
		return nilLoopIsErrorFrom(p.factory())
	}
	return newDefaultLoop()
}

func nilLoopIsErrorFrom(loop EventLoop, err error) (EventLoop, error) {
	return nilLoopIsError("NewEventLoop", loop, err)
}

// drop forgets a loop that is closed.
func (p *DefaultEventLoopPolicy) drop(id int64, loop EventLoop) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loops[id] == loop {
		delete(p.loops, id)
		if id == goroutine.Main {
			p.mainSet = false
		}
	}
}
