package asyncio_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// facts is a graph in short: the name of the task, or "future", its stack by function,
// and who waits for it, sorted.
func facts(g *asyncio.FutureCallGraph) string {
	if g == nil {
		return "none"
	}
	name := "future"
	if t, ok := g.Future.(asyncio.AnyTask); ok {
		name = t.Name()
	}
	var stack, by []string
	for _, f := range g.CallStack {
		if strings.Contains(f.Function, ".Test") || strings.Contains(f.Function, "asyncio_test.row") {
			continue // of the test's own
		}
		stack = append(stack, strings.TrimPrefix(f.Function, "github.com/go-asyncio/asyncio_test."))
	}
	for _, a := range g.AwaitedBy {
		by = append(by, facts(a))
	}
	slices.Sort(by)
	text := name + "[" + strings.Join(stack, " ") + "]"
	if len(by) > 0 {
		text += " <- (" + strings.Join(by, ", ") + ")"
	}
	return text
}

// graphOf is the graph of a future, nil being the current task.
func graphOf(t *testing.T, a asyncio.Awaitable, opts ...asyncio.CallGraphOption) *asyncio.FutureCallGraph {
	t.Helper()
	g, err := asyncio.CaptureCallGraph(a, opts...)
	must(t, err)
	return g
}

// Those whose names the stacks show. What they wait for is held up until it is let go.

type held struct{ *asyncio.Future[int] }

func hold(loop asyncio.EventLoop) held { return held{asyncio.NewFuture[int](loop)} }

func (h held) innermost(ctx context.Context) (int, error) { return h.Await(ctx) }
func (h held) middle(ctx context.Context) (int, error)    { return h.innermost(ctx) }
func (h held) outermost(ctx context.Context) (int, error) { return h.middle(ctx) }

const heldStack = "held.innermost held.middle held.outermost"

func awaiting(a asyncio.AwaitableOf[int]) func(context.Context) (int, error) { return onto{a}.awaits }

type onto struct{ asyncio.AwaitableOf[int] }

func (o onto) awaits(ctx context.Context) (int, error) { return o.Await(ctx) }

// startFrom runs a named function as a task up to its first wait.
func startFrom(ctx context.Context, name string, f func(context.Context) (int, error)) *asyncio.Task[int] {
	return asyncio.Go(ctx, f, asyncio.WithName(name), eagerly)
}

// letGo ends what was held up, and waits for the tasks.
func letGo(t *testing.T, ctx context.Context, h held, tasks ...*asyncio.Task[int]) {
	t.Helper()
	must(t, h.SetResult(1))
	for _, task := range tasks {
		_, err := task.Await(ctx)
		must(t, err)
	}
}

func gathers(a asyncio.AwaitableOf[int]) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		_, err := asyncio.GatherOf(ctx, a, a)
		return 0, err
	}
}

// TestCallGraphAwaiters: who waits for a task, by whatever way, is its awaiter, and
// nothing stands between the two.
func TestCallGraphAwaiters(t *testing.T) {
	t.Parallel()
	ways := map[string]func(task *asyncio.Task[int]) func(context.Context) (int, error){
		"graph.702.gather": func(task *asyncio.Task[int]) func(context.Context) (int, error) { return gathers(task) },
		"graph.703.shield": func(task *asyncio.Task[int]) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) { return asyncio.Shield(ctx, task) }
		},
		"graph.704.timeout-scope": func(task *asyncio.Task[int]) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				return 0, asyncio.Timeout(ctx, forever, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
					_, err := task.Await(ctx)
					return err
				})
			}
		},
		"graph.705.wait": func(task *asyncio.Task[int]) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				_, _, err := asyncio.Wait(ctx, []asyncio.Awaitable{task}, asyncio.WaitOptions{})
				return 0, err
			}
		},
		"graph.706.wait-for": func(task *asyncio.Task[int]) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) { return asyncio.WaitForOf(ctx, forever, task) }
		},
		"graph.707.task": func(task *asyncio.Task[int]) func(context.Context) (int, error) { return task.Await },
		"as completed": func(task *asyncio.Task[int]) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				for _, err := range asyncio.AsCompleted(ctx, asyncio.AwaitableOf[int](task)) {
					return 0, err
				}
				return 0, nil
			}
		},
		"all of them": func(task *asyncio.Task[int]) func(context.Context) (int, error) {
			return func(ctx context.Context) (int, error) {
				shield := asyncio.ShieldFuture(ctx, task)
				many := asyncio.GatherFuture(ctx, asyncio.AwaitableOf[int](shield))
				_, err := asyncio.WaitForOf(ctx, forever, many)
				return 0, err
			}
		},
	}
	for name, way := range ways {
		row(t, name, func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
			h := hold(loop)
			inner := startFrom(ctx, "inner", h.outermost)
			outer := startFrom(ctx, "outer", func(ctx context.Context) (int, error) { return waits(ctx, way(inner)) })
			g := graphOf(t, inner)
			want(t, "inner's stack", stackOf(g), heldStack)
			want(t, "awaiters", len(g.AwaitedBy), 1)
			for _, by := range g.AwaitedBy {
				want(t, "awaiter", by.Future, asyncio.Awaitable(outer))
				want(t, "its stack ends with", strings.HasSuffix(stackOf(by), "waits"), true)
				want(t, "its awaiters", len(by.AwaitedBy), 0)
			}
			letGo(t, ctx, h, inner, outer)
			want(t, "when it is done", facts(graphOf(t, inner)), "inner[]")
		})
	}
}

func waits(ctx context.Context, f func(context.Context) (int, error)) (int, error) { return f(ctx) }

func stackOf(g *asyncio.FutureCallGraph) string {
	f := facts(&asyncio.FutureCallGraph{Future: g.Future, CallStack: g.CallStack})
	return f[strings.IndexByte(f, '[')+1 : len(f)-1]
}

// holder holds a group of one task.
func holder(ctx context.Context, f func(ctx context.Context, g *asyncio.TaskGroup) error) (int, error) {
	return 0, asyncio.WithTaskGroup(ctx, f)
}

func TestCallGraph(t *testing.T) {
	t.Parallel()
	row(t, "graph.701.group-child", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		h := hold(loop)
		var child *asyncio.Task[int]
		var hand [2]*asyncio.Task[int]
		main := startFrom(ctx, "holder", func(ctx context.Context) (int, error) {
			return holder(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
				child = asyncio.GroupGo(g, h.outermost, asyncio.WithName("child"), eagerly)
				for i := range hand {
					hand[i] = asyncio.GroupGo(g, awaiting(child), asyncio.WithName(fmt.Sprint("by hand ", i)), eagerly)
				}
				return nil
			})
		})
		want(t, "graph", facts(graphOf(t, child)), "child["+heldStack+"] <- (by hand 0[onto.awaits] <- (holder[holder]), "+
			"by hand 1[onto.awaits] <- (holder[holder]), holder[holder])")
		letGo(t, ctx, h, main)
	})
	row(t, "graph.708.future", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		h := hold(loop)
		one, two := startFrom(ctx, "one", h.middle), startFrom(ctx, "two", h.outermost)
		want(t, "graph", facts(graphOf(t, h)), "future[] <- (one[held.innermost held.middle], two["+heldStack+"])")
		letGo(t, ctx, h, one, two)
		want(t, "when it is done", facts(graphOf(t, h)), "future[]")
	})
	row(t, "graph.718.current-explicit", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := startFrom(ctx, "current", func(context.Context) (int, error) {
			want(t, "unnamed", facts(capturesItself(t, false)), "current[capturesItself]")
			want(t, "named", facts(capturesItself(t, true)), "current[capturesItself]")
			return 0, nil
		})
		must(t, task.Exception())
	})
	row(t, "graph.722.depth", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := startFrom(ctx, "current", func(context.Context) (int, error) {
			for depth, stack := range []string{"capturesItself", "", ""} {
				want(t, fmt.Sprint("depth ", depth), stackOf(capturesItself(t, false, asyncio.WithCallGraphDepth(depth))), stack)
			}
			want(t, "more than there is", len(capturesItself(t, false, asyncio.WithCallGraphDepth(1000)).CallStack), 0)
			return 0, nil
		})
		must(t, task.Exception())
	})
	row(t, "graph.725.awaiter-removed", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		h := hold(loop)
		seen := ""
		task := startFrom(ctx, "task", func(ctx context.Context) (int, error) {
			_, err := h.Await(ctx)
			seen = facts(graphOf(t, h))
			return 0, err
		})
		want(t, "while it waits", len(graphOf(t, h).AwaitedBy), 1)
		letGo(t, ctx, h, task)
		want(t, "when it goes on", seen, "future[]")
		cancelled := startFrom(ctx, "cancelled", hold(loop).outermost)
		cancelled.Cancel()
		passes(t, ctx, 2)
		want(t, "cancelled", cancelled.Cancelled(), true)
	})
	row(t, "graph.726.group-child-before-exit", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		asyncio.CurrentTask().SetName("main")
		must(t, asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
			child := g.Go(func(ctx context.Context) error { return asyncio.Sleep(ctx, 0) }, asyncio.WithName("child"))
			for what := range 2 {
				by := graphOf(t, child).AwaitedBy
				want(t, fmt.Sprint("awaiters in pass ", what), len(by), 1)
				for _, a := range by {
					want(t, "it is the holder", a.Future, asyncio.Awaitable(asyncio.CurrentTask()))
				}
				passes(t, ctx, 1)
			}
			_, err := child.Await(ctx)
			want(t, "awaiters when it is done", len(graphOf(t, child).AwaitedBy), 0)
			return err
		}))
	})
	row(t, "graph.727.two-awaiters-order", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		h := hold(loop)
		var tasks []*asyncio.Task[int]
		for i := range 4 {
			tasks = append(tasks, startFrom(ctx, fmt.Sprint(i), h.Await))
		}
		want(t, "graph", facts(graphOf(t, h)), "future[] <- (0[], 1[], 2[], 3[])")
		letGo(t, ctx, h, tasks...)
	})
	row(t, "graph.728.wait-releases", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		h := hold(loop)
		_, pending, err := asyncio.Wait(ctx, []asyncio.Awaitable{h}, asyncio.WaitOptions{Timeout: instant})
		must(t, err)
		want(t, "pending", len(pending), 1)
		want(t, "graph", facts(graphOf(t, h)), "future[]")
	})
	row(t, "graph.729.shield-releases", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		h := hold(loop)
		task := startFrom(ctx, "shields", func(ctx context.Context) (int, error) { return asyncio.Shield(ctx, h) })
		want(t, "awaiters", len(graphOf(t, h).AwaitedBy), 1)
		task.Cancel()
		_, err := task.Await(ctx)
		wantError(t, err, asyncio.ErrCancelled)
		want(t, "graph", facts(graphOf(t, h)), "future[]")
	})
	row(t, "not begun", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		task := asyncio.Go(ctx, refusedWork, asyncio.WithName("new"))
		want(t, "graph", facts(graphOf(t, task)), "new[refusedWork]")
		want(t, "file", filepath.Base(graphOf(t, task).CallStack[0].File), "refused_test.go")
		_ = task.Cancel()
		passes(t, ctx, 1)
		want(t, "cancelled before it began", facts(graphOf(t, task)), "new[]")
	})
	row(t, "tasks that wait for each other", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		var one, two *asyncio.Task[int]
		one = asyncio.Go(ctx, func(ctx context.Context) (int, error) { return two.Await(ctx) }, asyncio.WithName("one"))
		two = asyncio.Go(ctx, func(ctx context.Context) (int, error) { return one.Await(ctx) }, asyncio.WithName("two"))
		passes(t, ctx, 1)
		want(t, "graph", facts(graphOf(t, one)), "one[] <- (two[] <- (one[]))")
		if n := strings.Count(graphOf(t, one).String(), "* Task("); n != 3 {
			t.Errorf("%d tasks in the text", n)
		}
		one.Cancel()
		passes(t, ctx, 3)
		want(t, "over", one.Done() && two.Done(), true)
	})
	plainRow(t, "from another goroutine", func(t *testing.T) {
		loop := newLoop(t)
		runIn(t, loop, func(ctx context.Context) {
			h := hold(loop)
			task := startFrom(ctx, "task", h.outermost)
			elsewhere(func() { want(t, "graph", facts(graphOf(t, h)), "future[] <- (task["+heldStack+"])") })
			letGo(t, ctx, h, task)
		})
	})
	plainRow(t, "of another loop", func(t *testing.T) {
		owner, user := newLoop(t), newLoop(t)
		h := hold(owner)
		runIn(t, user, func(ctx context.Context) {
			wrapped, err := asyncio.WrapFuture(user, asyncio.AwaitableOf[int](h.Future))
			must(t, err)
			task := startFrom(ctx, "task", awaiting(wrapped))
			want(t, "graph", facts(graphOf(t, h)), "future[] <- (task[onto.awaits])")
			task.Cancel()
			passes(t, ctx, 2)
		})
	})
}

//go:noinline
func capturesItself(t *testing.T, named bool, opts ...asyncio.CallGraphOption) *asyncio.FutureCallGraph {
	t.Helper()
	if named {
		return graphOfItself(asyncio.CaptureCallGraph(asyncio.CurrentTask(), opts...))
	}
	return graphOfItself(asyncio.CaptureCallGraph(nil, opts...))
}

func graphOfItself(g *asyncio.FutureCallGraph, err error) *asyncio.FutureCallGraph {
	if err != nil {
		return nil
	}
	return g
}

func TestCallGraphLimits(t *testing.T) {
	t.Parallel()
	whole := strings.Fields(heldStack)
	limits := func(t *testing.T, of func(opts ...asyncio.CallGraphOption) string, whole []string) {
		t.Helper()
		if whole == nil {
			whole = strings.Fields(of())
		}
		n := len(whole)
		for limit, stack := range map[int][]string{1: whole[n-1:], 2: whole[n-2:], 1000: whole, -1: whole[:1], -2: whole[:2], -1000: whole, 0: nil} {
			want(t, fmt.Sprint("limit ", limit), of(asyncio.WithCallGraphLimit(limit)), strings.Join(stack, " "))
		}
	}
	row(t, "graph.719.limit-zero", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		h := hold(loop)
		inner := startFrom(ctx, "inner", h.outermost)
		outer := startFrom(ctx, "outer", awaiting(inner))
		want(t, "graph", facts(graphOf(t, inner, asyncio.WithCallGraphLimit(0))), "inner[] <- (outer[])")
		letGo(t, ctx, h, inner, outer)
	})
	row(t, "graph.720.limit-positive", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		h := hold(loop)
		task := startFrom(ctx, "task", h.outermost)
		limits(t, func(opts ...asyncio.CallGraphOption) string { return stackOf(graphOf(t, task, opts...)) }, whole)
		limits(t, func(opts ...asyncio.CallGraphOption) string { return stackOf(graphOf(t, h, opts...).AwaitedBy[0]) }, whole)
		letGo(t, ctx, h, task)
	})
	row(t, "graph.721.limit-current", func(t *testing.T, ctx context.Context, _ asyncio.EventLoop) {
		names := func(opts ...asyncio.CallGraphOption) string {
			var all []string
			for _, f := range capturesItself(t, false, opts...).CallStack {
				all = append(all, f.Function)
			}
			return strings.Join(all, " ")
		}
		task := startFrom(ctx, "current", func(context.Context) (int, error) {
			limits(t, names, nil)
			return 0, nil
		})
		must(t, task.Exception())
	})
}

func TestCallGraphText(t *testing.T) {
	t.Parallel()
	row(t, "graph.711.text", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		h := hold(loop)
		inner := startFrom(ctx, "inner", h.middle)
		outer := startFrom(ctx, "outer", inner.Await)
		last := startFrom(ctx, "last", awaiting(outer))
		shape := regexp.MustCompile(`(?s)^\* Task\(name="inner", id=0x[0-9a-f]+\)
  \+ Call stack:
  \|   File "[^"]+call_graph_test\.go", line \d+, in asyncio_test\.held\.innermost\(\)
  \|   File "[^"]+call_graph_test\.go", line \d+, in asyncio_test\.held\.middle\(\)
  \+ Awaited by:
    \* Task\(name="outer", id=0x[0-9a-f]+\)
      \+ Awaited by:
        \* Task\(name="last", id=0x[0-9a-f]+\)
          \+ Call stack:
          \|   File "[^"]+call_graph_test\.go", line \d+, in asyncio_test\.onto\.awaits\(\)$`)
		text, err := asyncio.FormatCallGraph(inner)
		must(t, err)
		if !shape.MatchString(text) {
			t.Errorf("the text is\n%s", text)
		}
		text, err = asyncio.FormatCallGraph(h)
		must(t, err)
		if !regexp.MustCompile(`^\* Future\(id=0x[0-9a-f]+\)\n  \+ Awaited by:\n    \* Task\(name="inner", `).MatchString(text) {
			t.Errorf("the text is\n%s", text)
		}
		letGo(t, ctx, h, inner, outer, last)
	})
	row(t, "graph.712.text-sections-absent", func(t *testing.T, _ context.Context, loop asyncio.EventLoop) {
		text, err := asyncio.FormatCallGraph(hold(loop))
		must(t, err)
		if !regexp.MustCompile(`^\* Future\(id=0x[0-9a-f]+\)$`).MatchString(text) {
			t.Errorf("the text is\n%s", text)
		}
	})
	row(t, "graph.713.print", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		h := hold(loop)
		task := startFrom(ctx, "task", h.outermost)
		text, err := asyncio.FormatCallGraph(h)
		must(t, err)
		var b bytes.Buffer
		must(t, asyncio.PrintCallGraph(&b, h))
		want(t, "printed", b.String(), text+"\n")
		wantError(t, asyncio.PrintCallGraph(brokenWriter{}, h), errBoom)
		letGo(t, ctx, h, task)
	})
	row(t, "what stood above is not said again", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		// Thirty tasks, each awaited by the next in two ways: a thousand million ways
		// from the first to the last.
		h := hold(loop)
		tasks := []*asyncio.Task[int]{startFrom(ctx, "first", h.Await)}
		for range 30 {
			last := tasks[len(tasks)-1]
			one, two := startFrom(ctx, "one", last.Await), startFrom(ctx, "two", last.Await)
			tasks = append(tasks, one, two, startFrom(ctx, "both", func(ctx context.Context) (int, error) {
				_, err := asyncio.GatherOf(ctx, asyncio.AwaitableOf[int](one), asyncio.AwaitableOf[int](two))
				return 0, err
			}))
		}
		text, err := asyncio.FormatCallGraph(h)
		must(t, err)
		if n := strings.Count(text, "* Task("); n > 200 {
			t.Errorf("%d tasks in the text", n)
		}
		letGo(t, ctx, h, tasks...)
	})
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBoom }

func TestCallGraphWithoutTask(t *testing.T) {
	t.Parallel()
	looplessRow(t, "graph.714.no-loop", func(t *testing.T) {
		g, err := asyncio.CaptureCallGraph(nil)
		wantError(t, err, asyncio.ErrNoRunningLoop)
		want(t, "graph", facts(g), "none")
		_, err = asyncio.FormatCallGraph(nil)
		wantError(t, err, asyncio.ErrNoRunningLoop)
		wantError(t, asyncio.PrintCallGraph(nil, nil), asyncio.ErrNoRunningLoop)
		_, err = asyncio.CaptureCallGraph((*asyncio.Future[int])(nil))
		wantError(t, err, asyncio.ErrInvalidArgument)
	})
	plainRow(t, "graph.715.no-loop-with-future", func(t *testing.T) {
		loop := newLoop(t)
		h := hold(loop)
		want(t, "future", facts(graphOf(t, h)), "future[]")
		task := asyncio.CreateTask(loop, h.outermost, asyncio.WithName("task"))
		want(t, "task", facts(graphOf(t, task)), "task[held.outermost-fm]")
		task.Cancel()
		onePass(t, loop)
	})
	plainRow(t, "graph.716.no-task", func(t *testing.T) {
		loop := newLoop(t)
		ran := false
		_, err := loop.CallSoon(func() {
			ran = true
			want(t, "graph", facts(graphOf(t, nil)), "none")
			text, err := asyncio.FormatCallGraph(nil)
			must(t, err)
			want(t, "text", text, "")
			var b bytes.Buffer
			must(t, asyncio.PrintCallGraph(&b, nil))
			want(t, "printed", b.String(), "\n")
		})
		must(t, err)
		onePass(t, loop)
		want(t, "ran", ran, true)
	})
}

func TestCallGraphRecorded(t *testing.T) {
	t.Parallel()
	row(t, "graph.723.record-awaiter", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f, by := hold(loop), hold(loop)
		waiter := startFrom(ctx, "waiter", by.outermost)
		for range 2 {
			asyncio.FutureAddToAwaitedBy(f, waiter)
			want(t, "recorded", facts(graphOf(t, f)), "future[] <- (waiter["+heldStack+"])")
		}
		asyncio.FutureAddToAwaitedBy(f, by)
		want(t, "two", facts(graphOf(t, f)), "future[] <- (future[] <- (waiter["+heldStack+"]), waiter["+heldStack+"])")
		if text := fmt.Sprint(f.Future); strings.Contains(text, "cb=") {
			t.Errorf("records are no callbacks: %s", text)
		}
		asyncio.FutureDiscardFromAwaitedBy(f, by)
		for range 2 {
			asyncio.FutureDiscardFromAwaitedBy(f, waiter)
			want(t, "taken back", facts(graphOf(t, f)), "future[]")
		}
		asyncio.FutureAddToAwaitedBy(f, waiter)
		must(t, f.SetResult(1))
		want(t, "done", facts(graphOf(t, f)), "future[]")
		asyncio.FutureAddToAwaitedBy(f, waiter)
		want(t, "done before", facts(graphOf(t, f)), "future[]")
		letGo(t, ctx, by, waiter)
	})
	row(t, "graph.724.record-awaiter-foreign", func(t *testing.T, _ context.Context, loop asyncio.EventLoop) {
		f := hold(loop)
		for _, none := range []asyncio.Awaitable{nil, (*asyncio.Future[int])(nil), (*asyncio.Task[int])(nil)} {
			asyncio.FutureAddToAwaitedBy(f, none)
			asyncio.FutureAddToAwaitedBy(none, f)
			asyncio.FutureDiscardFromAwaitedBy(f, none)
			asyncio.FutureDiscardFromAwaitedBy(none, f)
		}
		want(t, "graph", facts(graphOf(t, f)), "future[]")
	})
}
