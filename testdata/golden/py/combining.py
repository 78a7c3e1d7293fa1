"""gather, wait, as_completed and shield."""
import asyncio

from harness import Boom, describe, out, outcome, scenario, ticks
from tasks import sleeper


async def failer(name, n):
    await ticks(n)
    out(name, "fails")
    raise Boom(name)


def words(fs):
    """The outcomes of a set of tasks, in the order of their names."""
    return ", ".join(f"{t.get_name()}: {outcome(t) if t.done() else 'pending'}"
                     for t in sorted(fs, key=lambda t: t.get_name())) or "none"


def named(coro, name):
    return asyncio.create_task(coro, name=name)


@scenario
async def gather_keeps_argument_order():
    out(" ".join(await asyncio.gather(sleeper("a", 3), sleeper("b", 1), sleeper("c", 2))))


@scenario
async def gather_of_nothing():
    out(len(await asyncio.gather()), "results")


@scenario
async def gather_first_error_at_once():
    slow = asyncio.create_task(sleeper("slow", 3))
    try:
        await asyncio.gather(slow, failer("b", 1), failer("c", 2))
    except Boom as e:
        out("gather:", describe(e))
    out("slow done", slow.done())
    out(await slow)


@scenario
async def gather_returns_errors():
    gone = asyncio.create_task(sleeper("gone", 5))
    asyncio.get_running_loop().call_later(2, gone.cancel)
    results = await asyncio.gather(sleeper("a", 3), failer("b", 1), gone, return_exceptions=True)
    out(", ".join(r if isinstance(r, str) else describe(r) for r in results))


@scenario
async def gather_cancelled_cancels_children():
    async def main():
        try:
            await asyncio.gather(sleeper("a", 5), sleeper("b", 5))
        except asyncio.CancelledError:
            out("main cancelled")
            raise

    task = asyncio.create_task(main())
    await ticks(1)
    task.cancel()
    await asyncio.wait([task])
    out(outcome(task))


@scenario
async def gather_child_cancelled():
    a, b = named(sleeper("a", 2), "a"), named(sleeper("b", 2), "b")
    asyncio.get_running_loop().call_later(1, a.cancel)
    both = asyncio.gather(a, b)
    try:
        await both
    except asyncio.CancelledError as e:
        out("gather:", describe(e), "itself cancelled", both.cancelled())
    out(words([a, b]))
    await b


@scenario
async def gather_same_future_twice():
    f = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(1, f.set_result, "once")
    out(" ".join(await asyncio.gather(f, f)))


@scenario
async def gather_wakes_after_last_child():
    a, b = asyncio.create_task(sleeper("a", 1)), asyncio.create_task(sleeper("b", 1))
    both = asyncio.gather(b, a)
    both.add_done_callback(lambda f: out("gather done"))
    await both
    out("main woken")


@scenario
async def wait_for_all():
    tasks = [named(sleeper("a", 2), "a"), named(failer("b", 1), "b")]
    done, pending = await asyncio.wait(tasks)
    out("done", words(done), "pending", words(pending))


@scenario
async def wait_first_completed():
    tasks = [named(sleeper("a", 2), "a"), named(sleeper("b", 1), "b")]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    out("done", words(done), "pending", words(pending))
    done, pending = await asyncio.wait(tasks)
    out("done", words(done), "pending", words(pending))


@scenario
async def wait_first_exception():
    tasks = [named(sleeper("a", 1), "a"), named(failer("b", 2), "b"), named(sleeper("c", 3), "c")]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    out("done", words(done), "pending", words(pending))
    await asyncio.wait(tasks)


@scenario
async def wait_with_timeout():
    tasks = [named(sleeper("a", 1), "a"), named(sleeper("b", 3), "b")]
    done, pending = await asyncio.wait(tasks, timeout=2)
    out("done", words(done), "pending", words(pending))
    await asyncio.wait(tasks)


@scenario
async def wait_cancelled_leaves_tasks():
    a = named(sleeper("a", 2), "a")
    waiter = asyncio.create_task(asyncio.wait([a]))
    await ticks(1)
    waiter.cancel()
    await asyncio.wait([waiter])
    out("waiter cancelled", waiter.cancelled(), "a done", a.done())
    out(await a)


@scenario
async def wait_reports_what_ended_meanwhile():
    f, g = (asyncio.get_running_loop().create_future() for _ in "fg")

    async def main():
        done, _ = await asyncio.wait([f, g], return_when=asyncio.FIRST_COMPLETED)
        out("done", len(done))

    task = asyncio.create_task(main())
    await ticks(0)
    f.set_result(1)
    g.set_result(2)
    await task


@scenario
async def as_completed_by_completion():
    tasks = [asyncio.create_task(sleeper(n, d)) for n, d in (("a", 3), ("b", 1), ("c", 2))]
    for f in asyncio.as_completed(tasks):
        out("got", await f)


@scenario
async def as_completed_with_error():
    tasks = [asyncio.create_task(failer("a", 1)), asyncio.create_task(sleeper("b", 2))]
    for f in asyncio.as_completed(tasks):
        try:
            out("got", await f)
        except Boom as e:
            out("got", describe(e))


@scenario
async def as_completed_left_early():
    tasks = [asyncio.create_task(sleeper(n, d)) for n, d in (("a", 1), ("b", 2))]
    for f in asyncio.as_completed(tasks):
        out("got", await f)
        break
    out("second done", tasks[1].done())
    await tasks[1]


@scenario
async def shield_keeps_inner_running():
    inner = asyncio.create_task(sleeper("inner", 3))

    async def main():
        try:
            await asyncio.shield(inner)
        except asyncio.CancelledError:
            out("outer cancelled")
            raise

    task = asyncio.create_task(main())
    await ticks(1)
    task.cancel()
    await asyncio.wait([task])
    out("inner done", inner.done())
    out(await inner)


@scenario
async def shield_passes_on_inner_end():
    async def main(inner):
        try:
            return await asyncio.shield(inner)
        except (Boom, asyncio.CancelledError) as e:
            return describe(e)

    out(await main(asyncio.create_task(sleeper("a", 1))))
    out(await main(asyncio.create_task(failer("b", 1))))
    c = asyncio.create_task(sleeper("c", 5))
    asyncio.get_running_loop().call_later(1, c.cancel)
    out(await main(c))


@scenario
async def shield_around_gather():
    both = asyncio.gather(sleeper("a", 2), sleeper("b", 3))
    outer = asyncio.shield(both)
    await ticks(1)
    out("cancel", outer.cancel())
    await asyncio.wait([outer])
    out("outer cancelled", outer.cancelled(), "gather done", both.done())
    out(" ".join(await both))
