package sched

import (
	"testing"
	"testing/synctest"
)

// TestClockStandsStill: the first loop of a process can be made where time stands still, and
// the next one measures the clock all the same.
func TestClockStandsStill(t *testing.T) {
	known := measured.Swap(0)
	defer measured.Store(known)
	synctest.Test(t, func(t *testing.T) {
		if step := systemResolution(); step != 0 {
			t.Errorf("a clock that stands still has steps of %v", step)
		}
	})
	if step := systemResolution(); step <= 0 {
		t.Errorf("the system's clock has steps of %v", step)
	}
}
