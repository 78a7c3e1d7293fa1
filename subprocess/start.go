package subprocess

import (
	"context"
	"fmt"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// Exec starts a program, which is looked for as package os/exec does it, with these
// arguments. A program that cannot be started is the system's error, and a call that fails
// or is cancelled leaves no child behind: see SubprocessExec of a loop. It is called in a
// coroutine or, with Options.Loop, from any goroutine, which blocks; elsewhere it is
// asyncio.ErrNoRunningLoop. (asyncio.create_subprocess_exec)
func Exec(ctx context.Context, opts *Options, name string, args ...string) (*Process, error) {
	return start(opts, "Exec", func(loop asyncio.EventLoop, factory func() asyncio.SubprocessProtocol, o *asyncio.SubprocessOptions) error {
		_, _, err := loop.SubprocessExec(ctx, factory, o, name, args...)
		return err
	})
}

// Shell is Exec for a command of the shell's: /bin/sh, on Windows what the variable ComSpec
// names. It is for the caller to quote what is not to be taken for the shell's own.
// (asyncio.create_subprocess_shell)
func Shell(ctx context.Context, opts *Options, command string) (*Process, error) {
	return start(opts, "Shell", func(loop asyncio.EventLoop, factory func() asyncio.SubprocessProtocol, o *asyncio.SubprocessOptions) error {
		_, _, err := loop.SubprocessShell(ctx, factory, o, command)
		return err
	})
}

// start is both of them.
func start(opts *Options, op string, begin func(asyncio.EventLoop, func() asyncio.SubprocessProtocol, *asyncio.SubprocessOptions) error) (*Process, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Limit == 0 {
		o.Limit = streams.DefaultLimit
	}
	if o.Limit < 0 {
		return nil, invalid(op, "Limit cannot be below 0, but is %d", o.Limit)
	}
	if o.Loop == nil {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return nil, fmt.Errorf("subprocess: %s: %w; or name a loop in Options.Loop", op, err)
		}
		o.Loop = loop
	}
	p := &Process{loop: o.Loop, limit: o.Limit}
	if err := begin(o.Loop, func() asyncio.SubprocessProtocol { return &protocol{p: p} }, o.system()); err != nil {
		return nil, err
	}
	return p, nil
}
