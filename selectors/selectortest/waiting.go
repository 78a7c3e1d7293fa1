package selectortest

import (
	"runtime"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/selectors"
)

var waitCases = []testCase{
	{"selectors.015a.timeout-zero-and-negative", testNoWait},
	{"selectors.015b.timeout-positive", testWait},
	{"selectors.016.interrupt-handler-raises", testWakeUp},
	{"selectors.017.interrupt-no-raise-retries", testSignal},
	{"timeout-short", testShortWait},
}

// testNoWait: were a call to wait, the file that is idle would become ready
// after a while and be reported, which it must not be.
func testNoWait(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	idle, late := Pair(t)
	key := mustRegister(t, s, a, write, nil)
	timer := time.AfterFunc(20*time.Second, func() { _, _ = late.write([]byte("x")) })
	for _, timeout := range []time.Duration{0, -1, -time.Second, -selectors.Forever} {
		wantReady(t, mustSelect(t, s, timeout), selectors.Ready{Key: key, Events: write})
	}
	if _, err := s.Unregister(a); err != nil {
		t.Fatal(err)
	}
	mustRegister(t, s, idle, read, nil)
	for _, timeout := range []time.Duration{0, -1, -time.Second, -selectors.Forever} {
		wantReady(t, mustSelect(t, s, timeout))
	}
	if !timer.Stop() {
		t.Error("Select with a timeout of zero or less has waited")
	}
}

// testWait looks at the upper bound with much room: other tests run too.
func testWait(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	mustRegister(t, s, a, read, nil)
	start := time.Now()
	wantReady(t, mustSelect(t, s, time.Second))
	if d := time.Since(start); d < 800*time.Millisecond || d > 20*time.Second {
		t.Errorf("Select with a timeout of 1 s took %v", d)
	}
}

// testShortWait: no wait is shorter than asked for, whatever the unit that
// the system counts in.
func testShortWait(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	mustRegister(t, s, a, read, nil)
	for _, d := range []time.Duration{1, 999, 10_001, 300 * time.Microsecond, 1500 * time.Microsecond, 10 * time.Millisecond} {
		start := time.Now()
		wantReady(t, mustSelect(t, s, d))
		if took := time.Since(start); took < d-clockUnit {
			t.Errorf("Select with a timeout of %v took %v", d, took)
		}
	}
}

// testWakeUp: what a loop does in place of a signal handler that raises. A
// descriptor of its own, made ready by another goroutine, ends the wait. Were
// it not to, the wait would take 30 s.
func testWakeUp(t *testing.T, s selectors.Selector) {
	for _, timeout := range []time.Duration{30 * time.Second, selectors.Forever} {
		a, b := Pair(t)
		idle, _ := Pair(t)
		mustRegister(t, s, idle, read, nil)
		key := mustRegister(t, s, a, read, nil)
		start := time.Now()
		asleep := observe(t)
		done := make(chan struct{})
		go func() {
			defer close(done)
			asleep.wait(nil)
			_, _ = b.write([]byte("x"))
		}()
		wantReady(t, mustSelect(t, s, timeout), selectors.Ready{Key: key, Events: read})
		<-done
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("the wait ended after %v", d)
		}
		for fd := range s.GetMap().All() {
			if _, err := s.Unregister(fd); err != nil {
				t.Fatal(err)
			}
		}
		asleep.release()
	}
}

// testSignal interrupts the very thread that waits, each time it is seen to
// sleep, and expects the wait to go on with the time that is left.
func testSignal(t *testing.T, s selectors.Selector) {
	if !canSignal {
		t.Skipf("cannot send a signal to one thread on %s", runtime.GOOS)
	}
	a, _ := Pair(t)
	mustRegister(t, s, a, read, nil)
	thread := observe(t)
	// Were each interrupted wait to start anew, they would outlast the signals.
	const limit, pause = 250, 20 * time.Millisecond
	stop, sent := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for n < limit && thread.wait(stop) {
			thread.signal(t)
			n++
			time.Sleep(pause)
		}
		sent <- n
	}()
	const timeout = 300 * time.Millisecond
	start := time.Now()
	wantReady(t, mustSelect(t, s, timeout))
	took := time.Since(start)
	close(stop)
	n := <-sent
	thread.release()
	if took < timeout {
		t.Errorf("Select with a timeout of %v, interrupted by %d signals, returned after %v", timeout, n, took)
	}
	if n == 0 || n == limit {
		t.Errorf("%d signals were sent while Select waited", n)
	}
}
