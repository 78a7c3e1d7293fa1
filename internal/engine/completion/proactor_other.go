//go:build !linux

package completion

import "github.com/go-asyncio/asyncio/proactors"

// quick is the proactor, of which nothing more is known here.
type quick struct{}

func quickOf(proactors.Proactor) quick { return quick{} }

// there reports that it can be used.
func (quick) there() bool { return true }

// memory is what a receive has brought.
func (quick) memory(e *Engine, c proactors.Completion) []byte { return e.p.Memory(c) }

// release gives it back, while the engine is open.
func (quick) release(e *Engine, c proactors.Completion) { e.p.Release(c) }
