package asyncio_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
)

// piped has a child have pipes where the loop can have them.
func piped(o *asyncio.SubprocessOptions) {}

// countedChild is the protocol of a child that a scene counts.
type countedChild struct {
	asyncio.BaseSubprocessProtocol
	scene *scene
}

func (c *countedChild) ConnectionMade(asyncio.SubprocessTransport) { c.scene.made++ }
func (c *countedChild) ConnectionLost(error)                       { c.scene.lost++ }

// starting is a maker of children.
func starting(change func(*asyncio.SubprocessOptions)) maker {
	return func(ctx context.Context, s *scene) (func(), error) {
		line := again.Line("sleep")
		child, _, err := s.loop.SubprocessExec(ctx, func() asyncio.SubprocessProtocol { return &countedChild{scene: s} },
			childOf(change), line[0], line[1:]...)
		if err != nil {
			return nil, err
		}
		return func() {
			if !errors.Is(child.Close(), asyncio.ErrWrongGoroutine) {
				return
			}
			// The loop is closed meanwhile, or it is told.
			_, _ = s.loop.CallSoonThreadsafe(func() { must(s, child.Close()) })
		}, nil
	}
}

// TestSubprocessSweep ends the start of a child in each of its passes, in each way, on loops
// that nobody has extended, with both ways of noticing its end: nothing is left, no zombie
// either.
func TestSubprocessSweep(t *testing.T) {
	ways := map[string]func(s *childSweep){
		"cancelled": func(s *childSweep) {
			s.task.Cancel()
			must(s, ignore(s.loop.RunUntilComplete(s.task)))
			if _, err := s.task.Result(); err == nil {
				must(s, s.child.transport.Close())
			}
			s.settles()
			must(s, s.loop.Close())
		},
		"closed": func(s *childSweep) { must(s, s.loop.Close()) },
	}
	for _, m := range testkit.Available(t, testkit.Unpinned) {
		t.Run(m.Name, func(t *testing.T) {
			for way, end := range ways {
				for _, plain := range []bool{false, true} {
					for passes := 0; ; passes++ {
						if sweepOnce(t, m, way, plain, true, passes, end) {
							break
						}
					}
					for i := range 10 { // at some moment while the system starts it
						sweepOnce(t, m, way, plain, false, 1+i%2, end)
					}
				}
			}
		})
	}
}

// childSweep is one loop, one child that is started on it, and what there was before.
type childSweep struct {
	testing.TB
	loop  asyncio.EventLoop
	task  *asyncio.Task[struct{}]
	child *childRecorder
}

// sweepOnce starts a child and ends that after so many passes; it reports whether the start
// was over.
func sweepOnce(t *testing.T, m testkit.Mechanism, way string, plain, here bool, passes int, end func(*childSweep)) (over bool) {
	t.Helper()
	before := testkit.Snapshot()
	s := &childSweep{TB: t, child: &childRecorder{}}
	loop, err := loops.New(m, silent)
	must(t, err)
	s.loop = loop
	if here {
		asyncio.StartHere(s.loop)
	}
	if plain {
		asyncio.PlainChildren(s.loop)
	}
	o := childOf()
	if !withPipes(m) {
		noPipes(o)
	}
	s.task = asyncio.CreateTask(s.loop, func(ctx context.Context) (struct{}, error) {
		line := again.Line("sleep")
		_, _, err := s.loop.SubprocessExec(ctx, func() asyncio.SubprocessProtocol { return s.child }, o, line[0], line[1:]...)
		return struct{}{}, err
	})
	for range passes {
		onePass(t, s.loop)
	}
	over = s.task.Done()
	end(s)
	if err := before.Left(patience); err != nil {
		t.Fatalf("%s after %d passes, plain %v: %v", way, passes, plain, err)
	}
	if children() {
		t.Fatalf("%s after %d passes, plain %v: a child is left", way, passes, plain)
	}
	return over
}

// ignore forgets what a call has ended with.
func ignore(error) error { return nil }

// settles waits until nothing is left of children.
func (s *childSweep) settles() {
	s.Helper()
	for begun := time.Now(); len(asyncio.Children(s.loop)) > 0; {
		if time.Since(begun) > patience {
			s.Fatal("the child does not end")
		}
		must(s, s.loop.RunUntilComplete(asyncio.CreateTask(s.loop, sleeper(time.Millisecond))))
	}
	if s.child.transport != nil && !s.child.lost {
		s.Error("the protocol is not told of the end")
	}
}

// TestSubprocessMany starts many short programs, several at a time, on every loop: each has
// its own output and code, and nothing is left.
func TestSubprocessMany(t *testing.T) {
	const many, atOnce = 24, 12
	for _, m := range testkit.Available(t, withPipes) {
		t.Run(m.Name, func(t *testing.T) {
			for _, plain := range []bool{false, true} {
				before := testkit.Snapshot()
				n := newNetTest(t)
				if plain {
					asyncio.PlainChildren(n.l)
				}
				n.run(func(ctx context.Context) {
					next := 0
					run := func(ctx context.Context) error {
						for next < many {
							i := next
							next++
							r := n.start(ctx, childOf(), "out:output of "+string(rune('a'+i%26)), "exit:"+strconv.Itoa(i))
							n.over(ctx, r)
							want(n, "output", string(r.data[1]), "output of "+string(rune('a'+i%26)))
							want(n, "return code", n.code(r), i)
						}
						return nil
					}
					var all []func(context.Context) (struct{}, error)
					for range atOnce {
						all = append(all, func(ctx context.Context) (struct{}, error) { return struct{}{}, run(ctx) })
					}
					_, err := asyncio.Gather(ctx, all...)
					n.check(err)
				})
				want(n, "left", len(asyncio.Children(n.l)), 0)
				n.check(n.l.Close())
				if err := before.Left(patience); err != nil {
					t.Error(err)
				}
				if children() {
					t.Error("a child is left")
				}
			}
		})
	}
}
