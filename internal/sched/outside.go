package sched

import (
	"sync"
	"sync/atomic"
)

// outside is the part of a loop that knows of the functions that other goroutines have it
// run. They come in the order of the inbox and run in that order, so a number says which one
// it is, and that of the latest says which have had their turn: none of them needs a node.
//
// One that is cancelled is noted. The loop says that its turn has come and then looks whether
// any are noted, who cancels notes it and then looks whether its turn has come: so one of the
// two sees the other, and if both do, the mutex says who was first.
type outside struct {
	all node // what the Refs to all of them refer to; the number is in the place of the generation

	withdrawing sync.Mutex
	withdrawn   map[uint64]struct{} // those that are cancelled and have not had their turn
	anyGone     atomic.Int32        // how many these are

	_ [64]byte

	turned atomic.Uint64 // the latest whose turn has come
	taken  uint64        // the latest that was taken from the inbox; the loop's
}

// outsideCall is such a function. Item.Ev is its number.
type outsideCall func()

// Complete runs it, if turn says so.
func (f outsideCall) Complete(uint64) { f() }

func (o *outside) init(l *Loop) {
	o.all.loop, o.all.common = l, true
	o.all.state.Store(1) // no Ref's: numbers begin with 1
}

// turn says that the turn of a call has come, and reports whether it is to run. Owner only.
func (o *outside) turn(number uint64) bool {
	o.turned.Store(number)
	return o.anyGone.Load() == 0 || !o.takeBack(number)
}

// takeBack forgets a call that is cancelled, and reports whether it was.
func (o *outside) takeBack(number uint64) bool {
	o.withdrawing.Lock()
	defer o.withdrawing.Unlock()
	if _, ok := o.withdrawn[number]; !ok {
		return false
	}
	delete(o.withdrawn, number)
	o.anyGone.Add(-1)
	return true
}

// withdraw cancels a call and reports whether that is its doing.
func (o *outside) withdraw(number uint64) bool {
	if o.turned.Load() >= number {
		return false
	}
	o.withdrawing.Lock()
	defer o.withdrawing.Unlock()
	if _, ok := o.withdrawn[number]; ok {
		return false
	}
	if o.withdrawn == nil {
		o.withdrawn = map[uint64]struct{}{}
	}
	o.withdrawn[number] = struct{}{}
	o.anyGone.Add(1)
	if o.turned.Load() >= number {
		delete(o.withdrawn, number)
		o.anyGone.Add(-1)
		return false
	}
	return true
}

// isWithdrawn reports whether a call is cancelled and has not had its turn.
func (o *outside) isWithdrawn(number uint64) bool {
	o.withdrawing.Lock()
	defer o.withdrawing.Unlock()
	_, ok := o.withdrawn[number]
	return ok
}

// viewOutside is View for a call from outside.
func (l *Loop) viewOutside(number uint64) View {
	v := View{Cancelled: l.isWithdrawn(number), Done: l.turned.Load() >= number}
	if v.Done {
		return v
	}
	// Only the loop may look into its queue.
	l.IfOwner(func() {
		l.catchUp()
		for k := l.ready.head; k != l.ready.tail; k++ {
			i := l.ready.items[k&l.ready.mask]
			if f, ok := i.To.(outsideCall); ok && i.Ev == number {
				v.Func = f
			}
		}
	})
	return v
}
