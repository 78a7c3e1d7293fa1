package churn_test

import (
	"fmt"
	"math/rand/v2"
	"os"

	"golang.org/x/sys/unix"
)

// allowFiles allows this process as many descriptors as it may have, and returns how
// many.
func allowFiles() int {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 1024
	}
	if r.Cur < r.Max {
		more := unix.Rlimit{Cur: r.Max, Max: r.Max}
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &more) == nil {
			r = more
		}
	}
	return int(min(r.Cur, 1<<20))
}

// sharesLoopback says whether strangers may send to the address of loopback.
const sharesLoopback = false

// loopback returns an address that nobody else has: all of 127.0.0.0/8 are this machine.
func loopback() string {
	own := rand.Uint32()
	return fmt.Sprintf("127.%d.%d.%d", 1+byte(own>>16)/2, byte(own>>8), 1+byte(own)/2)
}

// longestDatagram is how many bytes a datagram has at most.
const longestDatagram = 60_000

// reportsRefusals says whether the system reports that nobody is where a datagram was sent,
// and reports nothing else.
const reportsRefusals = true

// resident is how many bytes of memory this process has.
func resident() uint64 {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages uint64
	if _, err := fmt.Sscan(string(statm), &size, &pages); err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}
