//go:build unix

package main

import "golang.org/x/sys/unix"

// openFiles is how many files a process may have open, 0 if that is not known.
func openFiles() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return int(min(limit.Max, 1<<30))
}
