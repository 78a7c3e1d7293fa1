//go:build unix && !linux

package asyncio_test

import "runtime"

// noticedBy is how the end of a child is noticed on this system.
var noticedBy = map[bool]string{false: "kqueue", true: "goroutine"}[runtime.GOOS == "solaris" || runtime.GOOS == "illumos"]
