package asyncio_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

func TestPolicy(t *testing.T) {
	t.Parallel()
	t.Run("policy.001.abstract-policy-not-implemented", func(t *testing.T) {
		t.Parallel()
		var p asyncio.EventLoopPolicy = asyncio.UnimplementedEventLoopPolicy{}
		_, errGet := p.GetEventLoop()
		_, errNew := p.NewEventLoop()
		for _, err := range []error{errGet, errNew, p.SetEventLoop(newLoop(t)), p.SetEventLoop(nil)} {
			wantError(t, err, asyncio.ErrNotImplemented)
			wantError(t, err, errors.ErrUnsupported)
		}
	})
	t.Run("policy.005.get-loop-other-thread", func(t *testing.T) {
		t.Parallel()
		p := asyncio.NewDefaultEventLoopPolicy(func() (asyncio.EventLoop, error) {
			t.Error("a loop was made")
			return nil, errOther
		})
		for range 2 {
			loop, err := p.GetEventLoop()
			wantError(t, err, asyncio.ErrNoCurrentLoop)
			if loop != nil {
				t.Errorf("and there is %v", loop)
			}
		}
	})
	t.Run("policy.006.new-loop", func(t *testing.T) {
		t.Parallel()
		p := asyncio.NewDefaultEventLoopPolicy()
		first, err := p.NewEventLoop()
		must(t, err)
		second, err := p.NewEventLoop()
		must(t, err)
		if first == second {
			t.Error("it is not a fresh one")
		}
		for _, loop := range []asyncio.EventLoop{first, second} {
			runIn(t, loop, func(ctx context.Context) { must(t, asyncio.Sleep(ctx, 0)) })
			must(t, loop.Close())
		}
		_, err = p.GetEventLoop()
		wantError(t, err, asyncio.ErrNoCurrentLoop)
	})
	t.Run("set and get", func(t *testing.T) {
		t.Parallel()
		p := asyncio.NewDefaultEventLoopPolicy()
		first, second := newLoop(t), newLoop(t)
		for _, loop := range []asyncio.EventLoop{first, second, first} {
			must(t, p.SetEventLoop(loop))
			if got, err := p.GetEventLoop(); got != loop || err != nil {
				t.Errorf("%v, %v; want %v", got, err, loop)
			}
		}
		elsewhere := make(chan error)
		go func() { _, err := p.GetEventLoop(); elsewhere <- err }()
		wantError(t, <-elsewhere, asyncio.ErrNoCurrentLoop)
		must(t, first.Close())
		_, err := p.GetEventLoop()
		wantError(t, err, asyncio.ErrNoCurrentLoop)
		wantError(t, p.SetEventLoop(first), asyncio.ErrLoopClosed)
		_, err = p.GetEventLoop()
		wantError(t, err, asyncio.ErrNoCurrentLoop)
	})
	t.Run("nil", func(t *testing.T) {
		t.Parallel()
		p := asyncio.NewDefaultEventLoopPolicy(func() (asyncio.EventLoop, error) { return nil, nil })
		_, err := p.NewEventLoop()
		wantError(t, err, asyncio.ErrNoCurrentLoop)
		var none *asyncio.DefaultEventLoopPolicy
		_, errGet := none.GetEventLoop()
		_, errNew := none.NewEventLoop()
		for _, err := range []error{errGet, errNew, none.SetEventLoop(nil)} {
			wantError(t, err, asyncio.ErrInvalidArgument)
		}
	})
	t.Run("in a loop", func(t *testing.T) {
		t.Parallel()
		// Code of a loop is in the context of the goroutine that runs it.
		p := asyncio.NewDefaultEventLoopPolicy()
		other := newLoop(t)
		inLoop(t, func(ctx context.Context, _ asyncio.EventLoop) { must(t, p.SetEventLoop(other)) })
		if got, err := p.GetEventLoop(); got != other || err != nil {
			t.Errorf("%v, %v; want %v", got, err, other)
		}
	})
	t.Run("zero", func(t *testing.T) {
		t.Parallel()
		p := &struct{ asyncio.DefaultEventLoopPolicy }{}
		loop, err := p.NewEventLoop()
		must(t, err)
		must(t, p.SetEventLoop(loop))
		must(t, loop.Close())
	})
}

var getCreatesProgram = program("get loop creates", func() error {
	var c complaints
	made := 0
	p := asyncio.NewDefaultEventLoopPolicy(func() (asyncio.EventLoop, error) {
		made++
		return asyncio.NewSelectorEventLoop(nil)
	})
	c.check(made == 0, "it began with a loop")
	first, err := p.GetEventLoop()
	c.must(err)
	again, err := p.GetEventLoop()
	c.must(err)
	c.check(first == again && made == 1, "%v, then %v; %d made", first, again, made)
	c.must(first.Close())

	// A loop that is closed is none.
	next, err := p.GetEventLoop()
	c.must(err)
	c.check(next != first && !next.IsClosed(), "after the close: %v", next)
	c.must(next.Close())

	// The program's policy does the same.
	first, err = asyncio.GetEventLoop()
	c.must(err)
	again, err = asyncio.GetEventLoop()
	c.must(err)
	c.check(first == again, "%v, then %v", first, again)
	c.must(first.RunUntilComplete(asyncio.CreateTask(nil, value(0))))
	c.must(first.Close())
	return c.err()
})

// watchedPolicy sees what its embedded policy asks of it.
type watchedPolicy struct {
	*asyncio.DefaultEventLoopPolicy
	set  []asyncio.EventLoop
	made []asyncio.EventLoop
}

func (p *watchedPolicy) SetEventLoop(loop asyncio.EventLoop) error {
	p.set = append(p.set, loop)
	return p.DefaultEventLoopPolicy.SetEventLoop(loop)
}

func (p *watchedPolicy) NewEventLoop() (asyncio.EventLoop, error) {
	loop, err := p.DefaultEventLoopPolicy.NewEventLoop()
	p.made = append(p.made, loop)
	return loop, err
}

var getSetsProgram = program("get loop sets", func() error {
	var c complaints
	p := &watchedPolicy{DefaultEventLoopPolicy: asyncio.NewDefaultEventLoopPolicy()}
	asyncio.SetEventLoopPolicy(p)
	loop, err := p.GetEventLoop()
	c.must(err)
	c.check(len(p.set) == 1 && p.set[0] == loop, "set: %v; got %v", p.set, loop)
	c.check(len(p.made) == 1 && p.made[0] == loop, "made: %v; got %v", p.made, loop)
	c.must(loop.Close())
	return c.err()
})

var setNoneProgram = program("set none", func() error {
	var c complaints
	p := asyncio.NewDefaultEventLoopPolicy()
	c.must(p.SetEventLoop(nil))
	loop, err := p.GetEventLoop()
	c.check(loop == nil && errors.Is(err, asyncio.ErrNoCurrentLoop), "%v, %v", loop, err)
	return c.err()
})

var globalProgram = program("global policy", func() error {
	var c complaints
	first := asyncio.GetEventLoopPolicy()
	_, ok := first.(*asyncio.DefaultEventLoopPolicy)
	c.check(ok && first == asyncio.GetEventLoopPolicy(), "%T, then another", first)
	return c.err()
})

var setGlobalProgram = program("set global policy", func() error {
	var c complaints
	first := asyncio.GetEventLoopPolicy()
	p := &watchedPolicy{DefaultEventLoopPolicy: asyncio.NewDefaultEventLoopPolicy()}
	asyncio.SetEventLoopPolicy(p)
	c.check(asyncio.GetEventLoopPolicy() == asyncio.EventLoopPolicy(p), "it is %v", asyncio.GetEventLoopPolicy())
	asyncio.SetEventLoopPolicy(nil)
	restored := asyncio.GetEventLoopPolicy()
	_, ok := restored.(*asyncio.DefaultEventLoopPolicy)
	c.check(ok && restored != first, "nil restored %v", restored)
	return c.err()
})

// badProgram: a policy that cannot work is an error at its use, not a panic.
var badProgram = program("bad policies", func() error {
	var c complaints
	for _, p := range []asyncio.EventLoopPolicy{
		(*asyncio.DefaultEventLoopPolicy)(nil), &watchedPolicy{}, MyEventLoopPolicy{},
	} {
		asyncio.SetEventLoopPolicy(p)
		loop, errGet := asyncio.GetEventLoop()
		c.check(loop == nil && errors.Is(errGet, asyncio.ErrInvalidArgument), "%T: get gives %v, %v", p, loop, errGet)
		errSet := asyncio.SetEventLoop(nil)
		c.check(errors.Is(errSet, asyncio.ErrInvalidArgument), "%T: set gives %v", p, errSet)
		loop, errNew := asyncio.NewEventLoop()
		c.check(loop == nil && errors.Is(errNew, asyncio.ErrInvalidArgument), "%T: new gives %v, %v", p, loop, errNew)
	}
	asyncio.SetEventLoopPolicy(stubPolicy{})
	loop, err := asyncio.GetEventLoop()
	c.check(loop == nil && errors.Is(err, asyncio.ErrNoCurrentLoop), "nil, nil became %v, %v", loop, err)
	loop, err = asyncio.NewEventLoop()
	c.check(loop == nil && errors.Is(err, asyncio.ErrNoCurrentLoop), "nil, nil became %v, %v", loop, err)
	_, err = asyncio.Run(context.Background(), value(0))
	c.check(errors.Is(err, asyncio.ErrNoCurrentLoop), "a run ended with %v", err)
	return c.err()
})

// stubPolicy answers with what it holds.
type stubPolicy struct {
	loop asyncio.EventLoop
	err  error
}

func (p stubPolicy) GetEventLoop() (asyncio.EventLoop, error) { return p.loop, p.err }
func (p stubPolicy) SetEventLoop(asyncio.EventLoop) error     { return p.err }
func (p stubPolicy) NewEventLoop() (asyncio.EventLoop, error) { return p.loop, p.err }

var runningProgram = program("running loop", func() error {
	var c complaints
	loop, err := asyncio.NewEventLoop()
	c.must(err)
	other, err := asyncio.NewEventLoop()
	c.must(err)
	outside := func() {
		got, err := asyncio.GetRunningLoop()
		c.check(got == nil && errors.Is(err, asyncio.ErrNoRunningLoop) && strings.Contains(err.Error(), "no running event loop"),
			"outside, the running loop: %v, %v", got, err)
		asyncio.SetEventLoopPolicy(stubPolicy{err: errOther})
		got, err = asyncio.GetEventLoop()
		c.check(got == nil && errors.Is(err, errOther), "outside, the policy's error: %v, %v", got, err)
		asyncio.SetEventLoopPolicy(stubPolicy{loop: other})
		got, err = asyncio.GetEventLoop()
		c.check(got == other && err == nil, "outside, the policy's loop: %v, %v", got, err)
	}
	outside()
	inside := 0
	check := func() {
		running, err := asyncio.GetRunningLoop()
		c.must(err)
		current, err := asyncio.GetEventLoop()
		c.must(err)
		c.check(running == loop && current == loop, "inside: %v, %v", running, current)
		inside++
	}
	_, err = loop.CallSoon(check)
	c.must(err)
	c.must(loop.RunUntilComplete(asyncio.CreateTask(loop, func(context.Context) (int, error) { check(); return 0, nil })))
	c.check(inside == 2, "%d checks ran", inside)
	outside()
	c.must(errors.Join(loop.Close(), other.Close()))
	return c.err()
})

var noneOrRunningProgram = program("none or running", func() error {
	var c complaints
	loop, err := asyncio.NewEventLoop()
	c.must(err)
	c.must(asyncio.SetEventLoop(nil))
	none := func() {
		got, err := asyncio.GetEventLoop()
		c.check(got == nil && errors.Is(err, asyncio.ErrNoCurrentLoop), "outside: %v, %v", got, err)
	}
	none()
	c.must(loop.RunUntilComplete(asyncio.CreateTask(loop, func(context.Context) (int, error) {
		got, err := asyncio.GetEventLoop()
		c.check(got == loop && err == nil, "inside: %v, %v", got, err)
		return 0, nil
	})))
	none()
	c.must(asyncio.SetEventLoop(loop))
	got, err := asyncio.GetEventLoop()
	c.check(got == loop && err == nil, "once set: %v, %v", got, err)
	c.must(asyncio.SetEventLoop(nil))
	none()
	c.must(loop.Close())
	return c.err()
})

func TestPolicyPrograms(t *testing.T) {
	t.Parallel()
	for id, name := range map[string]string{
		"policy.002.get-loop-creates-once":          getCreatesProgram,
		"policy.003.get-loop-goes-through-set":      getSetsProgram,
		"policy.004.get-loop-after-set-none":        setNoneProgram,
		"policy.008.global-policy-stable":           globalProgram,
		"policy.009a.set-global-policy":             setGlobalProgram,
		"policy.009b.set-global-policy-type":        badProgram,
		"policy.011.no-running-loop-errors":         runningProgram,
		"policy.012.default-policy-none-vs-running": noneOrRunningProgram,
		"a chosen selector":                         chosenSelectorProgram,
		"a policy of one's own":                     ownPolicyProgram,
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			inProgram(t, name)
		})
	}
}

// The examples of Python's page on event loops.

var chosenSelectorProgram = program("a chosen selector", func() error {
	selector, err := selectors.NewSelectSelector()
	if err != nil {
		return err
	}
	loop, err := asyncio.NewSelectorEventLoop(selector)
	if err != nil {
		return err
	}
	if err = asyncio.SetEventLoop(loop); err != nil {
		return err
	}
	var c complaints
	current, err := asyncio.GetEventLoop()
	c.must(err)
	c.check(current == asyncio.EventLoop(loop) && loop.Selector() == selectors.Selector(selector), "it is %v over %v", current, loop.Selector())
	c.must(current.RunUntilComplete(asyncio.CreateTask(nil, value(0))))
	c.must(loop.Close())
	return c.err()
})

// TestDefaultProactorLoop: the example that makes a proactor loop gets one, or the reason
// why there is none.
func TestDefaultProactorLoop(t *testing.T) {
	t.Parallel()
	loop, err := asyncio.NewProactorEventLoop(nil)
	if err != nil {
		wantError(t, err, errors.ErrUnsupported)
		if loop != nil || !strings.Contains(err.Error(), "use a selector") {
			t.Errorf("%v, %v", loop, err)
		}
		return
	}
	runIn(t, loop, func(ctx context.Context) { must(t, asyncio.Sleep(ctx, 0)) })
	b, err := asyncio.LoopBackend(loop)
	must(t, err)
	if b.Kind != "proactor" || b.Name != loop.Proactor().Name() || b.Detail != loop.Proactor().String() || b.Why != "the best proactor of this machine" {
		t.Errorf("%+v", b)
	}
	must(t, loop.Close())

	p, err := proactors.NewDefaultProactor()
	must(t, err)
	loop, err = asyncio.NewProactorEventLoop(p)
	must(t, err)
	b, err = asyncio.LoopBackend(loop)
	must(t, err)
	if loop.Proactor() != p || b.Why != "given by the program" {
		t.Errorf("%+v", b)
	}
	must(t, loop.Close())
	_, err = p.Wait(0)
	wantError(t, err, proactors.ErrClosed)
}

// TestLoopVariable: the environment chooses the loops of the default policy, and
// nothing else in its place.
func TestLoopVariable(t *testing.T) {
	p, noProactor := proactors.NewDefaultProactor()
	if noProactor == nil {
		must(t, p.Close())
	}
	for _, c := range []struct {
		value, kind string
		err         error
	}{
		{"selector", "selector", nil},
		{"proactor", "proactor", noProactor},
		{"uv", "", asyncio.ErrInvalidArgument},
	} {
		t.Setenv("ASYNCIO_LOOP", c.value)
		loop, err := asyncio.NewDefaultEventLoopPolicy().NewEventLoop()
		if c.err != nil {
			if err == nil {
				t.Errorf("%s: there is a loop: %v", c.value, loop)
			}
			continue
		}
		must(t, err)
		b, err := asyncio.LoopBackend(loop)
		must(t, err)
		if b.Kind != c.kind || !strings.Contains(b.String(), "ASYNCIO_LOOP asks for it") {
			t.Errorf("%s: %v", c.value, b)
		}
		must(t, loop.Close())
	}
}

// MyEventLoopPolicy is a policy that overrides a part.
type MyEventLoopPolicy struct {
	*asyncio.DefaultEventLoopPolicy
}

var seenByMyPolicy []asyncio.EventLoop

func (p MyEventLoopPolicy) GetEventLoop() (asyncio.EventLoop, error) {
	loop, err := p.DefaultEventLoopPolicy.GetEventLoop()
	seenByMyPolicy = append(seenByMyPolicy, loop)
	return loop, err
}

var ownPolicyProgram = program("a policy of one's own", func() error {
	asyncio.SetEventLoopPolicy(MyEventLoopPolicy{asyncio.NewDefaultEventLoopPolicy()})
	var c complaints
	loop, err := asyncio.GetEventLoop()
	c.must(err)
	c.check(len(seenByMyPolicy) == 1 && seenByMyPolicy[0] == loop, "it saw %v; the loop is %v", seenByMyPolicy, loop)
	c.must(loop.Close())
	return c.err()
})

// TestSystemPolicies: the policies of Windows are there, and say where they do
// not work.
func TestSystemPolicies(t *testing.T) {
	t.Parallel()
	s, errS := asyncio.NewWindowsSelectorEventLoopPolicy()
	p, errP := asyncio.NewWindowsProactorEventLoopPolicy()
	if runtime.GOOS != "windows" {
		for _, err := range []error{errS, errP} {
			wantError(t, err, errors.ErrUnsupported)
			if err == nil || !strings.Contains(err.Error(), runtime.GOOS) {
				t.Errorf("%v does not name the system", err)
			}
		}
		if s != nil || p != nil {
			t.Errorf("%v, %v", s, p)
		}
		return
	}
	must(t, errors.Join(errS, errP))
	for kind, policy := range map[string]asyncio.EventLoopPolicy{"selector": s, "proactor": p} {
		loop, err := policy.NewEventLoop()
		must(t, err)
		backend, err := asyncio.LoopBackend(loop)
		must(t, err)
		if backend.Kind != kind {
			t.Errorf("%T makes %v", policy, backend)
		}
		must(t, loop.Close())
	}
}
