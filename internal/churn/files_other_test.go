//go:build !linux

package churn_test

// allowFiles is how many descriptors there may be: elsewhere we do not ask.
func allowFiles() int { return 1024 }

// longestDatagram is how many bytes a datagram has at most: some systems send no more.
const longestDatagram = 9000

// reportsRefusals says whether the system reports that nobody is where a datagram was sent,
// and reports nothing else.
const reportsRefusals = false
