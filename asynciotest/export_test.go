package asynciotest

import "time"

// SetPatience changes how long is waited for what a test may have left, and
// returns what it was.
func SetPatience(d time.Duration) (was time.Duration) {
	was, patience = patience, d
	return was
}
