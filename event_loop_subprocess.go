package asyncio

import "context"

// SubprocessMaker is the part of a loop that starts programs.
type SubprocessMaker interface {
	// SubprocessExec starts a program, which is looked for as package os/exec does it, with
	// these arguments, and returns the transport and the protocol that factory made, whose
	// ConnectionMade has been called. opts says what its standard descriptors are, pipes
	// by default, and more; nil is the default. The loop goes on while the system starts
	// the program, which a cancellation does not interrupt; a loop WithPinnedThread starts it
	// on its thread.
	//
	// A program that cannot be started is the system's error: errors.Is finds
	// fs.ErrNotExist, fs.ErrPermission and syscall.E2BIG; an empty name, and a zero byte in
	// a name or an argument, ErrInvalidArgument. A call that fails or is cancelled leaves
	// no child behind: one that runs already is killed and waited for. When the loop is
	// closed, what still runs is killed and reaped, and that is logged.
	//
	// Children of others, os/exec's say, are left to them, and nobody else may wait for
	// these: what waits for any child takes their status away, which is logged, and
	// reported as 255. It suspends or blocks: any goroutine may call it.
	// (loop.subprocess_exec)
	SubprocessExec(ctx context.Context, factory func() SubprocessProtocol, opts *SubprocessOptions, name string, args ...string) (SubprocessTransport, SubprocessProtocol, error)
	// SubprocessShell is SubprocessExec for a command of the shell's: /bin/sh, on Windows
	// what the variable ComSpec names. It is for the caller to quote what is not to be
	// taken for the shell's own. (loop.subprocess_shell)
	SubprocessShell(ctx context.Context, factory func() SubprocessProtocol, opts *SubprocessOptions, command string) (SubprocessTransport, SubprocessProtocol, error)
}
