"""as_completed iterated asynchronously, which gives back what it was given (3.13)."""
import asyncio

from harness import Boom, describe, out, scenario, ticks
from combining import failer
from tasks import sleeper


def named(name, n):
    return asyncio.create_task(sleeper(name, n), name=name)


@scenario(only="3.14")
async def originals_by_completion():
    tasks = [named("a", 3), named("b", 1), named("c", 2)]
    async for task in asyncio.as_completed(tasks):
        out(task.get_name(), task.done(), await task, "one of them", task in tasks)


@scenario(only="3.14")
async def originals_that_fail():
    tasks = [named("a", 2), asyncio.create_task(failer("b", 1), name="b")]
    async for task in asyncio.as_completed(tasks):
        try:
            out(task.get_name(), await task)
        except Boom as e:
            out(task.get_name(), describe(e))


@scenario(only="3.14")
async def originals_until_a_timeout():
    tasks = [named("a", 1), named("b", 5)]
    try:
        async for task in asyncio.as_completed(tasks, timeout=2):
            out(task.get_name(), await task)
    except TimeoutError as e:
        out("the iteration:", describe(e))
    out("b done", tasks[1].done())
    await tasks[1]


@scenario(only="3.14")
async def originals_done_before():
    f = asyncio.get_running_loop().create_future()
    f.set_result("ready")
    task = named("a", 1)
    n = 0
    async for g in asyncio.as_completed([task, f, f]):
        n += 1
        out(n, await g, "the future", g is f)


@scenario(only="3.14")
async def originals_left_early():
    tasks = [named("a", 1), named("b", 2), named("c", 3)]
    async for task in asyncio.as_completed(tasks):
        out(task.get_name())
        break
    await asyncio.wait(tasks)
    out("all done")


@scenario(only="3.14")
async def originals_cancelled_in_between():
    tasks = [named("a", 1), named("b", 5)]

    async def main():
        try:
            async for task in asyncio.as_completed(tasks):
                out(task.get_name())
        except asyncio.CancelledError:
            out("cancelled")
            raise

    task = asyncio.create_task(main())
    await ticks(2)
    task.cancel()
    await asyncio.wait([task])
    out("b done", tasks[1].done())
    await tasks[1]
