package goroutine

import (
	"iter"
	"runtime"
)

// Trace is a recorded stack: where something was made.
type Trace struct{ pcs []uintptr }

// NewTrace records the stack of its caller, that of the caller's caller if skip is 1, and
// so on: 32 frames of it at most.
func NewTrace(skip int) *Trace {
	var pcs [32]uintptr
	n := runtime.Callers(2+skip, pcs[:])
	return &Trace{append([]uintptr(nil), pcs[:n]...)}
}

// Frames yields the recorded frames, the innermost first. A nil Trace has none.
func (t *Trace) Frames() iter.Seq[runtime.Frame] {
	return func(yield func(runtime.Frame) bool) {
		if t == nil || len(t.pcs) == 0 {
			return
		}
		for it := runtime.CallersFrames(t.pcs); ; {
			f, more := it.Next()
			if !yield(f) || !more {
				return
			}
		}
	}
}
