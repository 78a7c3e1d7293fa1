// Package child starts programs and tells when they have ended. It knows nothing of
// pipes, protocols and tasks: a child is given descriptors, and its end is one call on the
// loop's goroutine.
//
// # Life
//
//	Start ──> running ──> ended, a zombie ──> reaped
//	             │                               │
//	          Signal                        Signal: os.ErrProcessDone
//
// A child is reaped by this package alone, once, by its own number and never by "any
// child": those of others (of os/exec, say) are left to them. Signals and reaping exclude
// each other, so that a signal never goes to a number that was reaped and may be somebody
// else's by then.
//
// # How the end is noticed
//
//	Linux      a pidfd, which is readable then
//	BSDs       a kqueue of the child's own with EVFILT_PROC, which is readable then
//	Windows    a wait of the system's thread pool on the process's handle
//	elsewhere  a goroutine that looks whenever SIGCHLD comes
//
// A descriptor is watched by the loop's engine, like any other, and costs nothing while
// nothing happens. Where there is none (a sandbox forbids it, or the selector has no room
// for its number) the goroutine takes over.
package child

import (
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// Spec is what to start.
type Spec struct {
	Path  string    // the program's file
	Args  []string  // the first is the name that the program is told
	Env   []string  // "name=value"
	Dir   string    // "": that of this program
	Files []uintptr // what it has as descriptors 0, 1, 2, ...; NoFile for one that it has not
	Line  string    // on Windows, what the program is told instead of Args, if not ""
	Sys   *syscall.SysProcAttr

	NewSession bool // it leads a session of its own
	NewGroup   bool // it leads a process group of its own

	// Plain has the end noticed as it is where the system gives no descriptor for it.
	Plain bool
}

// NoFile is a descriptor that a child has not.
const NoFile = ^uintptr(0)

// Status is how a child has ended.
type Status struct {
	Code   int                // what it exited with, or minus the number of the signal that ended it
	Wait   syscall.WaitStatus // as the system says it
	Usage  *syscall.Rusage    // what it has used; nil if nobody knows
	Stolen bool               // somebody else has reaped it, and Code is a guess
}

// stolenCode is the code of a child that somebody else has reaped, as in asyncio.
const stolenCode = 255

// Process is a child. Methods whose comments do not say otherwise are for the loop's
// goroutine.
type Process struct {
	pid   int
	mu    sync.Mutex
	sys   handle
	ended bool // and reaped
	how   Status

	// Kill is what Signal calls in place of the system, if it is not nil: a test's.
	Kill func(sig os.Signal) error

	watch watch
}

// Start starts a program. With an error nothing is left of it.
func Start(s Spec) (*Process, error) {
	if s.Dir != "" {
		if _, err := os.Stat(s.Dir); err != nil {
			return nil, &os.PathError{Op: "chdir", Path: s.Dir, Err: underlying(err)}
		}
	}
	p := &Process{}
	pid, err := p.sys.start(s)
	if err != nil {
		return nil, err
	}
	p.pid = pid
	return p, nil
}

// underlying is the system's error in one of package os's.
func underlying(err error) error {
	if e, ok := err.(*os.PathError); ok {
		return e.Err
	}
	return err
}

// PID is the child's number. Any goroutine may call it.
func (p *Process) PID() int { return p.pid }

// Reap reaps the child if it has ended, and reports whether it has and how, as often as it
// is called. Any goroutine may call it.
func (p *Process) Reap() (Status, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		p.how, p.ended = p.sys.reap()
	}
	return p.how, p.ended
}

// Signal sends a signal. A child that was reaped is os.ErrProcessDone; one that this
// system has not is errors.ErrUnsupported. Any goroutine may call it.
func (p *Process) Signal(sig os.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.ended:
		return os.ErrProcessDone
	case p.Kill != nil:
		return p.Kill(sig)
	}
	return p.sys.signal(sig)
}

// End waits for a child that was killed and reaps it, for as long as patience lasts. It
// reports whether it has ended. It blocks.
func (p *Process) End(patience time.Duration) (Status, bool) {
	deadline := time.Now().Add(patience)
	for {
		how, ended := p.Reap()
		left := time.Until(deadline)
		if ended || left <= 0 {
			return how, ended
		}
		p.sys.await(min(left, longestLook))
	}
}

// longestLook is after what time at the latest somebody who waits for a child's end looks
// for himself, whatever the system has told.
const longestLook = time.Second

// Watch has ended called once when the child has ended and was reaped: on the loop's
// goroutine, by way of the engine or of post, which hands the loop something from another
// goroutine and reports false if it is closed. It is called once. With an error nobody
// will tell.
func (p *Process) Watch(eng engine.Engine, post func(to engine.Completer, ev uint64) bool, ended func(Status)) error {
	p.watch = watch{p: p, eng: eng, post: post, ended: ended}
	return p.watch.begin()
}

// By says how the child's end is noticed, for reports.
func (p *Process) By() string {
	if p.watch.watching {
		return descriptorName
	}
	return waiterName
}

// Release lets go of what the child's end was to be noticed by. The function given to
// Watch is not called any more. A child that is still there is left to a goroutine, which
// reaps it.
func (p *Process) Release() {
	p.watch.end()
	if _, ended := p.Reap(); ended {
		p.sys.close()
		return
	}
	go func() {
		for ended := false; !ended; _, ended = p.End(time.Hour) {
		}
		p.sys.close()
	}()
}
