package asyncio

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// origin is where a handle, a future or a task was made.
type origin goroutine.Trace

// newOrigin records the stack of its caller.
func newOrigin() *origin { return (*origin)(goroutine.NewTrace(1)) }

// frames returns the recorded frames, the library's own at the top left out.
func (o *origin) frames() []runtime.Frame {
	var out []runtime.Frame
	for f := range (*goroutine.Trace)(o).Frames() {
		if len(out) > 0 || !ownFrame(f) {
			out = append(out, f)
		}
	}
	return out
}

// ownFrame tells frames of this package's own code (its tests excepted).
func ownFrame(f runtime.Frame) bool {
	return strings.HasPrefix(f.Function, packagePath+".") && !strings.HasSuffix(f.File, "_test.go")
}

const packagePath = "github.com/go-asyncio/asyncio"

// caller names the place that made the thing.
func (o *origin) caller() string {
	if fs := o.frames(); len(fs) > 0 {
		return fmt.Sprintf("%s:%d", fs[0].File, fs[0].Line)
	}
	return "unknown"
}

// String lists the recorded frames, the innermost first.
func (o *origin) String() string {
	var b strings.Builder
	for _, f := range o.frames() {
		fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
	}
	return b.String()
}
