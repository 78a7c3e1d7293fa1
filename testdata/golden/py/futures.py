"""Futures: callbacks, states, who is woken in which order."""
import asyncio

from harness import Boom, describe, out, outcome, refused, scenario, ticks


def announce(name):
    return lambda f: out(name, outcome(f))


@scenario
async def future_callbacks_in_order_and_later():
    f = asyncio.get_running_loop().create_future()
    for name in ("one", "two", "three"):
        f.add_done_callback(announce(name))
    f.set_result(1)
    out("set")
    await ticks(0)
    out("a pass later")


@scenario
async def future_callback_added_when_done():
    f = asyncio.get_running_loop().create_future()
    f.set_result("x")
    asyncio.get_running_loop().call_soon(out, "soon")
    f.add_done_callback(announce("late"))
    out("added")
    await ticks(0)


@scenario
async def future_callback_adds_callback():
    f = asyncio.get_running_loop().create_future()

    def first(g):
        out("first")
        g.add_done_callback(announce("added inside"))

    f.add_done_callback(first)
    f.add_done_callback(announce("second"))
    f.set_result(2)
    await ticks(0)
    out("a pass later")
    await ticks(0)


@scenario
async def future_callback_removed():
    f = asyncio.get_running_loop().create_future()
    one, two, three = announce("one"), announce("two"), announce("three")
    for callback in (one, two, three):
        f.add_done_callback(callback)
    out("removed", f.remove_done_callback(two))
    out("removed", f.remove_done_callback(two))
    f.set_result(3)
    out("removed when done", f.remove_done_callback(one))
    await ticks(0)


@scenario
async def future_states():
    f = asyncio.get_running_loop().create_future()
    out("done", f.done(), "cancelled", f.cancelled())
    out("result", refused(f.result, asyncio.InvalidStateError))
    out("exception", refused(f.exception, asyncio.InvalidStateError))
    f.set_result(42)
    out("done", f.done(), "cancelled", f.cancelled())
    out("set again", refused(lambda: f.set_result(43), asyncio.InvalidStateError))
    out("fail", refused(lambda: f.set_exception(Boom("late")), asyncio.InvalidStateError))
    out("cancel", f.cancel())
    out(outcome(f))


@scenario
async def future_cancelled():
    f = asyncio.get_running_loop().create_future()
    f.add_done_callback(announce("callback:"))
    out("cancel", f.cancel())
    out("cancel again", f.cancel())
    out("done", f.done(), "cancelled", f.cancelled())
    out("set", refused(lambda: f.set_result(1), asyncio.InvalidStateError))
    await ticks(0)
    try:
        await f
    except asyncio.CancelledError as e:
        out("await:", describe(e))


@scenario
async def future_cancelled_with_message():
    f = asyncio.get_running_loop().create_future()
    f.cancel("why")
    try:
        await f
    except asyncio.CancelledError as e:
        out("await:", describe(e))


@scenario
async def future_failed_awaited_twice():
    f = asyncio.get_running_loop().create_future()
    f.set_exception(Boom("once"))
    seen = []
    for _ in range(2):
        try:
            await f
        except Boom as e:
            out("await:", describe(e))
            seen.append(e)
    out("same error", seen[0] is seen[1])


@scenario
async def future_done_awaited_without_suspending():
    loop = asyncio.get_running_loop()
    f = loop.create_future()
    f.set_result("ready")
    loop.call_soon(out, "callback")
    out(await f)
    out(await f)
    await ticks(0)
    out("end")


@scenario
async def future_wakes_waiters_and_callbacks_in_order():
    loop = asyncio.get_running_loop()
    f = loop.create_future()

    async def waiter(name):
        out(name, "waits")
        out(name, "woken with", await f)

    f.add_done_callback(announce("callback before"))
    tasks = [asyncio.create_task(waiter(n)) for n in "ab"]
    await ticks(0)
    f.add_done_callback(announce("callback after"))
    f.set_result("x")
    out("set")
    await asyncio.wait(tasks)
    out("end")


@scenario
async def future_resolved_by_timer():
    loop = asyncio.get_running_loop()
    f = loop.create_future()
    loop.call_later(2, f.set_result, "timer")
    loop.call_later(1, out, "tick 1")
    loop.call_later(3, out, "tick 3")
    out(await f)
    await ticks(2)
    out("end")


@scenario
async def future_callback_that_fails():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: out("handler:", describe(context["exception"])))
    f = loop.create_future()

    def fail(_):
        raise Boom("in callback")

    f.add_done_callback(fail)
    f.add_done_callback(announce("second"))
    f.set_result(1)
    await ticks(0)
    out("end")


@scenario
async def future_passed_from_task_to_task():
    loop = asyncio.get_running_loop()
    first, second = loop.create_future(), loop.create_future()

    async def relay():
        out("relay got", await first)
        second.set_result("from relay")
        out("relay ends")

    async def sink():
        out("sink got", await second)

    tasks = [asyncio.create_task(sink()), asyncio.create_task(relay())]
    await ticks(0)
    first.set_result("from main")
    for n in range(3):
        out("main", n)
        await ticks(0)
    await asyncio.wait(tasks)
