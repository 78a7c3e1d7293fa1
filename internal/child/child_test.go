package child_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/child"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/engine/completion"
	"github.com/go-asyncio/asyncio/internal/engine/readiness"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
	"github.com/go-asyncio/asyncio/internal/testkit/childprogram"
	"github.com/go-asyncio/asyncio/internal/testkit/folder"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

func TestMain(m *testing.M) {
	childprogram.Main()
	testkit.Main(m)
}

// patience is when a test that waits for something gives up.
const patience = 30 * time.Second

// spec is a child that does these steps.
func spec(t testing.TB, plain bool, steps ...string) child.Spec {
	t.Helper()
	line := again.Line(steps...)
	s, err := child.Program(line[0], line[1:], "", append(os.Environ(), childprogram.Variable+"=1", "GORACE=atexit_sleep_ms=0"))
	if err != nil {
		t.Fatal(err)
	}
	null, err := child.OpenNull()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { child.CloseFile(null) })
	s.Plain, s.Files = plain, []uintptr{null, null, null}
	return s
}

// start starts a child that does these steps.
func start(t testing.TB, plain bool, steps ...string) *child.Process {
	t.Helper()
	p, err := child.Start(spec(t, plain, steps...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// bothWays runs f with each of the two ways of noticing the end of a child.
func bothWays(t *testing.T, f func(t *testing.T, plain bool)) {
	for name, plain := range map[string]bool{"handle": false, "plain": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, plain)
		})
	}
}

// ended waits until a child is reaped.
func ended(t testing.TB, p *child.Process) child.Status {
	t.Helper()
	how, over := p.End(patience)
	if !over {
		t.Fatal("the child does not end")
	}
	return how
}

// TestEnd: a child is reaped once, and afterwards gets no signal.
func TestEnd(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, plain bool) {
		p := start(t, plain, "exit:7")
		defer p.Release()
		how := ended(t, p)
		if how.Code != 7 || how.Stolen || how.Usage == nil {
			t.Errorf("it has ended like this: %+v", how)
		}
		if again, over := p.Reap(); !over || again != how {
			t.Errorf("and then like this: %+v", again)
		}
		if err := p.Signal(os.Kill); !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("a signal to one that was reaped: %v", err)
		}
	})
}

// TestRunning: a child that runs is not reaped, and can be killed.
func TestRunning(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, plain bool) {
		p := start(t, plain, "sleep")
		defer p.Release()
		if _, over := p.Reap(); over {
			t.Error("it has ended")
		}
		if _, over := p.End(time.Millisecond); over {
			t.Error("it has ended")
		}
		if err := p.Signal(os.Kill); err != nil {
			t.Error(err)
		}
		if how := ended(t, p); how.Code != killedCode {
			t.Errorf("it has ended like this: %+v", how)
		}
	})
}

// TestSignals: signals while the child ends never spoil what it ends with.
func TestSignals(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, plain bool) {
		for range 10 {
			p := start(t, plain, "exit:0")
			stop := make(chan struct{})
			var signals sync.WaitGroup
			signals.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if err := p.Signal(harmless); errors.Is(err, os.ErrProcessDone) {
						return
					}
					runtime.Gosched()
				}
			})
			if how := ended(t, p); how.Code != 0 {
				t.Errorf("it has ended like this: %+v", how)
			}
			close(stop)
			signals.Wait()
			p.Release()
		}
	})
}

// TestOthers: children of others are left to them, as ours are to us.
func TestOthers(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, plain bool) {
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				s := spec(t, plain, "exit:9")
				cmd := exec.Command(s.Path, s.Args[1:]...)
				cmd.Env = s.Env
				if err := cmd.Run(); cmd.ProcessState.ExitCode() != 9 {
					t.Errorf("os/exec: %v", err)
				}
			})
			all.Go(func() {
				p := start(t, plain, "exit:8")
				defer p.Release()
				if how := ended(t, p); how.Code != 8 {
					t.Errorf("it has ended like this: %+v", how)
				}
			})
		}
		all.Wait()
	})
}

// loop is an engine that is run on one goroutine.
type loop struct {
	engine.Engine
	posted chan engine.Completer
}

func newLoop(t *testing.T, m testkit.Mechanism) *loop {
	t.Helper()
	eng, err := testkit.On(m, func(s selectors.Selector) (engine.Engine, error) {
		return readiness.New(s)
	}, func(p proactors.Proactor) (engine.Engine, error) {
		return completion.New(p), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return &loop{eng, make(chan engine.Completer, 100)}
}

func (l *loop) post(to engine.Completer, _ uint64) bool {
	l.posted <- to
	l.Wake()
	return true
}

// until runs the loop until cond holds.
func (l *loop) until(t *testing.T, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !cond(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		events, err := l.Poll(time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			e.To.Complete(e.Ev)
		}
		for len(l.posted) > 0 {
			(<-l.posted).Complete(0)
		}
	}
}

// TestWatch: the end of each child comes to the loop, once, over every mechanism.
func TestWatch(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) {
		bothWays(t, func(t *testing.T, plain bool) {
			l := newLoop(t, m)
			codes := map[int]int{}
			for code := range 5 {
				p := start(t, plain, "exit:"+string(rune('0'+code)))
				if err := p.Watch(l, l.post, func(how child.Status) {
					codes[how.Code]++
					p.Release()
				}); err != nil {
					t.Fatal(err)
				}
			}
			l.until(t, func() bool { return len(codes) == 5 })
			for code, n := range codes {
				if n != 1 || code >= 5 {
					t.Errorf("code %d came %d times", code, n)
				}
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestReleaseEarly: who lets go of a child hears nothing of it any more, and it is reaped
// all the same.
func TestReleaseEarly(t *testing.T) {
	t.Parallel()
	testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) {
		bothWays(t, func(t *testing.T, plain bool) {
			l := newLoop(t, m)
			p := start(t, plain, "sleep")
			if err := p.Watch(l, l.post, func(child.Status) { t.Error("it is told") }); err != nil {
				t.Fatal(err)
			}
			p.Release()
			if err := p.Signal(os.Kill); err != nil {
				t.Error(err)
			}
			l.until(t, func() bool { _, over := p.Reap(); return over })
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestStartFails: a program that cannot be started is the system's error.
func TestStartFails(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, plain bool) {
		s := spec(t, plain)
		s.Path = folder.New(t) + "/none"
		if _, err := child.Start(s); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("no such program: %v", err)
		}
		s = spec(t, plain)
		s.Dir = folder.New(t) + "/none"
		if _, err := child.Start(s); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("no such folder: %v", err)
		}
		if _, err := child.Program("no-such-program-anywhere", nil, "", nil); !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, exec.ErrNotFound) {
			t.Errorf("no such name: %v", err)
		}
	})
}
