package asyncio

import (
	"os"
	"strings"
	"syscall"
)

// Stdio says what a child has as one of its three standard descriptors. The zero Stdio is
// the default of the call: a pipe for SubprocessExec and SubprocessShell of a loop, and
// this program's own for package subprocess.
type Stdio struct {
	kind stdioKind
	file *os.File
}

type stdioKind uint8

const (
	stdioDefault stdioKind = iota
	stdioPipe
	stdioInherit
	stdioDevNull
	stdioStdout
	stdioFile
)

// What a child may have as a standard descriptor, beside a file; see SubprocessFile.
var (
	// SubprocessPipe is a pipe to or from this program. (subprocess.PIPE)
	SubprocessPipe = Stdio{kind: stdioPipe}
	// SubprocessInherit is what this program itself has. (None)
	SubprocessInherit = Stdio{kind: stdioInherit}
	// SubprocessDevNull is the device that is empty and takes all. (subprocess.DEVNULL)
	SubprocessDevNull = Stdio{kind: stdioDevNull}
	// SubprocessStdout, for standard error alone, is whatever the child has as its standard
	// output. (subprocess.STDOUT)
	SubprocessStdout = Stdio{kind: stdioStdout}
)

// SubprocessFile is a file of the caller's, which stays the caller's and may be closed once
// the call has returned. What is written there does not come by the loop.
func SubprocessFile(f *os.File) Stdio { return Stdio{stdioFile, f} }

// SubprocessOptions say how a program is started. Nil options are the zero ones. (the
// arguments of subprocess.Popen)
type SubprocessOptions struct {
	// Stdin, Stdout and Stderr are the child's standard descriptors.
	Stdin, Stdout, Stderr Stdio

	// Dir is where the program begins; empty means this program's own directory. A path of
	// the program's that is relative counts from there. (cwd)
	Dir string

	// Env is the environment, "name=value"; nil means this program's own. Programs are
	// looked for in this program's PATH all the same. (env)
	Env []string

	// ExtraFiles are the child's descriptors from 3 on; one that is nil the child has not.
	// They stay the caller's. On Windows: errors.ErrUnsupported. (pass_fds)
	ExtraFiles []*os.File

	// NewSession has the child lead a session, and so a process group, of its own. On
	// Windows: errors.ErrUnsupported. (start_new_session)
	NewSession bool

	// NewGroup has the child lead a process group of its own: Ctrl-C at the terminal does
	// not reach it. On Windows the child can be sent os.Interrupt then, which it sees as
	// Ctrl-Break. (process_group=0, CREATE_NEW_PROCESS_GROUP)
	NewGroup bool

	// Sys is for what a system can do beside that. It is not changed. If its PidFD is set
	// that descriptor is the caller's; the loop has one of its own. (user, group, umask,
	// creationflags, ...)
	Sys *syscall.SysProcAttr
}

// check finds what can be wrong with options.
func (o *SubprocessOptions) check(op string) error {
	for i, s := range []Stdio{o.Stdin, o.Stdout, o.Stderr} {
		name := standardName(i)
		switch {
		case s.kind == stdioStdout && i < 2:
			return invalid(op, "%s cannot be SubprocessStdout: only standard error can go into standard output", name)
		case s.kind == stdioFile && s.file == nil:
			return invalid(op, "the file of %s is nil: use SubprocessInherit or SubprocessDevNull", name)
		}
	}
	for _, v := range o.Env {
		if strings.ContainsRune(v, 0) {
			return invalid(op, "the variable %q of Env has a zero byte", v)
		}
	}
	return nil
}

// standardName names a standard descriptor.
func standardName(fd int) string { return [...]string{"stdin", "stdout", "stderr"}[fd] }
