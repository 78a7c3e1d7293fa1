package simulation

import (
	"maps"

	"github.com/go-asyncio/asyncio/internal/engine/simulated"
)

// Crash has the disk lose what was not synced, as the type's comment says, and as is drawn.
func (d *Disk) Crash() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crashes++
	d.used = 0
	if n := len(d.changes); n > 0 {
		d.crashChanges(int(d.chance.N(simulated.Fault, 4)), int(d.chance.N(simulated.Fault, int64(n)+1)))
	}
	d.changes = nil
	d.crashNode(d.root)
}

// crashChanges keeps of the changes of directories: all, none, the first ones, or any of them.
func (d *Disk) crashChanges(mode, first int) {
	for i, c := range d.changes {
		var kept bool
		switch mode {
		case 0:
			kept = true
		case 1:
		case 2:
			kept = i < first
		default:
			kept = d.chance.N(simulated.Fault, 2) == 0
		}
		if kept {
			c.commit()
		}
	}
}

// crashNode leaves of a node, and of what is in it, what a crash does.
func (d *Disk) crashNode(n *diskNode) {
	if n.crashes == d.crashes {
		return
	}
	n.crashes, n.linked = d.crashes, true
	if !n.directory() {
		n.contents.crash(d.chance)
		d.used += int64(len(n.contents.data))
		return
	}
	n.entries = maps.Clone(n.safe)
	for _, name := range n.names() {
		d.crashNode(n.entries[name])
	}
}
