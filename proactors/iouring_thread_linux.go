package proactors

import "golang.org/x/sys/unix"

// This file has operations follow the loop's goroutine from thread to thread.
//
// The kernel finishes an operation on the thread that submitted it. With cooperative
// task work it does so when that thread next enters the kernel, and interrupts nobody,
// which is much cheaper (where threads are those of a virtual machine, a quarter of
// the cost of a small message). As long as one thread submits and waits that is at once;
// but a goroutine that is not locked to a thread comes to another one when all are
// busy, and the thread that it has left may then compute for someone else: results
// would be late by up to a tick of the clock.
//
// So the proactor looks which thread waits. When it is another one, and remains so for
// a few Waits, what goes on for long is cancelled and started again from there. What
// has an end of its own, a send or a connect, is left.

// waitingThread is the thread from which Wait enters the kernel.
type waitingThread struct {
	id     int  // which waited last
	looks  int  // how often it did, in a row
	unseen int  // Waits since then
	away   bool // operations may belong to another thread
}

const (
	// settleLooks is how often the same thread must have been seen, and once more for
	// each so many operations: moving costs about a microsecond for each.
	settleLooks   = 4
	settlePerLook = 32

	// lookEvery: a look is a system call, and made in a Wait that has new operations to
	// hand over, and in every eighth of the others.
	lookEvery = 8
)

// followThread notes which thread waits, and has operations come after it.
func (p *IOUring) followThread() error {
	t := &p.thread
	if t.unseen++; t.unseen < lookEvery {
		return nil
	}
	t.unseen = 0
	if id := unix.Gettid(); id != t.id {
		t.away = t.id != 0
		t.id, t.looks = id, 0
		return nil
	}
	t.looks++
	if !t.away || t.looks < settleLooks+p.live/settlePerLook {
		return nil
	}
	t.away = false
	for i := range p.slots {
		if err := p.move(&p.slots[i]); err != nil {
			return err
		}
	}
	return nil
}

// move cancels an operation that the kernel has, without a word to its user: it is
// started again when the kernel has let go of it.
func (p *IOUring) move(s *slot) error {
	if s.op == nil || s.flag&(slotDry|slotGone) != 0 || s.kind == Send || s.kind == SendTo || s.kind == Connect || p.ring.unseen(s.pos) != nil {
		return nil
	}
	e, _, err := p.ring.next()
	if err != nil {
		return err
	}
	e.opcode, e.flags, e.fd, e.addr = opAsyncCancel, sqeCQESkipSuccess, -1, s.op.Tag
	return nil
}
