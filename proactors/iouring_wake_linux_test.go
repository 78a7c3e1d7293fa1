package proactors

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/go-asyncio/asyncio/selectors"
)

// TestWakeThatFails: a wake-up that the system did not take is tried again until it does.
func TestWakeThatFails(t *testing.T) {
	t.Parallel()
	p := openUring(t)
	var fails atomic.Int32
	works := p.wake
	p.wake = func() error {
		if fails.Add(-1) >= 0 {
			return errors.New("cannot wake")
		}
		return works()
	}
	for range 3 {
		fails.Store(5)
		go p.Wake()
		if done, err := p.Wait(selectors.Forever); err != nil || len(done) != 0 {
			t.Errorf("Wait = %v, %v", done, err)
		}
		if left := fails.Load(); left >= 0 {
			t.Errorf("Wait ended %d failures early", left+1)
		}
	}
}
