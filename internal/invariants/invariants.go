// Package invariants has the checks of what must always hold inside the library.
//
// They are compiled in by the build tag invariants, and under the race detector, so
// that a run of the tests with either makes them; in a program they cost nothing. What
// takes more than a comparison to find out stands behind Enabled, which is a constant:
//
//	invariants.Check(n.timed, "a timer that is due was set")
//	if invariants.Enabled {
//		q.check()
//	}
//
// A broken invariant ends the program: a panic would be caught, as that of a callback
// or a task, and reported to whoever happened to be called.
package invariants

import (
	"fmt"
	"runtime/debug"
)

// Check ends the program if what must hold does not. What says what must hold.
func Check(holds bool, what string) {
	if Enabled && !holds {
		broken(what)
	}
}

// broken panics where nothing recovers it: on a goroutine of its own. The caller does
// not go on.
func broken(what string) {
	stack := debug.Stack()
	go panic(fmt.Sprintf("broken invariant: %s\n\n%s", what, stack))
	select {}
}
