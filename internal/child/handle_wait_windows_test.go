package child_test

import (
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/go-asyncio/asyncio/internal/child"
)

// clockStep is how far Windows' clock may be from what a wait is measured by.
const clockStep = 20 * time.Millisecond

// event makes what is signalled when somebody says so.
func event(t *testing.T) windows.Handle {
	t.Helper()
	e, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := windows.CloseHandle(e); err != nil {
			t.Error(err)
		}
	})
	return e
}

// waitFor waits for a handle, and returns what comes of it.
func waitFor(t *testing.T, e windows.Handle, timeout time.Duration) (*child.HandleWait, chan bool) {
	t.Helper()
	done := make(chan bool, 2)
	w, err := child.WaitForHandle(uintptr(e), timeout, func(signalled bool) { done <- signalled })
	if err != nil {
		t.Fatal(err)
	}
	return w, done
}

// TestHandleWait: a wait for a handle ends in time, by a signal, or because nobody wants it
// any more; and never twice.
func TestHandleWait(t *testing.T) {
	t.Parallel()
	t.Run("windows.006a.wait-handle-timeout/iocp", func(t *testing.T) {
		t.Parallel()
		const timeout = 100 * time.Millisecond
		begun := time.Now()
		w, done := waitFor(t, event(t), timeout)
		if <-done {
			t.Error("it was signalled")
		}
		if took := time.Since(begun); took < timeout-clockStep {
			t.Errorf("it took %v", took)
		}
		if w.Cancel() {
			t.Error("it was still waited for")
		}
	})
	t.Run("windows.006b.wait-handle-signalled/iocp", func(t *testing.T) {
		t.Parallel()
		e := event(t)
		if err := windows.SetEvent(e); err != nil {
			t.Fatal(err)
		}
		w, done := waitFor(t, e, time.Hour)
		if !<-done {
			t.Error("it was not signalled")
		}
		for range 2 {
			if w.Cancel() {
				t.Error("it was still waited for")
			}
		}
	})
	t.Run("windows.007.wait-handle-cancel/iocp", func(t *testing.T) {
		t.Parallel()
		e := event(t)
		w, done := waitFor(t, e, child.Infinite)
		if !w.Cancel() {
			t.Error("it was not waited for")
		}
		if w.Cancel() {
			t.Error("it was cancelled twice")
		}
		if err := windows.SetEvent(e); err != nil {
			t.Fatal(err)
		}
		other, heard := waitFor(t, e, child.Infinite)
		if !<-heard {
			t.Error("it was not signalled")
		}
		other.Cancel()
		if len(done) > 0 {
			t.Error("what was cancelled is told")
		}
	})
	t.Run("many", func(t *testing.T) {
		t.Parallel()
		for range 200 { // cancelled while it is signalled
			e := event(t)
			w, done := waitFor(t, e, child.Infinite)
			go func() { _ = windows.SetEvent(e) }()
			if !w.Cancel() {
				<-done
			}
			if len(done) > 0 {
				t.Fatal("it is told twice, or though it was cancelled")
			}
		}
	})
}
