package asyncio

import (
	"fmt"
	"os"
	"time"
)

// killPatience is how long the loop's close waits for a child that it has killed.
const killPatience = 5 * time.Second

// end kills the child if it has not ended, because its loop is closed.
func (t *subprocessTransport) end() {
	if _, ended := t.proc.Reap(); !ended {
		_ = t.proc.Signal(os.Kill) // what it refuses discard finds
	}
}

// discard lets go of a child whose loop is closed, and says what became of it unless it was
// about to be over. The protocol hears nothing.
func (t *subprocessTransport) discard() (what string, attrs []any) {
	attrs = []any{"program", t.program, "protocol", fmt.Sprintf("%T", t.protocol)}
	switch {
	case t.how.Load() == nil:
		what = "unclosed " + t.String() + ": " + t.endNow()
	case t.pipesOpen():
		what = "unclosed " + t.String() + ": its pipes were open"
	}
	for _, p := range t.pipes {
		if p != nil {
			p.discard()
		}
	}
	t.release()
	return what, attrs
}

// endNow waits for the end of a child that was killed, and says how that went.
func (t *subprocessTransport) endNow() string {
	how, ended := t.proc.End(killPatience)
	if ended {
		t.how.Store(&how)
	}
	t.proc.Release()
	if !ended {
		return "it could not be killed and runs on"
	}
	return fmt.Sprintf("it has ended, returncode=%d", how.Code)
}

// pipesOpen reports whether there are pipes that nobody has closed.
func (t *subprocessTransport) pipesOpen() bool {
	for _, p := range t.pipes {
		if p != nil && !p.lost && (p.transport == nil || !p.transport.IsClosing()) {
			return true
		}
	}
	return false
}
