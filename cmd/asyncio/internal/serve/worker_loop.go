package serve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/fault"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// loopsOf finds what makes the loops that the flags ask for; a meter that is not
// nil gets to know how long the loop sleeps.
func loopsOf(o *Options) (func(*sleepMeter) (asyncio.EventLoop, error), error) {
	var opts []asyncio.LoopOption
	if o.Pinned {
		opts = append(opts, asyncio.WithPinnedThread())
	}
	if o.Loop == loopProactor {
		return func(m *sleepMeter) (asyncio.EventLoop, error) { return proactorLoop(m, o.Pinned, opts) }, nil
	}
	newSelector, err := selectorNamed(o.Selector)
	if err != nil {
		return nil, err
	}
	return func(m *sleepMeter) (asyncio.EventLoop, error) {
		s, err := newSelector()
		if err != nil {
			return nil, err
		}
		if m != nil {
			s = &meteredSelector{s, m}
		}
		return asyncio.NewSelectorEventLoop(s, opts...)
	}, nil
}

// proactorLoop makes a loop over the best proactor.
func proactorLoop(m *sleepMeter, pinned bool, opts []asyncio.LoopOption) (asyncio.EventLoop, error) {
	if m == nil {
		return asyncio.NewProactorEventLoop(nil, opts...)
	}
	open := proactors.NewDefaultProactor
	if pinned {
		open = proactors.NewPinnedIOUringProactor
	}
	p, err := open()
	if err != nil {
		return nil, err
	}
	return asyncio.NewProactorEventLoop(&meteredProactor{p, m}, opts...)
}

// selectorNamed finds a selector's constructor; the empty name is the best's.
func selectorNamed(name string) (func() (selectors.Selector, error), error) {
	if name == "" {
		return selectors.NewDefaultSelector, nil
	}
	available := selectors.Available()
	at := slices.IndexFunc(available, func(i selectors.Info) bool { return i.Name == name })
	if at >= 0 && available[at].Works {
		return available[at].New, nil
	}
	var works []string
	for _, i := range available {
		if i.Works {
			works = append(works, i.Name)
		}
	}
	here := strings.Join(works, ", ")
	if at < 0 {
		return nil, fault.Usage("unknown selector %q%s; here there are %s", name, otherwise(name), here)
	}
	return nil, fmt.Errorf("selector %s: %s; here there are %s", name, fault.WhyNot(available[at].Err), here)
}

// otherwise is how to get what is no selector, or what may have been meant.
func otherwise(name string) string {
	if isProactor(name) {
		return ": that is a proactor, say --loop proactor"
	}
	var known []string
	for _, i := range selectors.Available() {
		known = append(known, i.Name)
	}
	return fault.DidYouMean(name, "", known)
}

// MechanismHint is how to get a loop over the mechanism of that name.
func MechanismHint(name string) string {
	if slices.ContainsFunc(selectors.Available(), func(i selectors.Info) bool { return i.Name == name }) {
		return "; for " + name + " say --selector " + name
	}
	if isProactor(name) {
		return "; for " + name + " say --loop proactor"
	}
	return ""
}

// isProactor reports whether a name is one of a proactor as people write them: io_uring
// whole, in one word, or without the first.
func isProactor(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(proactors.Available(), func(i proactors.Info) bool {
		first, rest, _ := strings.Cut(i.Name, "_")
		return !i.Pinned && (name == i.Name || name == first+rest || name == rest && rest != "")
	})
}
