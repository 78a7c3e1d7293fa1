package simulation

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
)

// trial is one run of a world's function as Test has it, but for what becomes of a failure:
// it is kept, and fails nothing.
type trial struct {
	seed   uint64
	f      func(w *World)
	opts   []Option
	before func(w *World) // called first; may be nil

	world  *World // as it is when all is over
	failed string // how
}

// run runs it.
func (tr *trial) run(t *testing.T) {
	seedCrypto(t, tr.seed)
	synctest.Test(t, func(t *testing.T) {
		// The world's function may leave by Goexit, and a bubble's first one must not.
		done := make(chan struct{})
		go tr.body(t.Name(), done)
		<-done
	})
}

func (tr *trial) body(name string, done chan struct{}) {
	defer close(done)
	w := newWorld(tr.seed, nil, true, tr.opts)
	w.name = name
	tr.world = w
	var failed []string
	defer func() {
		if err := w.verdict(); err != nil {
			failed = append(failed, err.Error())
		}
		tr.failed = strings.Join(failed, "\n")
	}()
	defer w.end()
	defer func() {
		if r := recover(); r != nil {
			failed = append(failed, fmt.Sprintf("panic: %v\n%s", r, debug.Stack()))
		}
	}()
	if tr.before != nil {
		tr.before(w)
	}
	tr.f(w)
}
