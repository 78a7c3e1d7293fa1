//go:build unix

package readiness

import (
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
)

// TestAcceptAborted: who has given up while he waited is passed over within the same event.
func TestAcceptAborted(t *testing.T) {
	t.Parallel()
	t.Run("selev.714.accept-aborted-skipped", func(t *testing.T) {
		e, err := New(openDefault(t))
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		a := &enginetest.ScriptedAccept{Answers: []any{
			syscall.ECONNABORTED, 1001, syscall.ECONNABORTED, syscall.ECONNABORTED, 1002, syscall.EAGAIN,
		}}
		l := &listener{source: source{e: e}, h: a, backlog: 100, accepting: true, accept: a.Accept}
		l.reg = engine.Read
		l.Complete(uint64(engine.Read))
		a.Check(t, 1001, 1002)
	})
}
