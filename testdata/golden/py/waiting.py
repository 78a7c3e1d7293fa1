"""wait_for on its caller's task, shields that fail late, gathers of what is done (3.12 to 3.14)."""
import asyncio
import gc

from harness import Boom, describe, out, outcome, scenario, ticks
from combining import failer
from scopes import attempt
from tasks import sleeper


@scenario(only="3.14")
async def wait_for_runs_in_its_callers_task():
    async def inner():
        out("inner in", asyncio.current_task().get_name(), "of", len(asyncio.all_tasks()))
        await ticks(1)
        out("inner in", asyncio.current_task().get_name())
        return "value"

    asyncio.current_task().set_name("main")
    await attempt(asyncio.wait_for(inner(), 5))
    await attempt(asyncio.wait_for(inner(), None))


@scenario(only="3.14")
async def wait_for_what_does_not_wait_takes_no_pass():
    async def inner():
        return "value"

    asyncio.get_running_loop().call_soon(out, "a pass later")
    await attempt(asyncio.wait_for(inner(), 5))
    await ticks(0)


@scenario(only="3.14")
async def wait_for_cancelled_as_the_result_comes():
    f = asyncio.get_running_loop().create_future()
    inner = asyncio.create_task(sleeper("inner", 1))

    async def caller():
        try:
            out("caller got", await asyncio.wait_for(inner, 5))
        except asyncio.CancelledError:
            out("caller cancelled, inner", outcome(inner))
            raise
        await f

    task = asyncio.create_task(caller())
    inner.add_done_callback(lambda _: task.cancel())
    await attempt(task)


@scenario(only="3.14")
async def wait_for_passes_a_second_cancellation_on():
    async def stubborn():
        for n in (1, 2):
            try:
                await ticks(10)
            except asyncio.CancelledError:
                out("inner cancelled", n)
        await ticks(1)
        out("inner ends")
        return 42

    inner = asyncio.create_task(stubborn())
    task = asyncio.create_task(asyncio.wait_for(inner, 1))
    await ticks(2)
    out("cancel", task.cancel(), "inner done", inner.done())
    await attempt(task)


@scenario(only="3.14")
async def wait_for_a_function_passes_a_second_cancellation_on():
    async def stubborn():
        for n in (1, 2):
            try:
                await ticks(10)
            except asyncio.CancelledError:
                out("inner cancelled", n, "cancelling", asyncio.current_task().cancelling())
        await ticks(1)
        out("inner ends")
        return 42

    task = asyncio.create_task(asyncio.wait_for(stubborn(), 1))
    await ticks(2)
    out("cancel", task.cancel())
    await attempt(task)
    out("cancelling", task.cancelling())


@scenario
async def wait_for_over_a_shield():
    for limit in (0, 1, None):
        inner = asyncio.create_task(sleeper("inner", 3))
        await attempt(asyncio.wait_for(asyncio.shield(inner), limit))
        out("inner done", inner.done())
        out("later", await inner)


@scenario(only="3.14")
async def wait_for_a_function_that_swallows():
    async def stubborn():
        try:
            await ticks(10)
        except asyncio.CancelledError:
            out("swallowed, cancelling", asyncio.current_task().cancelling())
        return 42

    await attempt(asyncio.wait_for(stubborn(), 1))
    out("cancelling", asyncio.current_task().cancelling())


@scenario
async def wait_for_what_somebody_else_cancels():
    f = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(1, f.cancel, "by somebody")
    await attempt(asyncio.wait_for(f, 5))
    out("cancelling", asyncio.current_task().cancelling())


@scenario(only="3.14")
async def wait_for_a_function_that_cancels_its_task():
    async def inner():
        asyncio.current_task().cancel("myself")
        await ticks(0)

    async def caller():
        try:
            await asyncio.wait_for(inner(), 5)
        finally:
            out("caller, cancelling", asyncio.current_task().cancelling())

    task = asyncio.create_task(caller())
    await attempt(task)
    out("caller cancelled", task.cancelled())


@scenario(only="3.14")
async def wait_for_inside_wait_for():
    async def inner():
        try:
            await ticks(10)
        except asyncio.CancelledError:
            out("inner cancelled")
            raise

    async def middle(limit):
        try:
            await asyncio.wait_for(inner(), limit)
        except TimeoutError:
            out("middle timeout")
            raise
        except asyncio.CancelledError:
            out("middle cancelled")
            raise

    await attempt(asyncio.wait_for(middle(1), 5))
    await attempt(asyncio.wait_for(middle(5), 1))


@scenario(only="3.14")
async def timeout_stays_in_the_chain_of_another_error():
    async def body():
        try:
            await ticks(10)
        except asyncio.CancelledError as e:
            raise Boom("instead") from e

    try:
        async with asyncio.timeout(1):
            await body()
    except Boom as e:
        out(describe(e), "and a timeout", isinstance(e.__context__, TimeoutError))


def reporting():
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: out("reported:", describe(context["exception"])))


@scenario(only="3.14")
async def shield_that_fails_late_is_reported():
    reporting()
    inner = asyncio.create_task(failer("inner", 2))
    task = asyncio.create_task(attempt(asyncio.shield(inner)))
    await ticks(1)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.wait([inner])
    await ticks(0)
    out("end")


@scenario
async def shield_that_ends_well_late_is_not_reported():
    reporting()
    inner = asyncio.create_task(sleeper("inner", 2))
    task = asyncio.create_task(attempt(asyncio.shield(inner)))
    await ticks(1)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.wait([inner])
    await ticks(0)
    out("end")


@scenario(only="3.14")
async def shields_that_fail_late_are_reported_once():
    reporting()
    inner = asyncio.create_task(failer("inner", 2))
    tasks = [asyncio.create_task(attempt(asyncio.shield(inner))) for _ in range(2)]
    await ticks(1)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await asyncio.wait([inner])
    await ticks(0)
    gc.collect()
    out("end")


@scenario(only="3.14")
async def gather_of_what_is_done_takes_no_pass():
    loop = asyncio.get_running_loop()
    a, b = loop.create_future(), loop.create_future()
    a.set_result("a")
    b.set_result("b")
    loop.call_soon(out, "a pass later")
    out(" ".join(await asyncio.gather(a, b)))
    await ticks(0)


@scenario
async def gather_with_one_pending():
    loop = asyncio.get_running_loop()
    a, b = loop.create_future(), loop.create_future()
    a.set_result("a")

    async def main():
        out(" ".join(await asyncio.gather(a, b)))

    task = asyncio.create_task(main())
    await ticks(0)
    b.set_result("b")
    for n in range(4):
        out("pass", n)
        await ticks(0)
    await task
