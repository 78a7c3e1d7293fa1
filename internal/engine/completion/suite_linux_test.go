package completion_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/completion"
	"github.com/go-asyncio/asyncio/internal/engine/enginetest"
	"github.com/go-asyncio/asyncio/proactors"
)

func TestEngine(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() (proactors.Proactor, error){
		"uring":        proactors.NewIOUringProactor,
		"uring-pinned": proactors.NewPinnedIOUringProactor,
	} {
		p, err := open()
		if errors.Is(err, errors.ErrUnsupported) {
			t.Logf("%s: %v", name, err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			enginetest.Test(t, func() (engine.Engine, error) {
				p, err := open()
				if err != nil {
					return nil, err
				}
				if p.Pinned() {
					runtime.LockOSThread() // until the test's goroutine ends, and its thread with it
				}
				return completion.New(p), nil
			})
		})
	}
}
