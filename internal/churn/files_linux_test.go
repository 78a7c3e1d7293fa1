package churn_test

import "golang.org/x/sys/unix"

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

// longestDatagram is how many bytes a datagram has at most.
const longestDatagram = 60_000

// reportsRefusals says whether the system reports that nobody is where a datagram was sent,
// and reports nothing else.
const reportsRefusals = true
