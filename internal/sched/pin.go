package sched

import "fmt"

// pinning keeps a loop's goroutine on one thread, and that thread on the given
// processors if there are any.
type pinning struct{ cpus []int }

// Pin keeps the loop on one thread of the system, and on the given processors if any are
// named. What the system refuses fails each run. Before the first run.
func (l *Loop) Pin(cpus ...int) { l.pin = &pinning{cpus} }

// Pinned reports whether Pin was called.
func (l *Loop) Pinned() bool { return l.pin != nil }

// ProcessorError is the number of a processor that there is not.
type ProcessorError int

// Error says so.
func (e ProcessorError) Error() string { return fmt.Sprintf("there is no processor %d", int(e)) }

func (p *pinning) apply() error {
	if len(p.cpus) == 0 {
		return nil
	}
	if err := setThreadAffinity(p.cpus); err != nil {
		return &Failure{Op: "pin thread", Err: err}
	}
	return nil
}
