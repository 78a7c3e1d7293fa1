package asyncio

import (
	"sync"
	"testing"

	"github.com/petermattis/goid"
)

// TestIdentity: the quick form of a goroutine's identity is used only if it
// agrees with the runtime's own text.
func TestIdentity(t *testing.T) {
	t.Parallel()
	if !identitiesAgree(slowGoroutineID, slowGoroutineID) {
		t.Error("the slow form does not agree with itself")
	}
	wrong := func() int64 { return slowGoroutineID() + 1 }
	if identitiesAgree(wrong, slowGoroutineID) {
		t.Error("a wrong form is believed")
	}
	here := slowGoroutineID()
	if identitiesAgree(func() int64 { return here }, slowGoroutineID) {
		t.Error("a form that is right in one goroutine only is believed")
	}
	if quickIdentity != identitiesAgree(goid.Get, slowGoroutineID) {
		t.Errorf("the quick form is in use: %v", quickIdentity)
	}
	seen := map[int64]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			id := goroutineID()
			if id != slowGoroutineID() {
				t.Errorf("identity %d, the runtime says %d", id, slowGoroutineID())
			}
			mu.Lock()
			defer mu.Unlock()
			seen[id] = true
		})
	}
	wg.Wait()
	if len(seen) != 50 {
		t.Errorf("50 goroutines had %d identities", len(seen))
	}
}

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
