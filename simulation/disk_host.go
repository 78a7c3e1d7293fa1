package simulation

import (
	"context"
	"time"
)

// Disk is the host's disk, which stays when the host crashes, but for what was not synced then.
// What this returns is of use until the next crash: a program asks anew when it starts. What an
// operation takes by [DiskConditions] is charged to functions in executors (asyncio.ToThread),
// as a program calls a disk that it does not want to be held up by; on a loop it takes no time.
func (h *Host) Disk() *Disk {
	if h.disk == nil {
		h.disk = newDisk(h.world.chance)
		h.disk.now = h.Now
		h.disk.charge = func(took time.Duration) {
			_ = h.world.sleepOnWorker(context.Background(), took) // a crash shows by the disk itself
		}
	}
	return h.disk.inThisLife()
}
