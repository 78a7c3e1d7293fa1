"""Tasks: starting, switching, cancelling, counting cancellations."""
import asyncio
import threading

from harness import Boom, describe, out, outcome, scenario, ticks


async def sleeper(name, n):
    """Says what happens to it while it sleeps n ticks."""
    try:
        await ticks(n)
        out(name, "slept")
        return name
    except asyncio.CancelledError:
        out(name, "cancelled")
        raise


@scenario
async def task_starts_in_next_pass():
    async def child(name):
        out(name, "starts")

    tasks = [asyncio.create_task(child(n)) for n in "abc"]
    out("created")
    await asyncio.wait(tasks)
    out("end")


@scenario
async def task_starts_in_order_with_callbacks():
    loop = asyncio.get_running_loop()

    async def child(name):
        out("task", name)

    loop.call_soon(out, "callback 1")
    a = asyncio.create_task(child("a"))
    loop.call_soon(out, "callback 2")
    b = asyncio.create_task(child("b"))
    loop.call_soon(out, "callback 3")
    await ticks(0)
    out("done", a.done(), b.done())


@scenario
async def tasks_take_turns():
    async def child(name):
        for n in (1, 2, 3):
            out(name, n)
            await ticks(0)
        return name

    tasks = [asyncio.create_task(child(n)) for n in "abc"]
    for n in (1, 2):
        out("main", n)
        await ticks(0)
    out(await asyncio.gather(*tasks) == ["a", "b", "c"])


@scenario
async def task_result_wakes_waiter_passes_later():
    async def inner():
        out("inner")
        return 5

    async def outer():
        out("outer begins")
        value = await asyncio.create_task(inner())
        out("outer got", value)

    task = asyncio.create_task(outer())
    for n in range(5):
        out("main", n)
        await ticks(0)
    out("done", task.done())


@scenario
async def task_done_callbacks_before_waiter():
    async def child():
        return "value"

    task = asyncio.create_task(child())
    task.add_done_callback(lambda t: out("callback 1", outcome(t)))
    task.add_done_callback(lambda t: out("callback 2", outcome(t)))
    out("main got", await task)


@scenario
async def task_fails():
    async def child():
        await ticks(0)
        raise Boom("child")

    task = asyncio.create_task(child())
    try:
        await task
    except Boom as e:
        out("main got", describe(e))
    out("done", task.done(), "cancelled", task.cancelled())


@scenario
async def cancel_while_sleeping():
    task = asyncio.create_task(sleeper("a", 10))
    await ticks(1)
    out("cancel", task.cancel())
    out("done", task.done())
    try:
        await task
    except asyncio.CancelledError:
        out("main saw it")
    out("done", task.done(), "cancelled", task.cancelled())
    out("cancel again", task.cancel())


@scenario
async def cancel_before_start():
    task = asyncio.create_task(sleeper("never", 1))
    task.cancel()
    await asyncio.wait([task])
    out("cancelled", task.cancelled())


@scenario
async def cancel_in_zero_sleep():
    async def child():
        try:
            out("child sleeps")
            await ticks(0)
            out("not reached")
        finally:
            out("child ends")

    task = asyncio.create_task(child())
    await ticks(0)
    task.cancel()
    await asyncio.wait([task])
    out(outcome(task))


@scenario
async def cancel_self():
    async def child():
        asyncio.current_task().cancel()
        out("goes on")
        f = asyncio.get_running_loop().create_future()
        f.set_result("no suspension")
        out(await f)
        try:
            await ticks(1)
        except asyncio.CancelledError:
            out("delivered")
            raise

    task = asyncio.create_task(child())
    await asyncio.wait([task])
    out(outcome(task))


@scenario
async def cancel_self_and_return():
    async def child():
        asyncio.current_task().cancel()
        return "done before the next suspension"

    task = asyncio.create_task(child())
    await asyncio.wait([task])
    out(outcome(task))


@scenario
async def cancel_swallowed():
    async def child():
        try:
            await ticks(10)
        except asyncio.CancelledError:
            out("swallowed")
        await ticks(1)
        out("slept on")
        return 42

    task = asyncio.create_task(child())
    await ticks(1)
    task.cancel()
    out(await task)
    out("cancelled", task.cancelled())


@scenario
async def cancel_with_cleanup_that_waits():
    async def child():
        try:
            await ticks(10)
        finally:
            out("cleanup begins")
            await ticks(2)
            out("cleanup ends")

    task = asyncio.create_task(child())
    await ticks(1)
    task.cancel()
    await ticks(1)
    out("done", task.done())
    await asyncio.wait([task])
    out(outcome(task))


@scenario
async def cancel_during_cleanup():
    async def child():
        try:
            await ticks(10)
        finally:
            try:
                await ticks(10)
            except asyncio.CancelledError:
                out("cancelled in cleanup")
                raise

    task = asyncio.create_task(child())
    await ticks(1)
    task.cancel()
    await ticks(1)
    task.cancel()
    await asyncio.wait([task])
    out(outcome(task), "cancelling", task.cancelling())


@scenario
async def cancel_turned_into_error():
    async def child():
        try:
            await ticks(10)
        except asyncio.CancelledError:
            raise Boom("instead")

    task = asyncio.create_task(child())
    await ticks(1)
    task.cancel()
    await asyncio.wait([task])
    out(outcome(task), "cancelled", task.cancelled())


@scenario
async def cancel_with_message():
    async def child():
        try:
            await ticks(10)
        except asyncio.CancelledError as e:
            out("child saw", describe(e))
            raise

    task = asyncio.create_task(child())
    await ticks(1)
    task.cancel("enough")
    try:
        await task
    except asyncio.CancelledError as e:
        out("main saw", describe(e))


@scenario
async def cancel_reaches_innermost_first():
    async def inner():
        try:
            await ticks(10)
        except asyncio.CancelledError:
            out("inner cancelled")
            raise

    async def outer():
        try:
            await asyncio.create_task(inner())
        except asyncio.CancelledError:
            out("outer cancelled")
            return "outer goes on"

    task = asyncio.create_task(outer())
    await ticks(1)
    task.cancel()
    out(await task)


@scenario
async def cancel_stopped_by_awaited_task():
    async def inner():
        try:
            await ticks(10)
        except asyncio.CancelledError:
            out("inner swallows")
            return "value"

    async def outer():
        out("outer got", await asyncio.create_task(inner()))
        return "done"

    task = asyncio.create_task(outer())
    await ticks(1)
    task.cancel()
    out(await task)
    out("cancelled", task.cancelled(), "cancelling", task.cancelling())


@scenario
async def cancel_future_and_task_together():
    f = asyncio.get_running_loop().create_future()

    async def child():
        try:
            await f
        except asyncio.CancelledError:
            out("delivered once")
        await ticks(1)
        return "went on"

    task = asyncio.create_task(child())
    await ticks(0)
    f.cancel()
    task.cancel()
    await asyncio.wait([task])
    out(outcome(task))


@scenario
async def cancel_cancels_the_awaited_future():
    f = asyncio.get_running_loop().create_future()

    async def child():
        await f

    task = asyncio.create_task(child())
    await ticks(0)
    task.cancel()
    out("future cancelled", f.cancelled(), "task done", task.done())
    await asyncio.wait([task])
    out("task cancelled", task.cancelled())


@scenario
async def cancel_counts():
    async def child():
        me = asyncio.current_task()
        try:
            await ticks(10)
        except asyncio.CancelledError:
            out("cancelling", me.cancelling())
            out("uncancel", me.uncancel())
            out("uncancel", me.uncancel())
            out("uncancel below zero", me.uncancel())
        await ticks(1)
        return "went on"

    task = asyncio.create_task(child())
    await ticks(1)
    out("cancel", task.cancel())
    out("cancel", task.cancel())
    out("cancelling", task.cancelling())
    out(await task)


@scenario
async def uncancel_when_done():
    task = asyncio.create_task(sleeper("a", 0))
    await task
    out("cancelling", task.cancelling())
    out("cancel", task.cancel(), "cancelling", task.cancelling())
    out("uncancel", task.uncancel())


@scenario
def current_and_all_tasks(loop):
    def names():
        return " ".join(sorted(t.get_name() for t in asyncio.all_tasks(loop)))

    async def child():
        out("current", asyncio.current_task().get_name())
        await ticks(0)
        out("current", asyncio.current_task().get_name())

    async def main():
        out("current", asyncio.current_task().get_name())
        tasks = [loop.create_task(child(), name=n) for n in ("x", "y")]
        out("all", names())
        loop.call_soon(lambda: out("in a callback", asyncio.current_task()))
        await asyncio.wait(tasks)
        out("all", names())

    out("outside", asyncio.current_task(loop))
    loop.run_until_complete(loop.create_task(main(), name="main"))
    out("outside", asyncio.current_task(loop), "all", len(asyncio.all_tasks(loop)))


@scenario
async def task_named_and_renamed():
    async def child():
        out("I am", asyncio.current_task().get_name())
        await ticks(1)
        out("I am", asyncio.current_task().get_name())

    task = asyncio.create_task(child(), name="before")
    await ticks(0)
    task.set_name("after")
    await task
    out(task.get_name())


@scenario
async def task_factory_makes_tasks():
    loop = asyncio.get_running_loop()

    async def child():
        out("child runs")

    def factory(loop, coro, **options):
        out("factory called")
        return asyncio.Task(coro, loop=loop, **options)

    loop.set_task_factory(factory)
    await loop.create_task(child())
    loop.set_task_factory(None)
    await loop.create_task(child())


@scenario(only="3.11")
def threadsafe_coroutine(loop):
    async def work(n):
        out("on the loop", n)
        await ticks(0)
        if n == 2:
            raise Boom("two")
        return n * 10

    def other():
        for n in (1, 2):
            f = asyncio.run_coroutine_threadsafe(work(n), loop)
            try:
                out("elsewhere", f.result())
            except Boom as e:
                out("elsewhere", describe(e))
        loop.call_soon_threadsafe(loop.stop)

    thread = threading.Thread(target=other)
    thread.start()
    loop.run_forever()
    thread.join()


@scenario(only="3.11")
async def to_thread_result_and_error():
    def work():
        return "from the thread"

    def fail():
        raise Boom("thread")

    out(await asyncio.to_thread(work))
    try:
        await asyncio.to_thread(fail)
    except Boom as e:
        out(describe(e))
    out(await asyncio.gather(*(asyncio.to_thread(int, str(n)) for n in range(3))) == [0, 1, 2])
