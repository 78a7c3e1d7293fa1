"""Cancellations that are counted, and taken back (3.13)."""
import asyncio

from harness import out, outcome, scenario, ticks


@scenario(only="3.14")
async def uncancel_takes_back():
    async def child():
        me = asyncio.current_task()
        me.cancel()
        out("cancelling", me.cancelling())
        me.uncancel()
        out("cancelling", me.cancelling())
        await ticks(0)
        out("goes on")
        return "end"

    out(await asyncio.create_task(child()))


@scenario(only="3.14")
async def uncancel_before_start():
    async def child():
        out("starts")
        await ticks(0)
        return "end"

    task = asyncio.create_task(child())
    out("cancel", task.cancel())
    out("uncancel", task.uncancel())
    out(await task)
    out("cancelled", task.cancelled())


@scenario(only="3.14")
async def uncancel_of_a_task_that_is_due():
    f = asyncio.get_running_loop().create_future()

    async def child():
        out("got", await f)
        await ticks(0)
        return "end"

    task = asyncio.create_task(child())
    await ticks(0)
    f.set_result("value")
    await ticks(0)  # the task is woken, and has its turn after this one
    out("cancel", task.cancel(), "uncancel", task.uncancel())
    out(await task)


@scenario
async def uncancel_once_of_two():
    async def child():
        me = asyncio.current_task()
        me.cancel()
        me.cancel()
        out("uncancel", me.uncancel())
        try:
            await ticks(1)
        except asyncio.CancelledError:
            out("delivered", me.cancelling())
        out("uncancel", me.uncancel())
        await ticks(1)
        return "end"

    out(await asyncio.create_task(child()))


@scenario
async def uncancel_when_the_wait_has_ended_is_too_late():
    async def child():
        try:
            await ticks(5)
        except asyncio.CancelledError:
            out("delivered", asyncio.current_task().cancelling())
        return "end"

    task = asyncio.create_task(child())
    await ticks(1)
    out("cancel", task.cancel(), "uncancel", task.uncancel())
    out(await task)


@scenario
async def cancel_again_before_delivery():
    async def child():
        me = asyncio.current_task()
        for n in (1, 2):
            try:
                await ticks(5)
            except asyncio.CancelledError as e:
                out("delivered", n, e.args[0], "cancelling", me.cancelling())
        return "end"

    task = asyncio.create_task(child())
    await ticks(1)
    task.cancel("first")
    task.cancel("second")
    await asyncio.wait([task])
    out(outcome(task))


@scenario(only="3.14")
async def uncancel_then_cancel_again():
    async def child():
        me = asyncio.current_task()
        me.cancel("first")
        me.uncancel()
        me.cancel("second")
        try:
            await ticks(0)
        except asyncio.CancelledError as e:
            out("delivered", e.args[0], "cancelling", me.cancelling())
        await ticks(0)
        return "end"

    out(await asyncio.create_task(child()))


@scenario
async def cancel_of_a_task_that_waits_for_a_task_that_ends_in_the_same_pass():
    async def inner():
        await ticks(1)
        return "inner result"

    async def outer(task):
        try:
            out("outer got", await task)
        except asyncio.CancelledError:
            out("outer cancelled, inner", outcome(task))
        await ticks(0)
        return "end"

    a = asyncio.create_task(inner())
    b = asyncio.create_task(outer(a))
    a.add_done_callback(lambda _: out("cancel", b.cancel()))
    out(await b)
