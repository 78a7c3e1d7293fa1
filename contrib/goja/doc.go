// Package gojaloop runs JavaScript on an event loop of package asyncio: goja's runtimes with
// setTimeout, setInterval, setImmediate, queueMicrotask, promises, async functions, fetch,
// AbortController and console.
//
//	err := asyncio.RunErr(ctx, func(ctx context.Context) error {
//		js, err := gojaloop.New(nil)
//		if err != nil {
//			return err
//		}
//		defer js.Close()
//		text, err := js.Eval(ctx, `fetch("http://example.com/").then(r => r.text())`)
//		...
//	})
//
// # Order
//
// JavaScript runs in macrotasks: a script, a timer's callback, the answer to a fetch, a
// function given to Do or Post. Each is one callback of the loop, and at its end all
// microtasks run (reactions of promises, queueMicrotask), those that they add included,
// before the loop does anything else. So the order is a browser's. What Node.js has
// beside it, process.nextTick, is not there; setImmediate runs in the loop's next pass,
// before any timer that was set with it.
//
// A macrotask runs to its end: nothing suspends in the middle of JavaScript. A Go function
// that JavaScript calls is therefore in a plain callback of the loop, where waiting is
// refused with asyncio.ErrAwaitInCallback; what has to wait is given to Start, which runs
// it as a coroutine and returns a promise.
//
// # Who may call what
//
// Do, Run, Eval, Post and Close may be called from any goroutine; the first three
// suspend the coroutine that calls them, of this loop or another, or block a goroutine
// that is none of a loop's. The goja.Runtime and every value of it belong to the
// macrotasks: to the functions given to Do and Post and those that JavaScript calls.
// Start, Promise, Hold and Runtime.Future are called there, too, and panic elsewhere.
//
// # Ends
//
// A call of Eval, Run or Do ends when the script and all that it started have: timers,
// fetches, coroutines, and the promise that it returned. What it started is known across
// promises and await, so that several calls on one runtime end independently of each
// other. When the call fails, its context is done or its task cancelled, what it started is
// ended, and its JavaScript interrupted if that is what runs.
//
// Close ends everything at once, from anywhere, and waits for nothing. Closing the loop
// does so too.
package gojaloop
