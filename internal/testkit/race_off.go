//go:build !race

package testkit

// RaceDetector: these tests run under the race detector, which makes everything slower
// and some things allocate.
const RaceDetector = false
