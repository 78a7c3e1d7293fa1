//go:build unix

package completion

import (
	"errors"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
	"github.com/go-asyncio/asyncio/proactors"
)

// TestAcceptAborted: who has given up while he waited is passed over within the same event.
func TestAcceptAborted(t *testing.T) {
	t.Parallel()
	p, err := proactors.NewDefaultProactor()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err) // there is no proactor whose accepts could be aborted
	}
	if err != nil {
		t.Fatal(err)
	}
	e := New(p)
	defer e.Close()
	a := &enginetest.ScriptedAccept{Answers: []any{
		syscall.ECONNABORTED, 1001, syscall.ECONNABORTED, syscall.ECONNABORTED, 1002, syscall.EAGAIN,
	}}
	l := &listener{e: e, h: a, backlog: 100, accepting: true, accept: a.Accept}
	l.takeMore()
	l.tell()
	a.Check(t, 1001, 1002)
}
