package proactors

import "slices"

// This file is what becomes of receives for which there was no memory: they wait in a list, and
// the next Wait starts them again, those first that have got nothing for longest.

// queues reports whether an operation has to wait for memory behind others that do. The one
// that is told of and asks again at once would take from them what it has given back, time
// after time. Who waits does not repeat: see dryUp.
func (p *IOUring) queues(r *Request) bool {
	return len(p.dry) > 0 && r.Kind == Receive && len(r.Bufs) == 0
}

// dryUp has an operation wait for memory, of which there was none left: in front of those who
// got some since they were submitted, and a receive no longer repeats. One that repeats takes
// what there is as long as its peer sends, and the others would find none again.
func (p *IOUring) dryUp(i uint32, s *slot) {
	p.dried++
	s.flag = s.flag&^slotRepeat | slotDry
	at := len(p.dry)
	if s.flag&slotFed == 0 {
		at = 0
		for at < len(p.dry) && p.slots[p.dry[at]].flag&slotFed == 0 {
			at++
		}
	}
	p.dry = slices.Insert(p.dry, at, i)
}

// restart starts anew the receives that had no buffer, and what ended for no reason
// of its own.
func (p *IOUring) restart() error {
	dry := p.dry
	p.dry = p.dry[:0]
	for _, i := range dry {
		s := &p.slots[i]
		if s.flag&slotGone == 0 && !p.memoryFor(s) {
			p.dry = append(p.dry, i) // never beyond what was read
			continue
		}
		e, pos, err := p.ring.next()
		if err != nil {
			return err
		}
		s.flag &^= slotDry | slotFed
		s.pos = pos
		p.thread.unseen = lookEvery
		if s.flag&slotGone != 0 {
			*e = sqe{opcode: opNop, fd: -1, userData: s.op.Tag}
			s.flag |= slotVoid
			continue
		}
		s.fill(e)
	}
	return nil
}

// memoryFor reports whether the kernel has memory for what an operation receives.
func (p *IOUring) memoryFor(s *slot) bool {
	switch {
	case s.kind == ReceiveFrom:
		return p.letters.some()
	case s.kind == Receive && s.flag&slotOwn == 0:
		return p.bufs.some()
	}
	return true
}
