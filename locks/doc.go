// Package locks has what coroutines wait for each other with: [Lock], [Event],
// [Condition], [Semaphore], [BoundedSemaphore] and [Barrier], as asyncio's locks module
// has them. Who comes first is served first, exactly, whoever is cancelled meanwhile:
// what one that gives up was woken for goes to the next.
//
// Any goroutine may call every method. What waits suspends a coroutine and blocks any
// other goroutine; a plain callback of a loop cannot wait and gets
// [asyncio.ErrAwaitInCallback]. A wait ends early when the task is cancelled, when its
// context is done, and, for a goroutine that is no loop's, with [asyncio.ErrLoopClosed]
// when the loop is closed. What needs no wait looks neither at the context nor at the
// loop, and takes no pass; but every [asyncio.Budget] calls of a coroutine without a wait, the
// next one lets the loop run what is ready, once, before it takes anything.
//
//	var lock locks.Lock // guards what spans a wait; between two waits nobody else runs
//	err := lock.With(ctx, func() error { return transfer(ctx, from, to) })
//
// The zero value of each type is ready to be used; none may be copied after that. Each
// belongs to one loop, that of the first that waits in it, for good: a coroutine of
// another then gets [asyncio.ErrWrongLoop] where it would wait. A goroutine that is no
// loop's waits on that loop; before anybody has waited, on that of the coroutine that
// was there last, or on the one that Bind names; if there is none, its wait fails with
// [asyncio.ErrNoCurrentLoop]. Goroutines alone need package sync and not this one.
package locks
