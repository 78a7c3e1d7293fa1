"""Locks: who gets them, in which pass, and what a cancellation leaves."""
import asyncio

from harness import describe, out, outcome, scenario, ticks
from scopes import attempt


async def passes(n):
    """Lets the loop pass n times and says so."""
    for _ in range(n):
        await ticks(0)
        out("a pass")


async def user(name, lock, hold=0):
    """Acquires a lock and releases it after some passes."""
    try:
        await lock.acquire()
    except asyncio.CancelledError:
        out(name, "cancelled")
        raise
    out(name, "has it")
    for _ in range(hold):
        await ticks(0)
    lock.release()
    out(name, "released it")


async def holder(name, lock):
    """Acquires a lock and keeps it."""
    try:
        await lock.acquire()
    except asyncio.CancelledError:
        out(name, "cancelled")
        raise
    out(name, "has it")


@scenario
async def lock_goes_in_order():
    lock = asyncio.Lock()
    tasks = [asyncio.create_task(user(n, lock, 1)) for n in "abc"]
    await passes(8)
    await asyncio.wait(tasks)
    out("locked", lock.locked())


@scenario
async def lock_is_free_until_the_next_one_runs():
    lock = asyncio.Lock()
    await lock.acquire()
    a = asyncio.create_task(holder("a", lock))
    await ticks(0)
    lock.release()
    out("locked", lock.locked())
    b = asyncio.create_task(holder("b", lock))
    await passes(2)
    out("locked", lock.locked())
    lock.release()
    await asyncio.wait([a, b])


@scenario
async def lock_cancelled_waiter_and_release():
    lock = asyncio.Lock()
    await lock.acquire()
    tasks = [asyncio.create_task(holder(n, lock)) for n in "abc"]
    await ticks(0)
    tasks[0].cancel()
    lock.release()
    await passes(3)
    lock.release()
    await asyncio.wait(tasks)
    for t in tasks:
        out(outcome(t) if t.cancelled() else "well")


@scenario
async def lock_release_and_cancelled_waiter():
    lock = asyncio.Lock()
    await lock.acquire()
    tasks = [asyncio.create_task(holder(n, lock)) for n in "abc"]
    await ticks(0)
    lock.release()
    tasks[0].cancel("too late")
    await passes(3)
    lock.release()
    await asyncio.wait(tasks)
    for t in tasks:
        try:
            await t
            out("well")
        except asyncio.CancelledError as e:
            out(describe(e))


@scenario
async def lock_released_at_once_is_asked_for_again():
    lock = asyncio.Lock()

    async def greedy(name):
        for turn in (1, 2):
            await lock.acquire()
            out(name, turn)
            await ticks(0)
            lock.release()

    await asyncio.gather(greedy("a"), greedy("b"), greedy("c"))
    out("locked", lock.locked())


@scenario
async def event_set_wakes_all_after_who_comes_late():
    event = asyncio.Event()

    async def waiter(name):
        out(name, await event.wait())

    tasks = [asyncio.create_task(waiter(n)) for n in "ab"]
    await ticks(0)
    tasks.append(asyncio.create_task(waiter("c")))
    event.set()
    await passes(2)
    await asyncio.wait(tasks)


@scenario
async def event_set_and_cleared_at_once():
    event = asyncio.Event()

    async def waiter(name):
        try:
            await event.wait()
            out(name, "woken, set", event.is_set())
        except asyncio.CancelledError:
            out(name, "cancelled")
            raise

    tasks = [asyncio.create_task(waiter(n)) for n in "ab"]
    await ticks(0)
    event.set()
    event.clear()
    tasks.append(asyncio.create_task(waiter("c")))
    tasks[1].cancel()
    await passes(3)
    event.set()
    await asyncio.wait(tasks)


async def waits_in(name, cond):
    async with cond:
        try:
            await cond.wait()
            out(name, "notified")
        except asyncio.CancelledError as e:
            out(name, describe(e), "locked", cond.locked())
            raise
        await ticks(0)
        out(name, "leaves")


@scenario
async def condition_notifies_in_order():
    cond = asyncio.Condition()
    tasks = [asyncio.create_task(waits_in(n, cond)) for n in "abcd"]
    await ticks(0)
    async with cond:
        cond.notify(2)
        out("two are notified")
        await passes(1)
    out("released")
    await passes(5)
    async with cond:
        cond.notify_all()
    await passes(5)
    await asyncio.wait(tasks)


@scenario
async def condition_cancelled_before_it_is_notified():
    cond = asyncio.Condition()
    ready = False

    async def waiter(name):
        async with cond:
            await cond.wait_for(lambda: ready)
            out(name, "goes on")

    tasks = [asyncio.create_task(waiter(n)) for n in "ab"]
    await ticks(0)
    tasks[0].cancel("not any more")
    await passes(3)
    async with cond:
        ready = True
        cond.notify()
    await passes(2)
    await attempt(tasks[0])
    await attempt(tasks[1])


@scenario(only="3.14")
async def condition_cancelled_as_it_takes_the_lock():
    cond = asyncio.Condition()
    task = asyncio.create_task(waits_in("a", cond))
    await ticks(0)
    await cond.acquire()
    cond.notify()
    await passes(1)
    task.cancel("late")
    await passes(3)
    out("done", task.done())
    cond.release()
    await passes(1)
    await attempt(task)
    out("locked", cond.locked())


@scenario(only="3.14")
async def condition_notified_and_cancelled_passes_it_on():
    cond = asyncio.Condition()
    tasks = [asyncio.create_task(waits_in(n, cond)) for n in "ab"]
    await ticks(0)
    async with cond:
        cond.notify()
        tasks[0].cancel()
    await passes(4)
    await attempt(tasks[0])
    await attempt(tasks[1])


@scenario
async def condition_waits_for_a_predicate():
    cond = asyncio.Condition()
    stock = []

    async def consumer(name, n):
        async with cond:
            await cond.wait_for(lambda: len(stock) >= n)
            out(name, "takes", n)
            del stock[:n]

    tasks = [asyncio.create_task(consumer(name, n)) for name, n in (("a", 3), ("b", 1), ("c", 2))]
    await ticks(0)
    for i in range(6):
        async with cond:
            stock.append(i)
            out("stock", len(stock))
            cond.notify_all()
        await ticks(0)
        await ticks(0)
    await asyncio.wait(tasks)
    out("left", len(stock))


@scenario
async def semaphore_lets_so_many_in():
    sem = asyncio.Semaphore(2)
    tasks = [asyncio.create_task(user(n, sem, 2)) for n in "abcde"]
    await passes(10)
    await asyncio.wait(tasks)
    out("locked", sem.locked())


@scenario
async def semaphore_new_ones_queue_up():
    sem = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(holder(n, sem)) for n in "ab"]
    await ticks(0)
    sem.release()
    out("locked", sem.locked())
    tasks.append(asyncio.create_task(holder("c", sem)))
    await passes(2)
    sem.release()
    sem.release()
    await passes(2)
    await asyncio.wait(tasks)


@scenario(only="3.14")
async def semaphore_with_more_than_is_asked_for():
    sem = asyncio.Semaphore(0)

    async def first():
        await sem.acquire()
        out("first")
        tasks.append(asyncio.create_task(last()))

    async def last():
        out("last")

    async def second():
        for _ in range(3):
            sem.release()
        out("locked", sem.locked())
        await sem.acquire()
        out("second")

    tasks = [asyncio.create_task(c) for c in (first(), second(), holder("third", sem))]
    await passes(3)
    await asyncio.wait(tasks)
    out("locked", sem.locked())


@scenario
async def semaphore_woken_and_cancelled():
    sem = asyncio.Semaphore(1)
    await sem.acquire()
    tasks = [asyncio.create_task(holder(n, sem)) for n in "ab"]
    await ticks(0)
    sem.release()
    tasks[0].cancel()
    await passes(3)
    await asyncio.wait(tasks)
    out("locked", sem.locked())


async def party(name, barrier, times):
    for _ in range(times):
        try:
            out(name, "goes on as", await barrier.wait())
        except asyncio.BrokenBarrierError:
            out(name, "finds it broken")
        except asyncio.CancelledError:
            out(name, "cancelled")
            raise


@scenario
async def barrier_again_and_again():
    barrier = asyncio.Barrier(3)
    tasks = [asyncio.create_task(party(n, barrier, 2)) for n in "abc"]
    await passes(4)
    await asyncio.wait(tasks)
    out("waiting", barrier.n_waiting)


@scenario
async def barrier_who_comes_while_others_leave():
    barrier = asyncio.Barrier(2)
    tasks = [asyncio.create_task(party(n, barrier, 1)) for n in "abcd"]
    await passes(4)
    await asyncio.wait(tasks)
    out("waiting", barrier.n_waiting)


@scenario
async def barrier_cancelled_party():
    barrier = asyncio.Barrier(3)
    tasks = [asyncio.create_task(party(n, barrier, 1)) for n in "ab"]
    await ticks(0)
    tasks[0].cancel()
    await passes(2)
    out("waiting", barrier.n_waiting)
    tasks += [asyncio.create_task(party(n, barrier, 1)) for n in "cd"]
    await passes(3)
    await asyncio.wait(tasks)


@scenario
async def barrier_reset_and_abort():
    barrier = asyncio.Barrier(3)
    tasks = [asyncio.create_task(party(n, barrier, 2)) for n in "ab"]
    await ticks(0)
    out("waiting", barrier.n_waiting)
    await barrier.reset()
    await passes(2)
    out("waiting", barrier.n_waiting, "broken", barrier.broken)
    await barrier.abort()
    await passes(2)
    out("waiting", barrier.n_waiting, "broken", barrier.broken)
    await party("c", barrier, 1)
    await asyncio.wait(tasks)
    await barrier.reset()
    out("broken", barrier.broken)


@scenario
async def barrier_reset_while_others_leave():
    barrier = asyncio.Barrier(3)

    async def resets():
        await barrier.wait()
        out("it is reset")
        await barrier.reset()

    tasks = [asyncio.create_task(resets()), asyncio.create_task(party("b", barrier, 2)), asyncio.create_task(party("c", barrier, 1))]
    await passes(4)
    out("waiting", barrier.n_waiting)
    for _ in range(2):
        tasks.append(asyncio.create_task(party("d", barrier, 1)))
    await asyncio.wait(tasks)
