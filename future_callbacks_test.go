package asyncio_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio"
)

type callback = func(*asyncio.Future[int])

func TestFutureCallbacks(t *testing.T) {
	t.Parallel()
	row(t, "futures.028.callbacks-order", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		var order []int
		f := asyncio.NewFuture[int](loop)
		for i := range 5 {
			f.AddDoneCallback(func(g *asyncio.Future[int]) {
				if g != f {
					t.Error("called with another future")
				}
				order = append(order, i)
			})
		}
		must(t, f.SetResult(42))
		want(t, "called at once", len(order), 0)
		passes(t, ctx, 1)
		want(t, "order", fmt.Sprint(order), "[0 1 2 3 4]")
	})
	row(t, "futures.029.callbacks-on-exception", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		for _, end := range []callback{
			func(f *asyncio.Future[int]) { must(t, f.SetException(errBoom)) },
			func(f *asyncio.Future[int]) { f.Cancel() },
		} {
			called := 0
			f := asyncio.NewFuture[int](loop)
			f.AddDoneCallback(func(f *asyncio.Future[int]) {
				called++
				_ = f.Exception()
			})
			end(f)
			want(t, "called at once", called, 0)
			passes(t, ctx, 1)
			want(t, "called", called, 1)
		}
	})
	for id, removed := range map[string]int{
		"futures.030a.callbacks-remove-first": 0,
		"futures.030b.callbacks-remove-last":  2,
	} {
		row(t, id, func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
			var order []int
			var tokens []asyncio.CallbackToken
			f := asyncio.NewFuture[int](loop)
			for i := range 3 {
				tokens = append(tokens, f.AddDoneCallback(func(*asyncio.Future[int]) { order = append(order, i) }))
			}
			want(t, "removed", f.RemoveDoneCallback(tokens[removed]), 1)
			want(t, "removed again", f.RemoveDoneCallback(tokens[removed]), 0)
			must(t, f.SetResult(1))
			passes(t, ctx, 1)
			left := slices.Delete([]int{0, 1, 2}, removed, removed+1)
			want(t, "order", fmt.Sprint(order), fmt.Sprint(left))
		})
	}
	row(t, "futures.031.remove-counts", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f, other := asyncio.NewFuture[int](loop), asyncio.NewFuture[int](loop)
		one, rest := 0, 0
		token := f.AddDoneCallback(func(*asyncio.Future[int]) { one++ })
		f.AddDoneCallback(func(*asyncio.Future[int]) { rest++ })
		foreign := other.AddDoneCallback(func(*asyncio.Future[int]) { t.Error("called") })
		var six []asyncio.CallbackToken
		again := func(*asyncio.Future[int]) { one++ }
		for range 6 {
			six = append(six, f.AddDoneCallback(again))
		}
		f.AddDoneCallback(func(*asyncio.Future[int]) { rest++ })
		want(t, "never added", f.RemoveDoneCallback(asyncio.CallbackToken{}), 0)
		want(t, "of another future", f.RemoveDoneCallback(foreign), 0)
		want(t, "one", f.RemoveDoneCallback(token), 1)
		want(t, "one again", f.RemoveDoneCallback(token), 0)
		want(t, "six", f.RemoveDoneCallback(token, six...), 6)
		must(t, f.SetResult(1))
		passes(t, ctx, 1)
		want(t, "removed but called", one, 0)
		want(t, "the rest", rest, 2)
	})
	row(t, "futures.033.callback-removes-callback", func(t *testing.T, ctx context.Context, loop asyncio.EventLoop) {
		f := asyncio.NewFuture[int](loop)
		var later asyncio.CallbackToken
		var order []string
		f.AddDoneCallback(func(f *asyncio.Future[int]) {
			order = append(order, "first")
			want(t, "removed", f.RemoveDoneCallback(later), 0)
		})
		later = f.AddDoneCallback(func(*asyncio.Future[int]) { order = append(order, "later") })
		must(t, f.SetResult(1))
		passes(t, ctx, 1)
		want(t, "order", fmt.Sprint(order), "[first later]")
	})
}

// TestCallbacksAgainstModel adds and removes callbacks at random and compares
// what is called with a list that is kept beside it.
func TestCallbacksAgainstModel(t *testing.T) {
	t.Parallel()
	inLoop(t, func(ctx context.Context, loop asyncio.EventLoop) {
		seed := uint32(1)
		random := func(n int) int {
			seed = seed*1664525 + 1013904223
			return int(seed>>8) % n
		}
		for range 200 {
			f := asyncio.NewFuture[int](loop)
			var called, model []int
			var tokens []asyncio.CallbackToken
			for i := range 1 + random(12) {
				tokens = append(tokens, f.AddDoneCallback(func(*asyncio.Future[int]) { called = append(called, i) }))
				model = append(model, i)
				if random(3) == 0 {
					k := random(len(tokens))
					at := slices.Index(model, k)
					want(t, "removed", f.RemoveDoneCallback(tokens[k]), min(at+1, 1))
					if at >= 0 {
						model = slices.Delete(model, at, at+1)
					}
				}
			}
			must(t, f.SetResult(1))
			passes(t, ctx, 1)
			if !slices.Equal(called, model) {
				t.Fatalf("called %v, want %v", called, model)
			}
		}
	})
}

func firstCallback(*asyncio.Future[int])  {}
func middleCallback(*asyncio.Future[int]) {}
func lastCallback(*asyncio.Future[int])   {}

// TestFutureTextNamesCallbacks: the first, how many more, and the last.
func TestFutureTextNamesCallbacks(t *testing.T) {
	t.Parallel()
	plainRow(t, "callbacks", func(t *testing.T) {
		place := regexp.MustCompile(`asyncio_test\.(\w+)\(\) at [^,\]>]+`)
		for n, text := range []string{
			"<Future pending>",
			"<Future pending cb=[firstCallback]>",
			"<Future pending cb=[firstCallback, lastCallback]>",
			"<Future pending cb=[firstCallback, <1 more>, lastCallback]>",
			"<Future pending cb=[firstCallback, <2 more>, lastCallback]>",
			"<Future pending cb=[firstCallback, <3 more>, lastCallback]>",
		} {
			f := asyncio.NewFuture[int](newLoop(t))
			for i := range n {
				switch {
				case i == 0:
					f.AddDoneCallback(firstCallback)
				case i == n-1:
					f.AddDoneCallback(lastCallback)
				default:
					f.AddDoneCallback(middleCallback)
				}
			}
			want(t, "text", place.ReplaceAllString(f.String(), "$1"), text)
		}
	})
}
