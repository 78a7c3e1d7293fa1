package child

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	kernel32       = windows.NewLazySystemDLL("kernel32.dll")
	procRegister   = kernel32.NewProc("RegisterWaitForSingleObject")
	procUnregister = kernel32.NewProc("UnregisterWaitEx")
)

// Infinite is a timeout of WaitForHandle's that never comes.
const Infinite time.Duration = -1

// executeOnlyOnce is WT_EXECUTEONLYONCE: the wait is over once it was told of.
const executeOnlyOnce = 8

// HandleWait is a wait for a handle to be signalled, on a thread of the system's that waits
// for up to 63 of them. (IocpProactor.wait_for_handle)
type HandleWait struct {
	number uintptr // under which the system's call finds it
	done   func(signalled bool)
	wait   atomic.Uintptr // the system's
	ended  atomic.Bool    // told of, or cancelled
}

// handleWaits are the waits that are not over, by their numbers: the system's call carries
// a number, so that one that comes late means nothing.
var handleWaits struct {
	sync.Mutex
	last  uintptr
	waits map[uintptr]*HandleWait
}

// handleCallback is the one function that the system calls. The process has room for a
// limited number of them, and none is ever given back.
var handleCallback = sync.OnceValue(func() uintptr { return syscall.NewCallback(handleSignalled) })

// WaitForHandle has done called once, on a thread of the system's, when the handle is
// signalled, or with false when the timeout has passed. done must not block. The handle
// stays open until that or Cancel.
func WaitForHandle(handle uintptr, timeout time.Duration, done func(signalled bool)) (*HandleWait, error) {
	w := &HandleWait{done: done}
	k := &handleWaits
	k.Lock()
	k.last++
	w.number = k.last
	if k.waits == nil {
		k.waits = map[uintptr]*HandleWait{}
	}
	k.waits[w.number] = w
	k.Unlock()
	ms := uint32(windows.INFINITE)
	if timeout >= 0 {
		ms = uint32((timeout + time.Millisecond - 1) / time.Millisecond)
	}
	var wait uintptr
	ok, _, err := procRegister.Call(uintptr(unsafe.Pointer(&wait)), handle, handleCallback(), w.number, uintptr(ms), executeOnlyOnce)
	if ok == 0 {
		w.forget()
		return nil, os.NewSyscallError("RegisterWaitForSingleObject", err)
	}
	w.wait.Store(wait)
	if w.ended.Load() {
		w.unregister(0) // it was signalled before the system's wait was known here
	}
	return w, nil
}

// handleSignalled is what the system calls.
func handleSignalled(number, timedOut uintptr) uintptr {
	k := &handleWaits
	k.Lock()
	w := k.waits[number]
	k.Unlock()
	if w != nil && w.ended.CompareAndSwap(false, true) {
		w.forget()
		w.unregister(0)
		w.done(timedOut&0xff == 0)
	}
	return 0
}

// Cancel ends the wait and reports whether it was under way. done is not called any more,
// unless it was before, and the handle may be closed. It is harmless when the wait is over,
// and may be called again. Any goroutine may call it, done not.
func (w *HandleWait) Cancel() bool {
	if !w.ended.CompareAndSwap(false, true) {
		return false
	}
	w.forget()
	// A call that is under way finds that it means nothing: this does not take long.
	w.unregister(uintptr(windows.InvalidHandle))
	return true
}

// forget takes the wait's number back.
func (w *HandleWait) forget() {
	k := &handleWaits
	k.Lock()
	delete(k.waits, w.number)
	k.Unlock()
}

// unregister gives the system's wait back. It waits for a call that is under way if until
// is the invalid handle.
func (w *HandleWait) unregister(until uintptr) {
	if wait := w.wait.Swap(0); wait != 0 {
		_, _, _ = procUnregister.Call(wait, until) // without waiting, "pending" is no failure
	}
}
