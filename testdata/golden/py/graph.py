"""The call graph: who awaits whom (3.14)."""
import asyncio

from harness import out, scenario, ticks
from tasks import sleeper


def show(future):
    """The graph of a future as lines: its name, then by whom it is awaited, further in."""
    line(asyncio.capture_call_graph(future), 0)


def line(graph, depth):
    future = graph.future
    name = future.get_name() if isinstance(future, asyncio.Task) else "future"
    # Frames are each language's own; who waits for whom is not.
    out("." * depth + name, "done" if future.done() else "pending")
    for awaiter in sorted(graph.awaited_by, key=lambda g: g.future.get_name()):
        line(awaiter, depth + 1)


def start(coro, name):
    return asyncio.create_task(coro, name=name)


@scenario(only="3.14")
async def graph_of_a_task():
    inner = start(sleeper("inner", 2), "inner")

    async def waits():
        await inner

    outer = start(waits(), "outer")
    await ticks(1)
    show(inner)
    show(outer)
    await outer
    show(inner)


@scenario(only="3.14")
async def graph_of_a_future():
    f = asyncio.get_running_loop().create_future()

    async def waits():
        await f

    tasks = [start(waits(), n) for n in "abc"]
    show(f)
    await ticks(0)
    show(f)
    f.set_result(None)
    await asyncio.wait(tasks)
    show(f)


@scenario(only="3.14")
async def graph_of_a_group():
    async def holds():
        async with asyncio.TaskGroup() as g:
            child = g.create_task(sleeper("child", 3), name="child")
            show(child)
            await ticks(1)

    holder = start(holds(), "holder")
    await ticks(2)
    child = [t for t in asyncio.all_tasks() if t.get_name() == "child"][0]
    show(child)
    await holder
    show(child)


@scenario(only="3.14")
async def graph_of_a_gather():
    a, b = start(sleeper("a", 2), "a"), start(sleeper("b", 2), "b")

    async def gathers():
        await asyncio.gather(a, b)

    task = start(gathers(), "gatherer")
    await ticks(1)
    show(a)
    show(b)
    await task


@scenario(only="3.14")
async def graph_of_a_shield_and_a_timeout():
    inner = start(sleeper("inner", 2), "inner")

    async def shields():
        async with asyncio.timeout(5):
            await asyncio.shield(inner)

    task = start(shields(), "shielder")
    await ticks(1)
    show(inner)
    await task


@scenario(only="3.14")
async def graph_of_waits():
    inner = start(sleeper("inner", 2), "inner")

    async def waits():
        await asyncio.wait([inner])

    async def waits_for():
        await asyncio.wait_for(inner, 5)

    tasks = [start(waits(), "in wait"), start(waits_for(), "in wait_for")]
    await ticks(1)
    show(inner)
    await asyncio.wait(tasks)


@scenario(only="3.14")
async def graph_of_several_levels():
    f = asyncio.get_running_loop().create_future()

    async def level(n):
        if n == 0:
            await f
        else:
            await start(level(n - 1), f"level {n - 1}")

    top = start(level(3), "level 3")
    for _ in range(4):
        await ticks(0)
    show(f)
    f.set_result(None)
    await top


@scenario(only="3.14")
async def graph_of_the_current_task():
    asyncio.current_task().set_name("main")
    out("in a task", asyncio.capture_call_graph().future.get_name())
    asyncio.get_running_loop().call_soon(lambda: out("in a callback", asyncio.capture_call_graph()))
    await ticks(0)
