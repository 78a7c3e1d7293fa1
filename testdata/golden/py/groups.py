"""Task groups that are ended from more than one side (3.13)."""
import asyncio

from harness import Boom, describe, out, outcome, scenario, ticks
from combining import failer
from scopes import attempt
from tasks import sleeper


def cancelling():
    return asyncio.current_task().cancelling()


@scenario(only="3.14")
async def group_nested_both_fail_in_one_pass():
    try:
        async with asyncio.TaskGroup() as outer:
            outer.create_task(failer("outer child", 1))
            try:
                async with asyncio.TaskGroup() as inner:
                    inner.create_task(failer("inner child", 1))
            except* Boom as e:
                out("inner:", describe(e), "cancelling", cancelling())
    except* Boom as e:
        out("outer:", describe(e), "cancelling", cancelling())
    out("after, cancelling", cancelling())


@scenario(only="3.14")
async def group_nested_both_fail_and_the_body_goes_on():
    async def body():
        async with asyncio.TaskGroup() as outer:
            outer.create_task(failer("outer child", 1))
            try:
                async with asyncio.TaskGroup() as inner:
                    inner.create_task(failer("inner child", 1))
            except* Boom:
                out("inner left, cancelling", cancelling())
            try:
                await ticks(5)
                out("not reached")
            except asyncio.CancelledError:
                out("the outer group's cancellation came after it")
                raise

    await attempt(body())
    out("cancelling", cancelling())


@scenario(only="3.14")
async def group_failure_meets_a_cancellation_from_outside():
    async def body():
        try:
            async with asyncio.TaskGroup() as g:
                g.create_task(failer("child", 1))
                await ticks(10)
        except* Boom as e:
            out(describe(e), "cancelling", cancelling())
        try:
            await ticks(0)
            out("not reached")
        except asyncio.CancelledError:
            out("cancelled, cancelling", cancelling())
            raise

    task = asyncio.create_task(body())
    for _ in range(2):
        await ticks(0)  # the child sleeps now: its timer comes before the next one
    asyncio.get_running_loop().call_later(1, task.cancel)
    await asyncio.wait([task])
    out(outcome(task))


@scenario(only="3.14")
async def group_failure_while_leaving_meets_a_cancellation_from_outside():
    async def body():
        try:
            async with asyncio.TaskGroup() as g:
                g.create_task(failer("child", 1))
        except* Boom as e:
            out(describe(e), "cancelling", cancelling())
        try:
            await ticks(1)
            out("not reached")
        except asyncio.CancelledError:
            out("cancelled, cancelling", cancelling())
            raise

    task = asyncio.create_task(body())
    for _ in range(2):
        await ticks(0)  # the child sleeps now: its timer comes before the next one
    asyncio.get_running_loop().call_later(1, task.cancel)
    await asyncio.wait([task])
    out(outcome(task))


@scenario
async def group_counts_after_failure():
    async def body(g):
        g.create_task(failer("child", 1))
        await ticks(10)

    for n in (1, 2):
        try:
            async with asyncio.TaskGroup() as g:
                await body(g)
        except* Boom as e:
            out(n, describe(e), "cancelling", cancelling())
        await ticks(1)
    out("end, cancelling", cancelling())


@scenario
async def group_body_swallows_the_cancellation():
    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(failer("child", 1))
            try:
                await ticks(10)
            except asyncio.CancelledError:
                out("swallowed, cancelling", cancelling())
            await ticks(1)
            out("body goes on")

    await attempt(body())
    out("cancelling", cancelling())


@scenario
async def group_cancelled_twice_while_children_end():
    async def slow():
        for n in (1, 2):
            try:
                await ticks(10)
            except asyncio.CancelledError:
                out("child cancelled", n)
        await ticks(1)
        out("child ends")

    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(slow())

    task = asyncio.create_task(body())
    await ticks(1)
    out("cancel", task.cancel())
    await ticks(1)
    out("cancel", task.cancel())
    await attempt(task)
    out("cancelling", task.cancelling())


@scenario
async def group_cancelled_and_a_child_fails_on_its_way_out():
    async def bad():
        try:
            await ticks(10)
        except asyncio.CancelledError:
            raise Boom("on the way out")

    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(bad())
            g.create_task(sleeper("other", 10))

    task = asyncio.create_task(body())
    await ticks(1)
    task.cancel()
    await attempt(task)


@scenario
async def group_three_deep_the_middle_one_fails():
    async def body():
        async with asyncio.TaskGroup() as a:
            a.create_task(sleeper("outermost", 3))
            try:
                async with asyncio.TaskGroup() as b:
                    b.create_task(failer("middle", 1))
                    try:
                        async with asyncio.TaskGroup() as c:
                            c.create_task(sleeper("innermost", 10))
                    except asyncio.CancelledError:
                        out("innermost group cancelled, cancelling", cancelling())
                        raise
            except* Boom as e:
                out("middle group:", describe(e), "cancelling", cancelling())
            out("outermost body ends")

    await attempt(body())


@scenario
async def group_child_adds_a_failing_child():
    async def bad():
        raise Boom("added")

    async def child(g):
        g.create_task(bad())
        for n in (1, 2, 3):
            try:
                await ticks(0)
            except asyncio.CancelledError:
                out("child cancelled in sleep", n)
                raise

    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(child(g))

    await attempt(body())


@scenario(only="3.14")
async def group_eager_child_adds_a_failing_child():
    async def bad():
        raise Boom("added")

    async def child(g):
        g.create_task(bad(), eager_start=True)
        out("child goes on")
        for n in (1, 2, 3):
            try:
                await ticks(0)
            except asyncio.CancelledError:
                out("child cancelled in sleep", n)
                raise

    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(child(g), eager_start=True)
            out("body goes on")

    await attempt(body())
    out("cancelling", cancelling())


@scenario
async def group_under_a_timeout_whose_child_fails_in_the_same_pass():
    async def body():
        async with asyncio.timeout(1):
            async with asyncio.TaskGroup() as g:
                g.create_task(failer("child", 1))
                await ticks(10)

    await attempt(body())
    out("cancelling", cancelling())
    await ticks(0)
    out("undisturbed")


@scenario
async def timeout_inside_a_group_that_fails():
    async def body():
        async with asyncio.TaskGroup() as g:
            g.create_task(failer("child", 1))
            try:
                async with asyncio.timeout(5):
                    await sleeper("inside", 10)
            except asyncio.CancelledError:
                out("the timeout let the cancellation pass")
                raise

    await attempt(body())
