package buffers_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/go-asyncio/asyncio/internal/buffers"
)

// message is what a model of a queue of messages has.
type message struct {
	data []byte
	to   int
}

// TestPacketsAgainstModel drives queues of one pool through random histories beside a
// plain model: boundaries, addresses and the order are kept, whatever is returned.
func TestPacketsAgainstModel(t *testing.T) {
	t.Parallel()
	var pool buffers.PacketPool[int]
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 11))
		q := buffers.Packets[int]{Pool: &pool}
		var want []message
		returned := 0
		for step := range 400 {
			size := rng.IntN(300)
			if rng.IntN(20) == 0 {
				size = rng.IntN(300 << 10)
			}
			m := message{bytes.Repeat([]byte{byte(step)}, size), step}
			switch rng.IntN(6) {
			case 0, 1:
				q.Append(m.data, m.to)
				want = append(want, m)
			case 2:
				q.Return(m.data, m.to)
				want = append(want[:returned], append([]message{m}, want[returned:]...)...)
				returned++
			case 3, 4:
				if len(want) > 0 {
					q.Drop()
					want = want[1:]
					returned = max(0, returned-1)
				}
			case 5:
				q.Forward()
				returned = 0
			}
			total := 0
			for _, m := range want {
				total += len(m.data)
			}
			if q.Len() != len(want) || q.Size() != total {
				t.Fatalf("seed %d step %d: %d messages of %d bytes, want %d of %d", seed, step, q.Len(), q.Size(), len(want), total)
			}
			p, to, ok := q.First()
			if ok != (len(want) > 0) || ok && (to != want[0].to || !bytes.Equal(p, want[0].data)) {
				t.Fatalf("seed %d step %d: first is %d bytes to %d, %v", seed, step, len(p), to, ok)
			}
		}
		if q.Clear(); q.Len() != 0 || q.Size() != 0 {
			t.Fatalf("seed %d: %d messages of %d bytes are left", seed, q.Len(), q.Size())
		}
	}
}

// TestPacketsAreCopies: what was given may change afterwards.
func TestPacketsAreCopies(t *testing.T) {
	t.Parallel()
	var pool buffers.PacketPool[string]
	q := buffers.Packets[string]{Pool: &pool}
	p := []byte("first")
	q.Append(p, "a")
	copy(p, "later")
	if got, to, _ := q.First(); string(got) != "first" || to != "a" {
		t.Errorf("%q to %q", got, to)
	}
}

// TestPacketMemory: memory of a few sizes is used again, as much as is worth keeping, and
// what is longer than all of them is the collector's.
func TestPacketMemory(t *testing.T) { // not in parallel: it counts allocations
	for _, c := range []struct{ size, kept int }{
		{0, 128}, {1, 128}, {128, 128}, {129, 512}, {512, 512}, {513, 2048}, {2049, 8192},
		{8193, 32768}, {32769, 131072}, {131072, 131072}, {131073, 0},
	} {
		t.Run(fmt.Sprint(c.size), func(t *testing.T) {
			var pool buffers.PacketPool[int]
			q := buffers.Packets[int]{Pool: &pool}
			q.Append(make([]byte, c.size), 1)
			if q.Drop(); pool.Free() != c.kept {
				t.Errorf("the pool keeps %d bytes, want %d", pool.Free(), c.kept)
			}
			p := make([]byte, c.size)
			again := testing.AllocsPerRun(100, func() {
				q.Append(p, 2)
				q.Drop()
			})
			if c.kept > 0 && again != 0 {
				t.Errorf("%v allocations for a message of a kept size", again)
			}
			for range 10_000 {
				q.Append(p[:min(len(p), 2048)], 3)
			}
			if q.Clear(); pool.Free() > 1<<20 {
				t.Errorf("the pool keeps %d bytes", pool.Free())
			}
		})
	}
}
