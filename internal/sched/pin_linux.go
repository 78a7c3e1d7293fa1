package sched

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// setThreadAffinity binds the calling thread to the processors.
func setThreadAffinity(cpus []int) error {
	var set unix.CPUSet
	for _, c := range cpus {
		// A number out of range would be left out, or be taken for another.
		if c < 0 || c >= 8*int(unsafe.Sizeof(set)) {
			return ProcessorError(c)
		}
		set.Set(c)
	}
	return unix.SchedSetaffinity(0, &set)
}
