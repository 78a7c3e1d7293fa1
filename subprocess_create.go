package asyncio

import (
	"context"
	"strings"

	"github.com/go-asyncio/asyncio/internal/child"
)

// SubprocessExec implements SubprocessMaker.
func (l *baseLoop) SubprocessExec(ctx context.Context, factory func() SubprocessProtocol, opts *SubprocessOptions, name string, args ...string) (SubprocessTransport, SubprocessProtocol, error) {
	const op = "SubprocessExec"
	if name == "" {
		return nil, nil, invalid(op, "the program is not named")
	}
	if strings.Contains(name, "\x00") {
		return nil, nil, invalid(op, "the name %q of the program has a zero byte", name)
	}
	for i, a := range args {
		if strings.Contains(a, "\x00") {
			return nil, nil, invalid(op, "the argument args[%d], %q, has a zero byte", i, a)
		}
	}
	return l.subprocess(ctx, op, factory, opts, name, func(o *SubprocessOptions) (child.Spec, error) {
		return child.Program(name, args, o.Dir, o.Env)
	})
}

// SubprocessShell implements SubprocessMaker.
func (l *baseLoop) SubprocessShell(ctx context.Context, factory func() SubprocessProtocol, opts *SubprocessOptions, command string) (SubprocessTransport, SubprocessProtocol, error) {
	const op = "SubprocessShell"
	if strings.Contains(command, "\x00") {
		return nil, nil, invalid(op, "the command %q has a zero byte", command)
	}
	return l.subprocess(ctx, op, factory, opts, command, func(o *SubprocessOptions) (child.Spec, error) {
		return child.Shell(command, o.Dir, o.Env)
	})
}

// subprocess checks what both are called with, and starts what find finds.
func (l *baseLoop) subprocess(ctx context.Context, op string, factory func() SubprocessProtocol, opts *SubprocessOptions, program string, find func(*SubprocessOptions) (child.Spec, error)) (SubprocessTransport, SubprocessProtocol, error) {
	o := orDefault(opts)
	if factory == nil {
		return nil, nil, invalid(op, "the factory is nil")
	}
	if err := o.check(op); err != nil {
		return nil, nil, err
	}
	t, err := inLoop(ctx, l, op, func(ctx context.Context) (*subprocessTransport, error) {
		spec, err := find(&o)
		if err != nil {
			return nil, opError(op, err)
		}
		spec.NewSession, spec.NewGroup, spec.Sys, spec.Plain = o.NewSession, o.NewGroup, o.Sys, l.subprocesses.plain
		return l.startSubprocess(ctx, op, factory, &o, program, spec)
	}, (*subprocessTransport).abandon)
	if err != nil {
		return nil, nil, err
	}
	return t, t.made, nil
}

// startSubprocess starts a program and waits until its protocol has met it. If it does not
// return the transport, because of an error or because it is unwound, the child is killed,
// and waited for where that is possible.
func (l *baseLoop) startSubprocess(ctx context.Context, op string, factory func() SubprocessProtocol, o *SubprocessOptions, program string, spec child.Spec) (t *subprocessTransport, err error) {
	p, err := makeProtocol(l, factory)
	if err != nil {
		return nil, opError(op, err)
	}
	var files subprocessFiles
	if err := files.open(op, o); err != nil {
		return nil, err
	}
	defer files.closeAll()
	spec.Files = files.childs
	proc, err := l.startChild(ctx, spec)
	files.started()
	if err != nil {
		return nil, opError(op, err)
	}
	t = l.newSubprocess(proc, p, program, &files)
	returned := false
	defer func() {
		if !returned {
			t.abandon()
		}
	}()
	if err = t.begin(ctx, &files); err != nil {
		returned = true
		t.abandon()
		t.waitGone(ctx)
		return nil, opError(op, err)
	}
	returned = true
	return t, nil
}

// newSubprocess makes the transport of a child that was started.
func (l *baseLoop) newSubprocess(proc *child.Process, p SubprocessProtocol, program string, files *subprocessFiles) *subprocessTransport {
	t := &subprocessTransport{loop: l, made: p, protocol: p, program: program, proc: proc, gone: newFuture[struct{}](l)}
	for fd, end := range files.ours {
		if end != child.NoFile {
			t.pipes[fd] = &subprocessPipe{of: t, fd: fd}
		}
	}
	t.listed.child = t
	l.subprocesses.open.PushBack(&t.listed.place)
	return t
}

// begin watches for the child's end, connects its pipes and waits until the protocol has
// met the transport.
func (t *subprocessTransport) begin(ctx context.Context, files *subprocessFiles) error {
	if err := t.proc.Watch(t.loop.eng, t.loop.post, t.exited); err != nil {
		return err
	}
	t.debugf("%q was started; its end is noticed by %s", t.program, t.proc.By())
	if err := t.connect(ctx, files); err != nil {
		return err
	}
	met := newFuture[struct{}](t.loop)
	first := []func(){
		func() {
			t.tell("ConnectionMade", func(p SubprocessProtocol) { p.ConnectionMade(t) }, func(error) { t.close() })
		},
		func() { _ = met.SetResult(struct{}{}) }, // unless who waits was cancelled
	}
	t.pending = append(first, t.pending...)
	t.loop.schedule(t, subprocessMeets)
	_, err := met.Await(ctx)
	return err
}
