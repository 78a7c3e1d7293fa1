"""Queues: who is served in which order, cancelled waits, join, shutdown, other orders."""
import asyncio

from harness import Boom, describe, out, refused, scenario, ticks


async def attempt(name, coro):
    """Awaits coro and says how it ended."""
    try:
        result = await coro
        out(name, "ended", "well" if result is None else result)
    except asyncio.CancelledError as e:
        out(name, "ended", describe(e))
    except Boom as e:
        out(name, "ended", describe(e))
    except Exception as e:
        if type(e).__name__ != "QueueShutDown":
            raise
        out(name, "ended", "shut down")


def getter(name, q):
    return asyncio.create_task(attempt(name, q.get()))


def putter(name, q, item):
    return asyncio.create_task(attempt(name, q.put(item)))


def state(q):
    out("size", q.qsize(), "empty", q.empty(), "full", q.full())


def drain(q):
    while not q.empty():
        out("left", q.get_nowait())


async def worker(name, q):
    """Takes what comes, without giving way."""
    try:
        while True:
            out(name, "got", await q.get())
            q.task_done()
    except asyncio.CancelledError:
        out(name, "cancelled")


@scenario
async def getters_are_served_in_their_order():
    q = asyncio.Queue()
    tasks = [getter(n, q) for n in "abc"]
    await ticks(0)
    for i in range(3):
        q.put_nowait(i)
        state(q)
    await asyncio.wait(tasks)
    state(q)


@scenario
async def putters_are_served_in_their_order():
    q = asyncio.Queue(1)
    tasks = [putter(n, q, n) for n in "abc"]
    await ticks(0)
    for _ in range(3):
        state(q)
        out("got", await q.get())
        await ticks(0)
    await asyncio.wait(tasks)
    state(q)


@scenario
async def a_producer_waits_for_its_consumer():
    q = asyncio.Queue(2)

    async def produce():
        for i in range(6):
            await q.put(i)
            out("put", i)

    async def consume():
        for _ in range(6):
            out("got", await q.get())

    await asyncio.gather(produce(), consume())


@scenario
async def who_has_its_turn_takes_all_that_is_there():
    q = asyncio.Queue()
    tasks = [asyncio.create_task(worker(n, q)) for n in "ab"]
    await ticks(0)
    q.put_nowait(1)
    q.put_nowait(2)
    await ticks(1)
    q.put_nowait(3)
    q.put_nowait(4)
    q.put_nowait(5)
    await ticks(1)
    for t in tasks:
        t.cancel()
    await asyncio.wait(tasks)


@scenario
async def an_item_is_taken_from_who_was_woken_for_it():
    q = asyncio.Queue()
    tasks = [getter("a", q)]
    await ticks(0)
    q.put_nowait(1)
    out("taken", q.get_nowait())
    tasks.append(getter("b", q))
    await ticks(1)
    q.put_nowait(2)
    await ticks(1)
    q.put_nowait(3)
    await asyncio.wait(tasks)


@scenario
async def room_is_taken_from_who_was_woken_for_it():
    q = asyncio.Queue(1)
    q.put_nowait(0)
    task = putter("a", q, "a")
    await ticks(0)
    out("got", q.get_nowait())
    q.put_nowait("another")
    await ticks(1)
    state(q)
    out("got", q.get_nowait())
    await asyncio.wait([task])
    drain(q)


@scenario
async def a_getter_is_cancelled_before_the_put():
    q = asyncio.Queue()
    a, b = getter("a", q), getter("b", q)
    await ticks(0)
    a.cancel()
    await ticks(0)
    q.put_nowait(1)
    await asyncio.wait([a, b])
    state(q)


@scenario
async def a_getter_that_was_woken_is_cancelled():
    q = asyncio.Queue()
    a, b, c = (getter(n, q) for n in "abc")
    await ticks(0)
    q.put_nowait(1)
    a.cancel()
    await ticks(1)
    state(q)
    q.put_nowait(2)
    await asyncio.wait([a, b, c])


@scenario
async def a_putter_that_was_woken_is_cancelled():
    q = asyncio.Queue(1)
    q.put_nowait(0)
    a, b = putter("a", q, "a"), putter("b", q, "b")
    await ticks(0)
    out("got", q.get_nowait())
    a.cancel()
    await asyncio.wait([a, b])
    state(q)
    drain(q)


@scenario
async def join_waits_for_what_was_put_until_then_and_later():
    q = asyncio.Queue()
    q.put_nowait(1)
    q.put_nowait(2)
    task = asyncio.create_task(attempt("join", q.join()))
    await ticks(1)
    for i in range(2):
        out("got", q.get_nowait())
        q.task_done()
        await ticks(1)
        if i == 0:
            q.put_nowait(3)
    out("joined", task.done())
    out("got", await q.get())
    q.task_done()
    await asyncio.wait([task])
    out("once more", refused(q.task_done, ValueError))
    await attempt("join", q.join())


@scenario
async def join_returns_though_more_is_put_in_the_same_pass():
    q = asyncio.Queue()
    q.put_nowait(1)
    task = asyncio.create_task(attempt("join", q.join()))
    await ticks(0)
    q.task_done()
    q.put_nowait(2)
    await asyncio.wait([task])


@scenario(only="3.14")
async def shutdown_lets_the_rest_be_got():
    q = asyncio.Queue(2)
    q.put_nowait(1)
    q.put_nowait(2)
    tasks = [putter("a", q, 3), putter("b", q, 4), asyncio.create_task(attempt("join", q.join()))]
    await ticks(0)
    q.shutdown()
    await ticks(0)
    state(q)
    await attempt("put", q.put(5))
    await attempt("get", q.get())
    await attempt("get", q.get())
    await attempt("get", q.get())
    q.task_done()
    q.task_done()
    await asyncio.wait(tasks)


@scenario(only="3.14")
async def shutdown_wakes_who_waits_and_who_was_woken():
    q = asyncio.Queue()
    tasks = [getter(n, q) for n in "abcd"]
    await ticks(0)
    q.put_nowait(1)
    tasks[1].cancel()
    q.shutdown()
    await asyncio.wait(tasks)
    state(q)


@scenario(only="3.14")
async def shutdown_at_once_drops_what_is_left():
    q = asyncio.Queue(3)
    for i in range(3):
        q.put_nowait(i)
    out("got", q.get_nowait())
    q.put_nowait(3)
    tasks = [putter("a", q, 4), asyncio.create_task(attempt("join", q.join()))]
    await ticks(0)
    q.shutdown(immediate=True)
    state(q)
    await ticks(1)
    await attempt("get", q.get())
    out("joined", tasks[1].done())
    q.task_done()
    await asyncio.wait(tasks)
    out("once more", refused(q.task_done, ValueError))


@scenario
async def other_orders():
    for q in (asyncio.PriorityQueue(), asyncio.LifoQueue()):
        out(type(q).__name__)
        tasks = [getter(n, q) for n in "ab"]
        await ticks(0)
        for i in (5, 1, 4, 2, 3):
            q.put_nowait(i)
        await asyncio.wait(tasks)
        drain(q)


@scenario
async def other_orders_when_full():
    for q in (asyncio.PriorityQueue(2), asyncio.LifoQueue(2)):
        out(type(q).__name__)
        tasks = [putter(n, q, i) for n, i in zip("abcd", (3, 4, 1, 2))]
        for _ in range(4):
            await ticks(0)
            out("got", await q.get())
        await asyncio.wait(tasks)
        drain(q)
