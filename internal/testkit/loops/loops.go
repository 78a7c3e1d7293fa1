// Package loops makes event loops over the mechanisms of package testkit, for tests.
package loops

import (
	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// New makes a loop over a mechanism.
func New(m testkit.Mechanism, opts ...asyncio.LoopOption) (asyncio.EventLoop, error) {
	return testkit.On(m,
		func(s selectors.Selector) (asyncio.EventLoop, error) { return asyncio.NewSelectorEventLoop(s, opts...) },
		func(p proactors.Proactor) (asyncio.EventLoop, error) { return asyncio.NewProactorEventLoop(p, opts...) })
}
