package serve

import (
	"time"

	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// sleepMeter measures how long a loop sleeps. A poll that does not block counts as
// work.
type sleepMeter struct {
	slept time.Duration
}

// since adds a wait that has ended.
func (m *sleepMeter) since(began time.Time) { m.slept += time.Since(began) }

// meteredSelector is a selector whose waits are measured.
type meteredSelector struct {
	selectors.Selector
	meter *sleepMeter
}

// Select implements selectors.Selector.
func (s *meteredSelector) Select(timeout time.Duration) ([]selectors.Ready, error) {
	if timeout > 0 {
		defer s.meter.since(time.Now())
	}
	return s.Selector.Select(timeout)
}

// meteredProactor is a proactor whose waits are measured.
type meteredProactor struct {
	proactors.Proactor
	meter *sleepMeter
}

// Wait implements proactors.Proactor.
func (p *meteredProactor) Wait(timeout time.Duration) ([]proactors.Completion, error) {
	if timeout > 0 {
		defer p.meter.since(time.Now())
	}
	return p.Proactor.Wait(timeout)
}
