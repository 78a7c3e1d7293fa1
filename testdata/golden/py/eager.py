"""Tasks that start at once (3.12, 3.14)."""
import asyncio

from harness import Boom, describe, out, outcome, scenario, ticks


def eager(coro, name=None):
    return asyncio.create_task(coro, name=name, eager_start=True)


def current():
    task = asyncio.current_task()
    return task.get_name() if task else None


def everybody():
    return " ".join(sorted(t.get_name() for t in asyncio.all_tasks()))


@scenario(only="3.14")
async def eager_runs_up_to_its_first_wait():
    async def child():
        out("child begins")
        await ticks(0)
        out("child ends")
        return "value"

    out("before")
    task = eager(child())
    out("made, done", task.done())
    out(await task)


@scenario(only="3.14")
async def eager_is_done_at_once():
    async def child():
        out("child")
        return "value"

    task = eager(child())
    out("made, done", task.done(), outcome(task))
    task.add_done_callback(lambda t: out("callback", outcome(t)))
    out("callback added")
    out("await", await task)
    await ticks(0)
    out("end")


@scenario(only="3.14")
async def eager_schedules_at_its_place():
    loop = asyncio.get_running_loop()

    async def child():
        loop.call_soon(out, "from the child")
        await ticks(0)
        out("child goes on")
        loop.call_soon(out, "from the child again")

    loop.call_soon(out, "before")
    task = eager(child())
    loop.call_soon(out, "after")
    await task
    await ticks(0)


@scenario(only="3.14")
async def eager_among_plain_ones():
    async def child(name):
        for n in (1, 2):
            out(name, n)
            await ticks(0)

    tasks = [asyncio.create_task(child(n), eager_start=n in "bd") for n in "abcd"]
    out("made")
    await asyncio.wait(tasks)


@scenario(only="3.14")
async def eager_current_task_is_nested():
    async def inner():
        out("inner", current())
        await ticks(0)
        out("inner goes on", current())

    async def outer():
        out("outer", current())
        task = eager(inner(), "inner")
        out("outer again", current())
        await task
        out("outer goes on", current())

    asyncio.current_task().set_name("main")
    task = eager(outer(), "outer")
    out("main again", current())
    await task
    out("main goes on", current())


@scenario(only="3.14")
async def eager_all_tasks():
    async def short():
        out("in short:", everybody())

    async def long():
        out("in long:", everybody())
        await ticks(1)

    asyncio.current_task().set_name("main")
    eager(short(), "short")
    out("after short:", everybody())
    task = eager(long(), "long")
    out("after long:", everybody())
    await task
    out("end:", everybody())


@scenario(only="3.14")
async def eager_fails_at_once():
    async def child():
        raise Boom("at once")

    task = eager(child())
    out("made, done", task.done())
    try:
        await task
    except Boom as e:
        out(describe(e))


@scenario(only="3.14")
async def eager_cancels_itself_and_returns():
    async def child():
        asyncio.current_task().cancel("myself")
        return "value"

    task = eager(child())
    out("done", task.done(), "cancelled", task.done() and task.cancelled())
    await asyncio.wait([task])
    out(outcome(task))


@scenario(only="3.14")
async def eager_cancels_itself_and_waits():
    async def child():
        asyncio.current_task().cancel("myself")
        out("goes on")
        try:
            await ticks(1)
        except asyncio.CancelledError as e:
            out("delivered:", describe(e))
            raise

    task = eager(child())
    out("done", task.done(), "cancelling", task.cancelling())
    await asyncio.wait([task])
    out(outcome(task))


@scenario(only="3.14")
async def eager_cancelled_after_its_first_wait():
    async def child():
        try:
            await ticks(5)
        except asyncio.CancelledError as e:
            out("delivered:", describe(e))
            raise

    task = eager(child())
    out("cancel", task.cancel("enough"), "cancelling", task.cancelling(), "done", task.done())
    try:
        await task
    except asyncio.CancelledError as e:
        out("main saw", describe(e))


@scenario(only="3.14")
async def eager_cancelled_when_done():
    async def child():
        return "value"

    task = eager(child())
    out("cancel", task.cancel(), "cancelling", task.cancelling())
    out(await task)


@scenario(only="3.14")
async def eager_sets_what_its_maker_waits_for():
    f = asyncio.get_running_loop().create_future()

    async def child():
        f.set_result("from the child")
        await ticks(0)
        out("child ends")

    task = eager(child())
    out("future done", f.done())
    out(await f)
    await task


@scenario(only="3.14")
async def eager_waiters_wake_in_order():
    f = asyncio.get_running_loop().create_future()

    async def child(name):
        out(name, "waits")
        out(name, "got", await f)

    tasks = [asyncio.create_task(child(n), eager_start=n != "b") for n in "abc"]
    await ticks(0)
    f.set_result("value")
    out("set")
    await asyncio.wait(tasks)


@scenario(only="3.14")
async def eager_chain_is_done_at_once():
    async def link(n):
        out("link", n)
        return 0 if n == 3 else 1 + await eager(link(n + 1))

    task = eager(link(0))
    out("done", task.done(), outcome(task))


@scenario(only="3.14")
async def eager_chain_with_one_wait():
    async def link(n):
        if n == 2:
            await ticks(0)
            out("bottom goes on")
            return 0
        value = await eager(link(n + 1))
        out("link", n)
        return value + 1

    task = eager(link(0))
    out("done", task.done())
    out(await task)


@scenario(only="3.14")
async def eager_from_a_callback():
    ended = asyncio.get_running_loop().create_future()

    async def child():
        out("child", current())
        await ticks(0)
        out("child", current())
        ended.set_result(None)

    def callback():
        out("callback", current())
        task = asyncio.Task(child(), loop=asyncio.get_running_loop(), name="child", eager_start=True)
        out("callback again", current(), task.done())

    asyncio.get_running_loop().call_soon(callback)
    await ended


@scenario(only="3.14")
def eager_on_a_loop_that_does_not_run(loop):
    async def child():
        out("child")
        return "value"

    task = asyncio.Task(child(), loop=loop, eager_start=True)
    out("made, done", task.done())
    loop.call_soon(out, "soon")
    out(loop.run_until_complete(task))


@scenario(only="3.14")
async def eager_by_factory():
    loop = asyncio.get_running_loop()

    async def child(name):
        out(name)
        await ticks(0)
        return name

    loop.set_task_factory(asyncio.eager_task_factory)
    a = asyncio.create_task(child("a"))
    b = asyncio.create_task(child("b"), eager_start=False)
    out("made")
    loop.set_task_factory(None)
    c = asyncio.create_task(child("c"))
    out("made without")
    out(await a, await b, await c)


@scenario(only="3.14")
async def eager_gather():
    loop = asyncio.get_running_loop()

    async def short(name):
        out(name)
        return name

    async def long(name):
        await ticks(1)
        return name

    loop.set_task_factory(asyncio.eager_task_factory)
    loop.call_soon(out, "a pass later")
    out(" ".join(await asyncio.gather(short("a"), short("b"))))
    out(" ".join(await asyncio.gather(short("c"), long("d"))))
    loop.set_task_factory(None)


@scenario(only="3.14")
async def eager_child_of_a_group_fails_at_once():
    async def bad():
        raise Boom("at once")

    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(bad(), eager_start=True)
            out("body goes on, cancelling", asyncio.current_task().cancelling())
            try:
                await ticks(1)
            except asyncio.CancelledError:
                out("body cancelled")
                raise

    try:
        await body()
    except BaseExceptionGroup as e:
        out(describe(e))
    out("cancelling", asyncio.current_task().cancelling())
    await ticks(1)
    out("undisturbed")


@scenario(only="3.14")
async def eager_children_of_a_group():
    async def child(name, n):
        out(name, "begins")
        if n:
            await ticks(n)
        out(name, "ends")

    async with asyncio.TaskGroup() as g:
        g.create_task(child("a", 2), eager_start=True)
        g.create_task(child("b", 0), eager_start=True)
        g.create_task(child("c", 1))
        out("body ends")
    out("group ends")


@scenario(only="3.14")
async def eager_under_a_timeout():
    async def child():
        try:
            await ticks(5)
        except asyncio.CancelledError:
            out("child cancelled")
            raise

    try:
        async with asyncio.timeout(1):
            await eager(child())
    except TimeoutError:
        out("timeout, cancelling", asyncio.current_task().cancelling())
