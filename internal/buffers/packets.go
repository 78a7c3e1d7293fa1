package buffers

import (
	"math/bits"

	"github.com/go-asyncio/asyncio/internal/invariants"
)

// Messages are kept in memory of a few sizes, each four times the one before, so that many
// short ones do not need the room of long ones. What is longer than the last gets memory
// of its own.
const (
	shortestPacket = 128
	packetSizes    = 6 // the last is 128 KiB
)

// keepPackets is what a pool keeps for later of each size, at most, in bytes.
const keepPackets = 256 << 10

// packet is a message and whom it is for.
type packet[A any] struct {
	next  *packet[A]
	p     []byte
	shelf int // which size its memory has; packetSizes: of its own
	to    A
}

// PacketPool is where the memory of messages comes from. Its zero value is ready; it
// belongs to one goroutine.
type PacketPool[A any] struct {
	free [packetSizes]*packet[A]
	kept [packetSizes]int
}

// shelfOf is the number of the size that n bytes need, and that size.
func shelfOf(n int) (shelf, size int) {
	if n > shortestPacket {
		shelf = (bits.Len(uint((n-1)/shortestPacket)) + 1) / 2
	}
	if shelf >= packetSizes {
		return packetSizes, n
	}
	return shelf, shortestPacket << (2 * shelf)
}

// take returns a packet that holds a copy of p.
func (k *PacketPool[A]) take(p []byte, to A) *packet[A] {
	shelf, size := shelfOf(len(p))
	var m *packet[A]
	if shelf < packetSizes && k.free[shelf] != nil {
		m = k.free[shelf]
		k.free[shelf] = m.next
		k.kept[shelf] -= size
		m.next = nil
	} else {
		m = &packet[A]{p: make([]byte, size), shelf: shelf}
	}
	m.p = m.p[:len(p)]
	copy(m.p, p)
	m.to = to
	return m
}

// put keeps a packet for later, unless there is enough.
func (k *PacketPool[A]) put(m *packet[A]) {
	if m.shelf == packetSizes || k.kept[m.shelf]+cap(m.p) > keepPackets {
		return
	}
	invariants.Check(m != k.free[m.shelf], "a packet is given back once")
	m.to = *new(A)
	m.next = k.free[m.shelf]
	k.free[m.shelf] = m
	k.kept[m.shelf] += cap(m.p)
}

// Free is how many bytes the pool keeps for later.
func (k *PacketPool[A]) Free() (n int) {
	for _, kept := range k.kept {
		n += kept
	}
	return n
}

// Packets is messages in the order in which they came, each with its boundaries and
// with whom it is for, an A. Its zero value is empty, and ready when it has a Pool. An
// empty one holds no memory.
type Packets[A any] struct {
	Pool *PacketPool[A]

	head, tail *packet[A]
	returned   *packet[A] // the last of those that Return has put in front
	count      int
	size       int
}

// Len is how many messages there are.
func (q *Packets[A]) Len() int { return q.count }

// Size is how many bytes the messages have together.
func (q *Packets[A]) Size() int { return q.size }

// Append puts a copy of p at the end.
func (q *Packets[A]) Append(p []byte, to A) { q.insert(q.tail, p, to) }

// Return puts a copy of p in front, behind those that were returned since the last
// Forward.
func (q *Packets[A]) Return(p []byte, to A) { q.returned = q.insert(q.returned, p, to) }

// Forward says that what is returned from now on goes in front of all that there is.
func (q *Packets[A]) Forward() { q.returned = nil }

// insert puts a copy of p behind another one, in front if that is nil.
func (q *Packets[A]) insert(behind *packet[A], p []byte, to A) *packet[A] {
	m := q.Pool.take(p, to)
	if behind == nil {
		m.next = q.head
		q.head = m
	} else {
		m.next = behind.next
		behind.next = m
	}
	if m.next == nil {
		q.tail = m
	}
	q.count++
	q.size += len(p)
	return m
}

// First lends the first message until Drop; false if there is none.
func (q *Packets[A]) First() (p []byte, to A, ok bool) {
	if q.head == nil {
		return nil, to, false
	}
	return q.head.p, q.head.to, true
}

// Drop removes the first message.
func (q *Packets[A]) Drop() {
	m := q.head
	if q.head = m.next; q.head == nil {
		q.tail = nil
	}
	if q.returned == m {
		q.returned = nil
	}
	q.count--
	q.size -= len(m.p)
	q.Pool.put(m)
	invariants.Check((q.count == 0) == (q.head == nil) && q.size >= 0, "a queue of messages has as many as it counts")
}

// Clear removes all messages.
func (q *Packets[A]) Clear() {
	for q.head != nil {
		q.Drop()
	}
}
