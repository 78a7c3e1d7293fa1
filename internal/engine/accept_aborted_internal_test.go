//go:build unix

package engine

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/proactors"
)

// hearer notes what a listener tells.
type hearer struct {
	fds    []uintptr
	failed []error
}

func (h *hearer) Accepted(fd uintptr, _ sock.Addr) { h.fds = append(h.fds, fd) }
func (h *hearer) AcceptFailed(err error)           { h.failed = append(h.failed, err) }

// scriptedAccept answers with descriptors and errors in turn, and counts.
func scriptedAccept(calls *int, answers ...any) acceptFunc {
	return func(uintptr, *sock.Addr) (uintptr, error) {
		a := answers[*calls]
		*calls++
		if err, ok := a.(error); ok {
			return sock.Invalid, err
		}
		return uintptr(a.(int)), nil
	}
}

// TestAcceptAborted: who has given up while he waited is passed over within the same event.
func TestAcceptAborted(t *testing.T) {
	t.Parallel()
	answers := []any{syscall.ECONNABORTED, 1001, syscall.ECONNABORTED, syscall.ECONNABORTED, 1002, syscall.EAGAIN}
	check := func(t *testing.T, h *hearer, calls int) {
		t.Helper()
		if fmt.Sprint(h.fds) != "[1001 1002]" || len(h.failed) != 0 || calls != len(answers) {
			t.Errorf("accepted %v, failed %v, %d calls", h.fds, h.failed, calls)
		}
	}
	t.Run("selev.714.accept-aborted-skipped", func(t *testing.T) {
		e, err := NewSelectorEngine(openDefault(t))
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		h, calls := &hearer{}, 0
		l := &listener{source: source{e: e}, h: h, backlog: 100, accepting: true, accept: scriptedAccept(&calls, answers...)}
		l.reg = Read
		l.Complete(uint64(Read))
		check(t, h, calls)
	})
	t.Run("completion", func(t *testing.T) {
		p, err := proactors.NewIOUringProactor()
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		e := NewProactorEngine(p)
		defer e.Close()
		h, calls := &hearer{}, 0
		l := &plistener{e: e, h: h, backlog: 100, accepting: true, accept: scriptedAccept(&calls, answers...)}
		l.takeMore()
		l.tell()
		check(t, h, calls)
	})
}
