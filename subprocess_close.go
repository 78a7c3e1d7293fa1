package asyncio

import (
	"fmt"
	"os"
	"time"

	"github.com/go-asyncio/asyncio/internal/child"
)

// killPatience is how long the loop's close waits for a child that it has killed.
const killPatience = 5 * time.Second

// end kills the child if it has not ended, because its loop is closed.
func (t *subprocessTransport) end() {
	if _, ended := t.proc.Reap(); !ended {
		_ = t.proc.Signal(os.Kill) // what it refuses discard finds
	}
}

// discard lets go of a child whose loop is closed, and says what it was and what became of
// it. The protocol hears nothing.
func (t *subprocessTransport) discard() (what, became string, attrs []any) {
	what, attrs = t.String(), []any{"program", t.program, "protocol", fmt.Sprintf("%T", t.protocol)}
	became = "its pipes were open"
	if t.how.Load() == nil {
		var how child.Status
		ended := false
		if how, ended = t.proc.End(killPatience); ended {
			t.how.Store(&how)
			became = fmt.Sprintf("it was killed, returncode=%d", how.Code)
		} else {
			became = "it could not be killed and runs on"
		}
		t.proc.Release()
	}
	for _, p := range t.pipes {
		if p != nil {
			p.discard()
		}
	}
	t.release()
	return what, became, attrs
}
