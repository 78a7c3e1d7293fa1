package buffers

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"
)

func join(vec [][]byte) []byte { return bytes.Join(vec, nil) }

// TestAgainstModel drives queues of one pool through random histories beside
// plain byte slices. What has been gathered must stay as it is until it is
// discarded, whatever is appended meanwhile.
func TestAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 7))
		var pool Pool
		type pair struct {
			q       *Queue
			model   []byte
			lent    [][]byte
			lentWas []byte
		}
		pairs := make([]pair, 4)
		next := byte(0)
		for step := range 1500 {
			p := &pairs[rng.IntN(len(pairs))]
			if p.q == nil {
				p.q = pool.Take()
			}
			switch op := rng.IntN(10); {
			case op < 5:
				n := rng.IntN(300)
				if rng.IntN(20) == 0 {
					n = rng.IntN(3 * largeSize)
				}
				data := make([]byte, n)
				for i := range data {
					data[i] = next
					next++
				}
				p.q.Append(data)
				p.model = append(p.model, data...)
				clear(data) // the caller's memory is the caller's
			case op < 7:
				p.lent = p.q.Gather(nil, 1+rng.IntN(64))
				p.lentWas = join(p.lent)
				if !bytes.HasPrefix(p.model, p.lentWas) {
					t.Fatalf("seed %d step %d: gathered bytes are not the first of the queue", seed, step)
				}
				if len(p.model) > 0 && len(p.lentWas) == 0 {
					t.Fatalf("seed %d step %d: nothing gathered from a queue of %d bytes", seed, step, len(p.model))
				}
			case op < 9:
				n := rng.IntN(len(p.model) + 1)
				if len(p.lentWas) > 0 {
					n = min(n, len(p.lentWas))
				}
				p.q.Discard(n)
				p.model = p.model[n:]
				p.lent, p.lentWas = nil, nil
			case rng.IntN(3) == 0:
				p.q.Release()
				*p = pair{}
				continue
			case rng.IntN(3) == 0:
				p.q.Forget()
				p.model, p.lent, p.lentWas = nil, nil, nil
			}
			if p.q.Len() != len(p.model) {
				t.Fatalf("seed %d step %d: %d bytes, want %d", seed, step, p.q.Len(), len(p.model))
			}
			if !bytes.Equal(join(p.lent), p.lentWas) {
				t.Fatalf("seed %d step %d: bytes changed while they were lent", seed, step)
			}
		}
		for i := range pairs {
			if p := &pairs[i]; p.q != nil && !bytes.Equal(join(p.q.Gather(nil, 1<<30)), p.model) {
				t.Fatalf("seed %d: queue %d does not hold what was put in", seed, i)
			}
		}
	}
}

// TestEmptyHoldsNothing: a queue that was emptied keeps no chunk for itself.
func TestEmptyHoldsNothing(t *testing.T) {
	t.Parallel()
	var pool Pool
	q := pool.Take()
	q.Append(make([]byte, 100))
	q.Append(make([]byte, 3*largeSize))
	held := smallSize
	for c := q.head.next; c != nil; c = c.next {
		held += len(c.mem)
	}
	q.Discard(q.Len())
	if q.head != nil || q.tail != nil {
		t.Error("an empty queue holds a chunk")
	}
	if pool.Free() != held {
		t.Errorf("the pool has %d bytes, want %d", pool.Free(), held)
	}
}

// TestBounded: a pool keeps a bounded amount, however much went through it.
func TestBounded(t *testing.T) {
	t.Parallel()
	var pool Pool
	for _, n := range []int{100, 10 * keepLarge} {
		queues := make([]*Queue, 1500)
		for i := range queues {
			queues[i] = pool.Take()
			if i < 2 || n == 100 {
				queues[i].Append(make([]byte, n))
			}
		}
		for _, q := range queues {
			q.Release()
		}
	}
	if free := pool.Free(); free > keepSmall+keepLarge+burstSmall+burstLarge || free < keepLarge {
		t.Errorf("the pool keeps %d bytes", free)
	}
	runtime.GC()
	if free := pool.Free(); free != keepSmall+keepLarge {
		t.Errorf("the pool keeps %d bytes after the collector's cycle, want %d", free, keepSmall+keepLarge)
	}
	if pool.count != keepQueue {
		t.Errorf("the pool keeps %d queues, want %d", pool.count, keepQueue)
	}
}

func TestForgetReusesNothing(t *testing.T) {
	t.Parallel()
	var pool Pool
	q := pool.Take()
	q.Append([]byte("in flight"))
	lent := q.Gather(nil, 1)
	q.Forget()
	q.Release()
	other := pool.Take()
	other.Append([]byte("something else"))
	if string(lent[0]) != "in flight" {
		t.Errorf("memory that was forgotten was used again: %q", lent[0])
	}
}

func TestDiscardTooMuchPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	var pool Pool
	pool.Take().Discard(1)
}

// TestSteadyStateAllocatesNothing: falling behind and catching up again takes
// its memory from the pool.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	var pool Pool
	data := make([]byte, 200<<10)
	var vec [][]byte
	round := func() {
		q := pool.Take()
		q.Append(data[:100])
		q.Append(data)
		for q.Len() > 0 {
			vec = q.Gather(vec[:0], 8)
			q.Discard(min(q.Len(), 30000))
		}
		q.Release()
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations a round", n)
	}
}
