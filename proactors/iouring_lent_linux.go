package proactors

// This file is what users do with memory that a completion lends.

// Memory implements Proactor.
func (p *IOUring) Memory(c Completion) []byte {
	if c.Flags&ownLetter != 0 {
		return p.letters.memory(c)
	}
	return p.Received(c)
}

// Received is Memory of what a Receive has brought. It is inlined.
func (p *IOUring) Received(c Completion) []byte {
	return p.bufs.memory(uint32(c.Flags/OwnFlags), uint32(c.N))
}

// Keep implements Keeper.
func (p *IOUring) Keep(c Completion) (k Kept) {
	if !p.closed && c.N > 0 && c.Flags&(Lent|ownLetter) == Lent {
		k = p.bufs.keep(uint32(c.Flags/OwnFlags), uint32(c.N))
	}
	return k
}

// Release implements Proactor.
func (p *IOUring) Release(c Completion) {
	if p.closed || c.Flags&ownLetter != 0 {
		p.releaseLetter(c)
		return
	}
	p.ReleaseReceived(c.Flags)
}

// ReleaseReceived is Release of what a Receive has brought, by the flags of its completion,
// while the proactor is open.
func (p *IOUring) ReleaseReceived(flags Flags) {
	p.lent--
	if pos := uint32(flags / OwnFlags); p.bufs.drop(pos) {
		p.bufs.renew(pos)
	}
}

// releaseLetter is Release of a letter, or once the proactor is closed.
func (p *IOUring) releaseLetter(c Completion) {
	if !p.closed {
		p.lent--
		p.letters.out--
		p.letters.giveBack(letterOf(c.Flags))
	}
}
