package subprocess

import (
	"fmt"
	"os"
	"syscall"

	"github.com/go-asyncio/asyncio"
)

// Stdio says what a child has as a standard descriptor. The zero Stdio is Inherit.
type Stdio = asyncio.Stdio

// What a child may have as a standard descriptor, beside a file; see File.
var (
	// Pipe is a pipe to or from this program. (PIPE)
	Pipe = asyncio.SubprocessPipe
	// Inherit is what this program itself has. (None)
	Inherit = asyncio.SubprocessInherit
	// DevNull is the device that is empty and takes all. (DEVNULL)
	DevNull = asyncio.SubprocessDevNull
	// Stdout, for standard error alone, is whatever the child has as its standard output.
	// (STDOUT)
	Stdout = asyncio.SubprocessStdout
)

// File is a file of the caller's, which stays the caller's and may be closed once the call
// has returned.
func File(f *os.File) Stdio { return asyncio.SubprocessFile(f) }

// Options say how a program is started. Nil options are the zero ones. (the arguments of
// asyncio.create_subprocess_exec)
type Options struct {
	// Stdin, Stdout and Stderr are the child's standard descriptors: those of this program
	// unless they are set.
	Stdin, Stdout, Stderr Stdio

	// Dir, Env, ExtraFiles, NewSession, NewGroup and Sys are as in
	// asyncio.SubprocessOptions.
	Dir        string
	Env        []string
	ExtraFiles []*os.File
	NewSession bool
	NewGroup   bool
	Sys        *syscall.SysProcAttr

	// Limit is that of the readers, in bytes; 0 is streams.DefaultLimit, and less
	// asyncio.ErrInvalidArgument. (limit)
	Limit int

	// Loop is the child's loop; nil is the running one. With it any goroutine may start a
	// child.
	Loop asyncio.EventLoop
}

// system are the options as the loop takes them.
func (o *Options) system() *asyncio.SubprocessOptions {
	return &asyncio.SubprocessOptions{
		Stdin: inherited(o.Stdin), Stdout: inherited(o.Stdout), Stderr: inherited(o.Stderr),
		Dir: o.Dir, Env: o.Env, ExtraFiles: o.ExtraFiles,
		NewSession: o.NewSession, NewGroup: o.NewGroup, Sys: o.Sys,
	}
}

// inherited is what a child has if nothing is said.
func inherited(s Stdio) Stdio {
	if s == (Stdio{}) {
		return Inherit
	}
	return s
}

// invalid is an asyncio.ErrInvalidArgument with a text that says what was wrong.
func invalid(op, format string, args ...any) error {
	return fmt.Errorf("subprocess: %s: %w: %s", op, asyncio.ErrInvalidArgument, fmt.Sprintf(format, args...))
}
