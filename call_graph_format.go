package asyncio

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// FormatCallGraph returns the call graph as text, empty if there is none. Options and
// errors as with CaptureCallGraph. (asyncio.format_call_graph)
func FormatCallGraph(a Awaitable, opts ...CallGraphOption) (string, error) {
	g, err := CaptureCallGraph(a, opts...)
	return g.String(), err
}

// PrintCallGraph writes the call graph and a newline to w, or to standard output if that
// is nil. Options and errors as with CaptureCallGraph, and w's.
// (asyncio.print_call_graph)
func PrintCallGraph(w io.Writer, a Awaitable, opts ...CallGraphOption) error {
	text, err := FormatCallGraph(a, opts...)
	if err != nil {
		return err
	}
	if w == nil {
		w = os.Stdout
	}
	_, err = io.WriteString(w, text+"\n")
	return err
}

// String is the graph as text: a line for the future, its stack, and who waits for it
// four spaces further in. Who waits for a task that stood above already is not said
// again.
func (g *FutureCallGraph) String() string {
	if g == nil {
		return ""
	}
	var b strings.Builder
	g.render(&b, "", map[*FutureCallGraph]bool{})
	return strings.TrimSuffix(b.String(), "\n")
}

func (g *FutureCallGraph) render(b *strings.Builder, indent string, above map[*FutureCallGraph]bool) {
	if t, ok := g.Future.(AnyTask); ok {
		fmt.Fprintf(b, "%s* Task(name=%q, id=%p)\n", indent, t.Name(), futureOf(g.Future))
	} else {
		fmt.Fprintf(b, "%s* Future(id=%p)\n", indent, futureOf(g.Future))
	}
	if len(g.CallStack) > 0 {
		fmt.Fprintf(b, "%s  + Call stack:\n", indent)
		for _, f := range g.CallStack {
			fmt.Fprintf(b, "%s  |   File %q, line %d, in %s()\n", indent, f.File, f.Line, shortFuncName(f.Function))
		}
	}
	switch {
	case len(g.AwaitedBy) == 0:
		return
	case above[g]:
		fmt.Fprintf(b, "%s  + Awaited by: see above\n", indent)
		return
	}
	above[g] = true
	fmt.Fprintf(b, "%s  + Awaited by:\n", indent)
	for _, by := range g.AwaitedBy {
		by.render(b, indent+"    ", above)
	}
}

// parseStack reads the functions of a stack as the runtime prints it:
//
//	goroutine 7 [coroutine]:
//	example.com/program.(*type).method(0x1, {0x2, 0x3})
//		/folder/file.go:42 +0x1d
//	created by iter.Pull[...] in goroutine 1
func parseStack(stack []byte) (frames []FrameCallGraphEntry) {
	function := ""
	for line := range bytes.Lines(stack) {
		text := string(bytes.TrimRight(line, "\r\n"))
		place, indented := strings.CutPrefix(text, "\t")
		switch {
		case strings.HasPrefix(text, "created by "):
			return frames
		case !indented:
			function = text
			if i := strings.LastIndexByte(text, '('); i > 0 {
				function = text[:i]
			}
		default:
			place, _, _ = strings.Cut(place, " +0x")
			if i := strings.LastIndexByte(place, ':'); i > 0 {
				number, _ := strconv.Atoi(place[i+1:]) // 0 if the runtime prints something else
				frames = appendFrame(frames, function, place[:i], number)
			}
		}
	}
	return frames
}

// appendFrame adds a function to a stack, unless it is the runtime's or of this
// package's inside.
func appendFrame(stack []FrameCallGraphEntry, function, file string, line int) []FrameCallGraphEntry {
	for _, prefix := range [...]string{"runtime.", "runtime/", "iter.Pull", packagePath + "/internal/"} {
		if strings.HasPrefix(function, prefix) {
			return stack
		}
	}
	if function == "panic" || function == "" || strings.HasPrefix(function, packagePath+".") && !strings.HasSuffix(file, "_test.go") {
		return stack
	}
	return append(stack, FrameCallGraphEntry{function, file, line})
}
