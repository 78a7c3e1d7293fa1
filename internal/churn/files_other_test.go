//go:build !linux

package churn_test

// allowFiles is how many descriptors there may be: elsewhere we do not ask.
func allowFiles() int { return 1024 }

// sharesLoopback says whether strangers may send to the address of loopback.
const sharesLoopback = true

// loopback returns the only address of loopback that there is for certain: some systems have
// no more, and Wine sends from this one whichever a socket has.
func loopback() string { return "127.0.0.1" }

// longestDatagram is how many bytes a datagram has at most: some systems send no more.
const longestDatagram = 9000

// reportsRefusals says whether the system reports that nobody is where a datagram was sent,
// and reports nothing else.
const reportsRefusals = false

// resident is how many bytes of memory this process has: not told here.
func resident() uint64 { return 0 }
