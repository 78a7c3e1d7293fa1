package simulation

import "time"

// ChargeDisk has f hear how long each operation of a disk takes.
func ChargeDisk(d *Disk, f func(time.Duration)) { d.charge = f }
