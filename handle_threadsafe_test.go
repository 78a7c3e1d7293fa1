package asyncio_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestThreadsafeHandles: handles of CallSoonThreadsafe, used by other goroutines than the loop's.
func TestThreadsafeHandles(t *testing.T) {
	t.Parallel()
	// running calls f on another goroutine while the handle's callback runs, and
	// returns when both have ended.
	running := func(t *testing.T, f func(h asyncio.Handle)) (ended bool) {
		loop := newLoop(t)
		asked := make(chan struct{})
		handle := make(chan asyncio.Handle, 1)
		h, err := loop.CallSoonThreadsafe(func() {
			h := <-handle
			go func() { defer close(asked); f(h) }()
			<-asked
			ended = true
			loop.Stop()
		})
		must(t, err)
		handle <- h
		must(t, loop.RunForever())
		want(t, "cancelled, once it has run", h.Cancelled(), false)
		want(t, "it can be cancelled, once it has run", h.Cancel(), false)
		return ended
	}
	plainRow(t, "events.701.threadsafe-handle-check-waits", func(t *testing.T) {
		ended := running(t, func(h asyncio.Handle) { want(t, "cancelled, while it runs", h.Cancelled(), false) })
		want(t, "it ran to its end", ended, true)
	})
	plainRow(t, "events.702.threadsafe-handle-cancel-waits", func(t *testing.T) {
		ended := running(t, func(h asyncio.Handle) {
			want(t, "cancelled by this call, while it runs", h.Cancel(), false)
			want(t, "cancelled, while it runs", h.Cancelled(), false)
		})
		want(t, "it ran to its end", ended, true)
	})
	plainRow(t, "events.703.threadsafe-handle-cancel-elsewhere", func(t *testing.T) {
		loop := newLoop(t)
		const n = 200
		ran := 0
		for range 5 {
			var handles []asyncio.Handle
			for range n {
				h, err := loop.CallSoonThreadsafe(func() { ran++ })
				must(t, err)
				handles = append(handles, h)
			}
			var wg sync.WaitGroup
			for part := range 4 {
				wg.Go(func() {
					for _, h := range handles[part*n/4 : (part+1)*n/4] {
						if !h.Cancel() || !h.Cancelled() || h.Cancel() {
							t.Error("not cancelled once")
						}
					}
				})
			}
			wg.Wait()
			onePass(t, loop)
		}
		want(t, "ran", ran, 0)

		// While the loop runs: either it is cancelled or it runs, and each call knows.
		ran, cancelled := 0, 0
		var wg sync.WaitGroup
		wg.Go(func() {
			for range n {
				h, err := loop.CallSoonThreadsafe(func() { ran++ })
				must(t, err)
				if h.Cancel() {
					cancelled++
				}
			}
			_, err := loop.CallSoonThreadsafe(loop.Stop)
			must(t, err)
		})
		must(t, loop.RunForever())
		wg.Wait()
		want(t, "ran or cancelled", ran+cancelled, n)
	})
	plainRow(t, "events.704.handle-string-hides-arguments", func(t *testing.T) {
		const secret = "the secret argument"
		callback := func() { _ = fmt.Sprint(secret) }
		for _, debug := range []bool{false, true} {
			loop := newLoop(t)
			loop.SetDebug(debug)
			soon, err := loop.CallSoon(callback)
			must(t, err)
			safe, err := loop.CallSoonThreadsafe(callback)
			must(t, err)
			later, err := loop.CallLater(forever, callback)
			must(t, err)
			for _, text := range []string{soon.String(), safe.String(), later.String()} {
				if !strings.Contains(text, "TestThreadsafeHandles") || !strings.Contains(text, "handle_threadsafe_test.go:") {
					t.Errorf("%s does not name the callback", text)
				}
				if strings.Contains(text, secret) {
					t.Errorf("%s shows an argument", text)
				}
			}
		}
	})
}
