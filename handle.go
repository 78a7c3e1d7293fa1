package asyncio

import (
	"fmt"
	"time"

	"github.com/go-asyncio/asyncio/internal/sched"
)

// Handle is a callback that waits for its turn. It is a small comparable value;
// the zero Handle is harmless. Any goroutine may use it. (asyncio.Handle)
type Handle struct{ ref sched.Ref }

// TimerHandle is a callback that waits for a point in time. It is a small
// comparable value; the zero TimerHandle is harmless. Any goroutine may use it.
// (asyncio.TimerHandle)
type TimerHandle struct{ timer sched.Timer }

// Cancel keeps the callback from running and reports whether that is this
// call's doing: false if it has run, is running, or was cancelled before.
// (Handle.cancel)
func (h Handle) Cancel() bool { return h.ref.Cancel() }

// Cancelled reports whether the callback was cancelled. It is exact until the
// callback's turn; after that it may be false. (Handle.cancelled)
func (h Handle) Cancelled() bool { return h.ref.Cancelled() }

// Cancel keeps the callback from running and reports whether that is this
// call's doing. From the loop's goroutine the timer leaves the queue at once;
// from another one it leaves when the loop next looks. (TimerHandle.cancel)
func (t TimerHandle) Cancel() bool { return t.timer.Cancel() }

// Cancelled reports whether the callback was cancelled. It is exact until the
// timer is due; after that it may be false. (TimerHandle.cancelled)
func (t TimerHandle) Cancelled() bool { return t.timer.Cancelled() }

// When returns the loop time at which the callback is due. (TimerHandle.when)
func (t TimerHandle) When() time.Duration { return t.timer.When() }

// String describes the callback by name and source line, as long as the handle
// is current. In debug mode it also says where the handle was made.
func (h Handle) String() string { return describeRef(h.ref, "Handle", "") }

// String is like Handle's, with the due time.
func (t TimerHandle) String() string {
	return describeRef(t.timer.Ref(), "TimerHandle", fmt.Sprintf(" when=%v", t.When()))
}

// describeRef describes a callback: by its name, unless that was let go with its
// cancellation, and by where it was made if that is known.
func describeRef(r sched.Ref, kind, when string) string {
	if r == (sched.Ref{}) {
		return "<" + kind + " none>"
	}
	v := r.View()
	text := "<" + kind
	if v.Cancelled {
		text += " cancelled"
	}
	text += when
	if v.Done {
		return text + " done>"
	}
	if v.Func != nil && (!v.Cancelled || v.Made != nil) {
		text += " " + funcName(v.Func)
	}
	if v.Made != nil {
		text += " created at " + (*origin)(v.Made).caller()
	}
	return text + ">"
}
