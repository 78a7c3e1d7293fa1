"""Timeout scopes, wait_for and task groups."""
import asyncio

from harness import Boom, describe, out, outcome, refused, scenario, ticks
from combining import failer
from tasks import sleeper


async def attempt(coro):
    """Awaits coro and says how it ended."""
    try:
        result = await coro
        out("ended", "well" if result is None else result)
    except (asyncio.CancelledError, TimeoutError, Boom, BaseExceptionGroup) as e:
        out("ended", describe(e))


@scenario
async def timeout_expires():
    async def body():
        async with asyncio.timeout(1):
            await sleeper("inside", 5)
        out("not reached")

    await attempt(body())
    out("cancelling", asyncio.current_task().cancelling())


@scenario
async def timeout_not_reached():
    async def body():
        async with asyncio.timeout(3) as t:
            await sleeper("inside", 1)
        out("expired", t.expired())

    await attempt(body())
    await ticks(4)
    out("later, undisturbed")


@scenario
async def timeout_inner_first():
    async def body():
        async with asyncio.timeout(5) as outer:
            try:
                async with asyncio.timeout(1) as inner:
                    await sleeper("inside", 10)
            except TimeoutError:
                out("inner timeout", inner.expired(), outer.expired())
            await ticks(1)
        out("outer left", outer.expired())

    await attempt(body())


@scenario
async def timeout_outer_first():
    async def body():
        async with asyncio.timeout(1) as outer:
            try:
                async with asyncio.timeout(5) as inner:
                    await sleeper("inside", 10)
            except asyncio.CancelledError:
                out("cancelled between", inner.expired(), outer.expired())
                raise

    await attempt(body())


@scenario
async def timeout_zero():
    async def body():
        async with asyncio.timeout(0):
            out("begins")
            await ticks(0)
            out("not reached")

    await attempt(body())


@scenario
async def timeout_moved():
    async def body():
        async with asyncio.timeout(1) as t:
            t.reschedule(asyncio.get_running_loop().time() + 3)
            await sleeper("first", 2)
            t.reschedule(asyncio.get_running_loop().time() + 1)
            await sleeper("second", 2)

    await attempt(body())


@scenario
async def timeout_taken_away():
    async def body():
        async with asyncio.timeout(1) as t:
            t.reschedule(None)
            await sleeper("inside", 3)
        out("expired", t.expired(), "deadline", t.when() is not None)

    await attempt(body())


@scenario
async def timeout_and_other_cancel():
    async def body():
        async with asyncio.timeout(5) as t:
            try:
                await sleeper("inside", 10)
            finally:
                out("expired", t.expired())

    task = asyncio.create_task(body())
    await ticks(1)
    task.cancel()
    await attempt(task)
    out("cancelling", task.cancelling())


@scenario
async def timeout_body_raises_other():
    async def body():
        async with asyncio.timeout(1):
            try:
                await sleeper("inside", 10)
            except asyncio.CancelledError:
                raise Boom("instead")

    await attempt(body())
    out("cancelling", asyncio.current_task().cancelling())


@scenario
async def timeout_cleanup_may_wait():
    async def body():
        async with asyncio.timeout(1):
            try:
                await ticks(10)
            finally:
                out("cleanup begins")
                await ticks(2)
                out("cleanup ends")

    await attempt(body())


@scenario
async def wait_for_in_time():
    await attempt(asyncio.wait_for(sleeper("a", 1), 2))
    await attempt(asyncio.wait_for(failer("b", 1), 2))
    await attempt(asyncio.wait_for(sleeper("c", 1), None))


@scenario
async def wait_for_too_late():
    async def slow():
        try:
            await ticks(10)
        finally:
            out("cleanup begins")
            await ticks(1)
            out("cleanup ends")

    await attempt(asyncio.wait_for(slow(), 2))


@scenario
async def wait_for_inner_insists():
    async def stubborn():
        try:
            await ticks(10)
        except asyncio.CancelledError:
            return "result all the same"

    await attempt(asyncio.wait_for(stubborn(), 1))


@scenario
async def wait_for_inner_fails_when_cancelled():
    async def stubborn():
        try:
            await ticks(10)
        except asyncio.CancelledError:
            raise Boom("instead")

    await attempt(asyncio.wait_for(stubborn(), 1))


@scenario
async def wait_for_cancelled_from_outside():
    task = asyncio.create_task(asyncio.wait_for(sleeper("inner", 10), 5))
    await ticks(1)
    task.cancel()
    await attempt(task)


@scenario
async def wait_for_zero():
    f = asyncio.get_running_loop().create_future()
    f.set_result("done already")
    await attempt(asyncio.wait_for(f, 0))
    running = asyncio.create_task(sleeper("running", 5))
    await ticks(1)
    await attempt(asyncio.wait_for(running, 0))
    never = sleeper("never", 1)
    await attempt(asyncio.wait_for(never, 0))


@scenario
async def group_waits_for_all():
    async def body():
        async with asyncio.TaskGroup() as g:
            a = g.create_task(sleeper("a", 2))
            b = g.create_task(sleeper("b", 1))
            out("body ends")
        out("results", a.result(), b.result())

    await attempt(body())


@scenario
async def group_child_fails():
    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(failer("a", 1))
            g.create_task(sleeper("b", 5))
            try:
                await ticks(10)
            except asyncio.CancelledError:
                out("body cancelled")
                raise
        out("not reached")

    await attempt(body())
    out("cancelling", asyncio.current_task().cancelling())


@scenario
async def group_child_fails_while_leaving():
    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(sleeper("b", 5))
            g.create_task(failer("a", 1))
            out("body ends")

    await attempt(body())
    await ticks(1)
    out("undisturbed")


@scenario
async def group_several_errors():
    async def stubborn():
        try:
            await ticks(5)
        except asyncio.CancelledError:
            raise Boom("on the way out")

    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(failer("a", 1))
            g.create_task(stubborn())
            await ticks(10)

    await attempt(body())


@scenario
async def group_body_fails():
    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(sleeper("a", 5))
            await ticks(1)
            g.create_task(sleeper("never", 5))
            out("another made")
            raise Boom("body")

    await attempt(body())


@scenario
async def group_cancelled_from_outside():
    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(sleeper("child", 5))
            try:
                await ticks(10)
            except asyncio.CancelledError:
                out("body cancelled")
                raise

    task = asyncio.create_task(body())
    await ticks(1)
    task.cancel()
    await attempt(task)


@scenario
async def group_cancelled_while_leaving():
    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(sleeper("child", 5))

    task = asyncio.create_task(body())
    await ticks(1)
    task.cancel()
    await attempt(task)
    out("cancelling", task.cancelling())


@scenario
async def group_in_group():
    async def body():
        async with asyncio.TaskGroup() as outer:
            outer.create_task(sleeper("outer child", 5))
            async with asyncio.TaskGroup() as inner:
                inner.create_task(failer("inner child", 1))

    await attempt(body())


@scenario
async def group_outer_child_ends_inner():
    async def body():
        async with asyncio.TaskGroup() as outer:
            outer.create_task(failer("outer child", 1))
            try:
                async with asyncio.TaskGroup() as inner:
                    inner.create_task(sleeper("inner child", 5))
            except asyncio.CancelledError:
                out("inner group cancelled")
                raise

    await attempt(body())


@scenario
async def group_child_adds_children():
    async def child(g, n):
        out("child", n)
        if n < 3:
            g.create_task(child(g, n + 1))
        await ticks(1)
        out("child", n, "ends")

    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(child(g, 1))
            out("body ends")

    await attempt(body())


@scenario
async def group_refuses_after_failure():
    async def late():
        out("never started")

    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(failer("a", 1))
            try:
                await ticks(5)
            finally:
                coro = late()
                out("add", refused(lambda: g.create_task(coro)))
                coro.close()

    await attempt(body())


@scenario
async def group_under_timeout():
    async def body():
        async with asyncio.timeout(1):
            async with asyncio.TaskGroup() as g:
                g.create_task(sleeper("child", 5))

    await attempt(body())
    out("cancelling", asyncio.current_task().cancelling())


@scenario
async def timeout_in_group():
    async def child():
        async with asyncio.timeout(1):
            await sleeper("child", 5)

    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(child())
            await sleeper("body", 10)

    await attempt(body())
