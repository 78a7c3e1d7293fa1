package asyncio

import "golang.org/x/sys/unix"

// setThreadAffinity binds the calling thread to the processors.
func setThreadAffinity(cpus []int) error {
	var set unix.CPUSet
	for _, c := range cpus {
		set.Set(c)
	}
	return unix.SchedSetaffinity(0, &set)
}
