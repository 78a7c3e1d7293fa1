//go:build !race

package goroutine

// raceDetector: these tests run under the race detector, which makes everything
// slower and some things allocate.
const raceDetector = false
