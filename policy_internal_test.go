package asyncio

import (
	"sync"
	"testing"
)

// TestPolicyHoldsNoClosedLoop: what was current anywhere is let go of when it is
// closed or replaced.
func TestPolicyHoldsNoClosedLoop(t *testing.T) {
	t.Parallel()
	p := NewDefaultEventLoopPolicy()
	loops := make([]EventLoop, 20)
	var wg sync.WaitGroup
	for i := range loops {
		loop, err := p.NewEventLoop()
		if err != nil {
			t.Fatal(err)
		}
		loops[i] = loop
		wg.Go(func() {
			if err := p.SetEventLoop(loop); err != nil {
				t.Error(err)
			}
			if i%2 == 0 { // a goroutine that tidies up
				if err := p.SetEventLoop(nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(p.loops) != 10 {
		t.Errorf("the policy holds %d loops, 10 were unset", len(p.loops))
	}
	for i, loop := range loops {
		if held := len(loop.base().policies.held); held != i%2 {
			t.Errorf("loop %d is linked to %d policies", i, held)
		}
		wg.Go(func() {
			if err := loop.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(p.loops) != 0 {
		t.Errorf("the policy still holds %d closed loops", len(p.loops))
	}
}
