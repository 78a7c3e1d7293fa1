package asyncio

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// TestLockedStateExcludes: the lock keeps out everyone else, also while the state changes.
func TestLockedStateExcludes(t *testing.T) {
	t.Parallel()
	var s lockedState
	const workers, rounds = 4, 2000
	count := 0
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range rounds {
				state := s.lock()
				count++
				s.unlock(state)
				if s.load() != statePending {
					t.Error("locking changed the state")
				}
				if !s.lockPending() {
					t.Error("pending, and refused")
				} else {
					count++
					s.unlock(statePending)
				}
			}
		})
	}
	all.Wait()
	if count != 2*workers*rounds {
		t.Errorf("%d increments under the lock, want %d", count, 2*workers*rounds)
	}
	s.lock()
	s.unlock(stateFinished)
	if s.lockPending() || s.load() != stateFinished {
		t.Error("a finished future was locked as a pending one")
	}
}

// TestWaitNodesAgainstModel: the list of those who wait keeps their order whoever leaves it.
func TestWaitNodesAgainstModel(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var f futureBase
		var want []*waitNode
		for range 30 {
			if k := len(want); k > 0 && random.IntN(3) == 0 {
				i := random.IntN(k)
				if !f.removeNode(want[i]) || f.removeNode(want[i]) {
					t.Fatal("a node that was there once was not removed once")
				}
				want = slices.Delete(want, i, i+1)
			} else {
				n := &waitNode{}
				if !f.addNode(n) {
					t.Fatal("a pending future took no node")
				}
				want = append(want, n)
			}
			var got []*waitNode
			for n := range f.waits.All() {
				got = append(got, n)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("the list has %d nodes in another order than the %d added", len(got), len(want))
			}
		}
	}
}

// TestSettlingRaces: whoever waits while others settle, wait and leave is told exactly once, or has
// left, or was not let in.
func TestSettlingRaces(t *testing.T) {
	t.Parallel()
	l, err := NewSelectorEventLoop(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for range 200 {
		f := NewFuture[int](l)
		var settled, told, left, refused atomic.Int32
		begin := make(chan struct{})
		var all sync.WaitGroup
		for i := range 2 {
			all.Go(func() {
				<-begin
				if f.SetResult(i+1) == nil {
					settled.Add(1)
				}
			})
		}
		const waiters = 4
		for i := range waiters {
			all.Go(func() {
				<-begin
				n := &waitNode{direct: true, to: callback(func() {
					if v, err := f.Result(); err != nil || v == 0 {
						t.Errorf("told of %d, %v", v, err)
					}
					told.Add(1)
				})}
				switch {
				case !f.addNode(n):
					refused.Add(1)
				case i%2 == 0 && f.removeNode(n):
					left.Add(1)
				}
			})
		}
		close(begin)
		all.Wait()
		if settled.Load() != 1 || told.Load()+left.Load()+refused.Load() != waiters {
			t.Fatalf("%d set the result; of %d, %d were told, %d left, %d came too late",
				settled.Load(), waiters, told.Load(), left.Load(), refused.Load())
		}
	}
}
