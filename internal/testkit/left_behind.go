package testkit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Patience is how long goroutines and descriptors may take to go at the end of a test.
const Patience = 10 * time.Second

// Before is what there was at one moment.
type Before struct {
	goroutines map[int64]string
	files      int
}

// Snapshot notes what there is now.
func Snapshot() Before {
	files := OpenFiles() // first: the runtime may make something for it
	return Before{goroutines(), files}
}

// Left returns an error that tells which goroutines and descriptors there are that there
// were not before. What goes within patience is waited for.
func (b Before) Left(patience time.Duration) error {
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		err := b.left()
		if err == nil || time.Since(began) > patience {
			return err
		}
	}
}

func (b Before) left() error {
	var stacks []string
	for id, stack := range goroutines() {
		if _, known := b.goroutines[id]; !known && !ofTheRuntime(stack) {
			stacks = append(stacks, stack)
		}
	}
	var errs []error
	if len(stacks) > 0 {
		errs = append(errs, fmt.Errorf("%d goroutines are left behind:\n\n%s", len(stacks), strings.Join(stacks, "\n\n")))
	}
	if n := OpenFiles(); n > b.files {
		errs = append(errs, fmt.Errorf("%d descriptors are left behind", n-b.files))
	}
	return errors.Join(errs...)
}

// ofTheRuntime tells of goroutines that stay for good: one for signals, once they have been
// asked for, and those for finalizers and cleanups, which are seen while these are run.
func ofTheRuntime(stack string) bool {
	for _, s := range []string{"os/signal.", "runtime.runCleanups", "runtime.runFinalizers"} {
		if strings.Contains(stack, s) {
			return true
		}
	}
	return false
}

// LeavesNothing fails the test if at its end there is something that was not there when
// it was called: see [Before.Left]. The test is not parallel to others, whose goroutines
// would be taken for its own.
func LeavesNothing(t testing.TB, patience time.Duration) {
	t.Helper()
	before := Snapshot()
	t.Cleanup(func() {
		t.Helper()
		if err := before.Left(patience); err != nil {
			t.Error(err)
		}
	})
}

// Main runs the tests of a package and ends the program; what they have left behind is a
// failure. It is what a TestMain does.
func Main(m *testing.M) {
	before := Snapshot()
	status := m.Run()
	if err := before.Left(Patience); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// goroutines returns the stacks of all goroutines, by their numbers.
func goroutines() map[int64]string {
	buf := make([]byte, 1<<16)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	all := map[int64]string{}
	for stack := range bytes.SplitSeq(buf[:n], []byte("\n\n")) {
		number, _, _ := bytes.Cut(bytes.TrimPrefix(stack, []byte("goroutine ")), []byte(" "))
		id, err := strconv.ParseInt(string(number), 10, 64)
		if err != nil {
			panic(fmt.Sprintf("testkit: this Go release prints stacks in an unknown form: %s", stack))
		}
		all[id] = string(stack)
	}
	return all
}
