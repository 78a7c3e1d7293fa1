package sched_test

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/internal/coro"
	"github.com/go-asyncio/asyncio/internal/sched"
)

// TestPin: one thread for good, for callbacks and coroutines, from wherever it is run.
func TestPin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Pin()
	if !w.Pinned() {
		t.Error("not pinned")
	}
	seen := map[int]int{}
	note := func() { seen[unix.Gettid()]++ }
	for range 3 {
		w.Post(do(note), 0)
		w.Post(do(func() { w.Pool.Get(work(func(*coro.Coro) { note() })).Switch() }), 0)
		elsewhere(w.pass)
	}
	if len(seen) != 1 || seen[unix.Gettid()] != 0 {
		t.Errorf("threads: %v, this one is %d", seen, unix.Gettid())
	}
}

// TestPinToProcessor: the one that is chosen, and no run where there is none.
func TestPinToProcessor(t *testing.T) {
	t.Parallel()
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		t.Fatal(err)
	}
	cpu := 0
	for !allowed.IsSet(cpu) {
		cpu++
	}
	w := newWorld(t)
	w.Pin(cpu)
	w.Post(do(func() {
		var set unix.CPUSet
		if err := unix.SchedGetaffinity(0, &set); err != nil || set.Count() != 1 || !set.IsSet(cpu) {
			t.Errorf("%v: %d processors, the chosen one is among them: %v", err, set.Count(), set.IsSet(cpu))
		}
	}), 0)
	w.pass()
	for cpu, reason := range map[int]error{-1: sched.ProcessorError(-1), 1 << 20: sched.ProcessorError(1 << 20), 1023: unix.EINVAL} {
		w := newWorld(t)
		w.Pin(cpu)
		for range 2 {
			var f *sched.Failure
			if err := w.run(); !errors.As(err, &f) || f.Op != "pin thread" || !errors.Is(err, reason) {
				t.Errorf("processor %d: %v", cpu, err)
			}
		}
	}
}
