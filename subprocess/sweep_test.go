package subprocess_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/subprocess"
)

// calls are what is ended in each of its passes.
var calls = map[string]func(ctx context.Context, p *subprocess.Process) error{
	"wait": func(ctx context.Context, p *subprocess.Process) error {
		if err := p.Stdin.Close(); err != nil {
			return err
		}
		_, err := p.Wait(ctx)
		return err
	},
	"communicate": func(ctx context.Context, p *subprocess.Process) error {
		_, _, err := p.Communicate(ctx, bytes.Repeat([]byte("x"), 1<<20))
		return err
	},
	"goexit": func(ctx context.Context, p *subprocess.Process) error {
		if _, err := p.Stdin.Write([]byte("x")); err != nil {
			return err
		}
		if _, err := p.Stdout.ReadExactly(ctx, 1); err != nil {
			return err
		}
		runtime.Goexit()
		return nil
	},
}

// TestSweep ends a call in each of its first passes and in some later ones, by cancelling its task or by closing the
// loop: nothing is left, and a child whose loop is open can still be waited for.
func TestSweep(t *testing.T) {
	for _, m := range testkit.Available(t, withPipes) {
		t.Run(m.Name, func(t *testing.T) {
			for name, call := range calls {
				for _, closes := range []bool{false, true} {
					const most = 60 // passes: then nothing new comes
					for passes := 0; passes < most && !sweep(t, m, name, call, closes, passes); passes += 1 + passes/4 {
					}
				}
			}
		})
	}
}

// sweep ends a call after so many passes, and reports whether it was over.
func sweep(t *testing.T, m testkit.Mechanism, name string, call func(context.Context, *subprocess.Process) error, closes bool, passes int) (over bool) {
	t.Helper()
	before := testkit.Snapshot()
	s := newStage(t, m, quiet)
	s.Quiet()
	loop := s.Loop
	var p *subprocess.Process
	s.run(func(s *stage) { p = s.start(options(piped), "cat") })
	task := asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx, p) })
	for range passes {
		loop.Stop()
		s.Must(loop.RunForever())
	}
	over = task.Done()
	if !closes {
		task.Cancel()
		_ = loop.RunUntilComplete(task)
		s.run(func(s *stage) {
			if err := p.Kill(); err != nil {
				s.Fails(err, os.ErrProcessDone)
			}
			s.wait(p)
		})
	}
	s.Must(loop.Close())
	s.Check(p.Stdin.Close()) // or the collector complains
	if _, known := p.Returncode(); !known {
		t.Errorf("%s after %d passes: the child's end is not known", name, passes)
	}
	if err := before.Left(onloop.Patience); err != nil {
		t.Fatalf("%s after %d passes, closing %v: %v", name, passes, closes, err)
	}
	return over
}

// TestLeave: a goroutine that waits for a child leaves when its context ends, and hears of
// the loop's close.
func TestLeave(t *testing.T) {
	for _, m := range testkit.Available(t, withPipes) {
		t.Run(m.Name, func(t *testing.T) {
			testkit.LeavesNothing(t, onloop.Patience)
			s := newStage(t, m, quiet)
			loop := s.Loop
			running := make(chan error)
			go func() { running <- loop.RunForever() }()
			line := again.Line("cat")
			p, err := subprocess.Exec(t.Context(), options(piped, func(o *subprocess.Options) { o.Loop = loop }), line[0], line[1:]...)
			s.Must(err)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err = p.Wait(ctx)
			s.Fails(err, context.Canceled)
			_, _, err = p.Communicate(ctx, []byte("x"))
			s.Fails(err, context.Canceled)
			waits := make(chan error)
			go func() {
				_, err := p.Wait(context.Background())
				waits <- err
			}()
			loop.Stop()
			s.Check(<-running)
			s.Check(loop.Close())
			s.Check(p.Stdin.Close()) // or the collector complains
			if err := <-waits; err != nil && !errors.Is(err, asyncio.ErrLoopClosed) {
				t.Errorf("who waits hears %v", err)
			}
		})
	}
}
