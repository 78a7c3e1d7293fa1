package asynciotest

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience is how long goroutines and descriptors may take to go at the end of a
// test.
var patience = 10 * time.Second

// LeavesNothing fails the test if at its end there are goroutines that it left
// behind, or more descriptors than now. What ends a moment later is waited for.
// Call it first, so that it looks last; and not in a test that is parallel to
// others, whose goroutines it cannot tell from the test's own. Descriptors are
// counted where the system lists them.
func LeavesNothing(t testing.TB) {
	t.Helper()
	before, files := goroutines(), openFiles()
	t.Cleanup(func() {
		t.Helper()
		left := newSince(before)
		for began := time.Now(); len(left) > 0 || openFiles() > files; left = newSince(before) {
			if time.Since(began) > patience {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if len(left) > 0 {
			t.Errorf("%d goroutines are left behind:\n\n%s", len(left), strings.Join(left, "\n\n"))
		}
		if n := openFiles(); n > files {
			t.Errorf("%d descriptors are left behind", n-files)
		}
	})
}

// newSince returns the stacks of the goroutines that were not there before.
func newSince(before map[int64]string) (left []string) {
	for id, stack := range goroutines() {
		// What has once asked for signals keeps a goroutine for good.
		if _, known := before[id]; !known && !strings.Contains(stack, "os/signal.") {
			left = append(left, stack)
		}
	}
	return left
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
			panic(fmt.Sprintf("asynciotest: this Go release prints stacks in an unknown form: %s", stack))
		}
		all[id] = string(stack)
	}
	return all
}
