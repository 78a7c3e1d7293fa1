package sched

import "fmt"

// Failure is why a run or a Close has failed: the engine or the system refused, or
// something did not return whose doing is nobody's callback.
type Failure struct {
	Op  string // "poll", "flush", "pin thread", "Run" or "Close"
	Err error  // nil if it did not return:

	Panicked any // it panicked with this, or left by Goexit if this is nil;
	Stack    []byte
}

// Error says what has failed, and why.
func (f *Failure) Error() string {
	switch {
	case f.Err != nil:
		return f.Op + ": " + f.Err.Error()
	case f.Panicked != nil:
		return fmt.Sprintf("%s: panic: %v", f.Op, f.Panicked)
	}
	return f.Op + ": left by Goexit"
}

// Unwrap returns what the engine or the system said.
func (f *Failure) Unwrap() error { return f.Err }
