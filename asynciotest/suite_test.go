package asynciotest_test

import (
	"log/slog"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/asynciotest"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// TestSelectorEventLoop runs the suite over every selector of the machine.
func TestSelectorEventLoop(t *testing.T) {
	overEach(t, func(m testkit.Mechanism) bool { return m.Selector != nil })
}

// TestProactorEventLoop runs the suite over every proactor of the machine.
func TestProactorEventLoop(t *testing.T) {
	overEach(t, func(m testkit.Mechanism) bool { return m.Proactor != nil })
}

// TestSimulatedEventLoop runs the suite over a host of a simulated network.
func TestSimulatedEventLoop(t *testing.T) {
	overEach(t, testkit.Simulated)
}

// overEach runs the suite over mechanisms, one after the other: some behaviours are about
// time, and a suite's own run at the same time.
func overEach(t *testing.T, which func(testkit.Mechanism) bool) {
	for _, m := range testkit.Available(t, which) {
		t.Run(m.Name, func(t *testing.T) {
			asynciotest.TestLoop(t, func() (asyncio.EventLoop, error) {
				// Some tests have errors logged, and a loop closed that is in use.
				return loops.New(m, asyncio.WithLogger(slog.New(slog.DiscardHandler)))
			})
		})
	}
}
