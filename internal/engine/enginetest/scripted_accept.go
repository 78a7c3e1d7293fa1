package enginetest

import (
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// ScriptedAccept is for the tests of an engine's own: an accept call that is scripted, and
// the handler that hears of what came of it.
type ScriptedAccept struct {
	Answers []any // of Accept, in turn: an int is a descriptor, an error an error

	calls    int
	accepted []uintptr
	failed   []error
}

// Accept stands for sock.AcceptFrom.
func (a *ScriptedAccept) Accept(uintptr, *sock.Addr) (uintptr, error) {
	answer := a.Answers[a.calls]
	a.calls++
	if err, ok := answer.(error); ok {
		return sock.Invalid, err
	}
	return uintptr(answer.(int)), nil
}

// Accepted implements engine.ListenHandler.
func (a *ScriptedAccept) Accepted(fd uintptr, _ sock.Addr) { a.accepted = append(a.accepted, fd) }

// AcceptFailed implements engine.ListenHandler.
func (a *ScriptedAccept) AcceptFailed(err error) { a.failed = append(a.failed, err) }

// Check wants all answers to be used, these descriptors to be told of, and no failure.
func (a *ScriptedAccept) Check(t *testing.T, want ...uintptr) {
	t.Helper()
	if !slices.Equal(a.accepted, want) || len(a.failed) != 0 || a.calls != len(a.Answers) {
		t.Errorf("accepted %v, failed %v, %d calls", a.accepted, a.failed, a.calls)
	}
}
