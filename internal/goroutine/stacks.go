package goroutine

import (
	"bytes"
	"fmt"
	"iter"
	"runtime"
	"strconv"
)

// Stacks yields the stacks of all goroutines as the runtime prints them. It stops the
// program for a moment.
func Stacks() iter.Seq[[]byte] {
	buf := make([]byte, 64<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	return bytes.SplitSeq(buf[:n], []byte("\n\n"))
}

// Stack returns the stack of one goroutine, empty if there is none of that identity. It
// stops the program for a moment.
func Stack(id int64) string {
	head := fmt.Appendf(nil, "goroutine %d ", id)
	for stack := range Stacks() {
		if bytes.HasPrefix(stack, head) {
			return string(stack)
		}
	}
	return ""
}

// Head reads the first line of a stack, "goroutine 123 [state, 2 minutes]:": whose it is,
// and what begins with the state.
func Head(stack []byte) (id int64, state []byte, ok bool) {
	rest, ok := bytes.CutPrefix(stack, []byte("goroutine "))
	if !ok {
		return 0, nil, false
	}
	number, state, ok := bytes.Cut(rest, []byte(" ["))
	if !ok {
		return 0, nil, false
	}
	id, err := strconv.ParseInt(string(number), 10, 64)
	return id, state, err == nil
}
