package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/go-asyncio/asyncio"
)

// TestEagerGather: what is done as soon as it is made is gathered at once.
func TestEagerGather(t *testing.T) {
	t.Parallel()
	row(t, "tasks.718.eager-recursive-gather", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for _, eager := range []bool{false, true} {
			made, queued := 0, 0
			must(t, loop.SetTaskFactory(countingSteps(loop, eager, &made, &queued)))
			task := asyncio.CreateTask(loop, gatherTree(4))
			want(t, "done when made", task.Done(), eager)
			n, err := task.Await(ctx)
			must(t, err)
			want(t, "nodes", n, 781)
			want(t, "tasks", made, 781)
			want(t, "that took the queue", queued, map[bool]int{false: 781, true: 0}[eager])
		}
	})
	eagerRow(t, "tasks.719.eager-gather-done", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		pass := false
		_, err := loop.CallSoon(func() { pass = true })
		must(t, err)
		values, err := asyncio.Gather(ctx, atOnce(1), atOnce(2), atOnce(3))
		must(t, err)
		want(t, "values", fmt.Sprint(values), "[1 2 3]")
		results, err := asyncio.GatherResults(ctx, atOnce(1), atOnce(0, errBoom))
		must(t, err)
		want(t, "results", fmt.Sprint(results), "[{1 <nil>} {0 boom}]")
		_, err = asyncio.Gather(ctx, atOnce(1), atOnce(0, errBoom), failing(nil)) // the last goes on
		wantError(t, err, errBoom)
		g := asyncio.GatherFuture(ctx, asyncio.Go(ctx, atOnce(4)), asyncio.Go(ctx, atOnce(5)))
		want(t, "done", g.Done(), true)
		values, err = g.Result()
		must(t, err)
		want(t, "values of the future", fmt.Sprint(values), "[4 5]")
		want(t, "a pass went by", pass, false)
		_, err = asyncio.Gather(ctx, atOnce(1), failing(nil))
		must(t, err)
		want(t, "a pass went by for one that waits", pass, true)
	})
}

// gatherTree counts the nodes of a tree five wide, each of them a task.
func gatherTree(depth int) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		if depth == 0 {
			return 1, nil
		}
		var branches []func(context.Context) (int, error)
		for range 5 {
			branches = append(branches, gatherTree(depth-1))
		}
		counts, err := asyncio.Gather(ctx, branches...)
		n := 1
		for _, c := range counts {
			n += c
		}
		return n, err
	}
}

// atOnce is a coroutine that returns without a wait.
func atOnce(n int, errs ...error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return n, errors.Join(errs...) }
}
