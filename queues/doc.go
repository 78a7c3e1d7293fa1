// Package queues has the queues of asyncio: Queue, PriorityQueue and LifoQueue, between
// coroutines of a loop and goroutines elsewhere.
//
//	q := queues.NewQueue[string](10)
//	worker := asyncio.GoErr(ctx, func(ctx context.Context) error {
//		for {
//			job, err := q.Get(ctx)
//			if err != nil {
//				return err // queues.ErrShutDown at the end
//			}
//			do(job)
//			if err := q.TaskDone(); err != nil {
//				return err
//			}
//		}
//	})
//
// # Who may call what
//
// Any goroutine may call everything. Put, Get and Join wait: a coroutine of the queue's
// loop is suspended, a goroutine that is no loop's blocks, until it is cancelled, its
// context is done, or, for a goroutine, the loop is closed (asyncio.ErrLoopClosed). A plain
// callback gets asyncio.ErrAwaitInCallback and a coroutine of another loop
// asyncio.ErrWrongLoop, unless there is nothing to wait for. All else never waits.
//
// # Which loop
//
// As in asyncio a queue is made without a loop and is bound, for good, to the loop of who
// first waits in it. A goroutine that is no loop's waits for that loop, too; if nobody has
// waited, for that of the coroutine that was there last; if there was none, it gets
// asyncio.ErrNoCurrentLoop. Bind names the loop ahead.
//
// # Whose turn it is
//
// Who waits first is served first. What is put stays in the queue until the coroutine
// that was woken for it has its turn, as in asyncio: another coroutine that asks before
// that finds it and takes it, and the one that was woken waits again, behind the others.
// A goroutine that is no loop's never goes ahead of those who wait or were woken, and it is
// served on the spot: what it waits for is given to it, or taken from it, before it
// knows. Who is woken and cancelled at the same time loses nothing: what it was woken for
// stays, and the next one is woken. PutNowait and GetNowait do not look who waits.
//
// # Giving way
//
// Put and Get that need not wait count for the coroutine's budget: every asyncio.Budget
// calls without a wait, the next one lets the loop run what is ready, once, before it puts
// or takes anything.
package queues
