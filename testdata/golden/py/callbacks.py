"""Callbacks and timers: which runs in which pass, in which order."""
import asyncio

from harness import Boom, describe, out, outcome, refused, scenario


def drain(loop, ticks=0):
    """Runs the loop until everything due within ticks has run."""
    loop.call_later(ticks + 1, loop.stop)
    loop.run_forever()


@scenario
def soon_runs_in_order(loop):
    for name in "abc":
        loop.call_soon(out, name)
    drain(loop)


@scenario
def soon_from_callbacks_waits_for_next_pass(loop):
    def first(name):
        out(name, "1")
        loop.call_soon(second, name)

    def second(name):
        out(name, "2")

    for name in "abc":
        loop.call_soon(first, name)
    drain(loop)


@scenario
def soon_cancelled_by_earlier(loop):
    def first():
        out("first")
        handle.cancel()
        out("cancelled", handle.cancelled())

    loop.call_soon(first)
    handle = loop.call_soon(out, "never")
    loop.call_soon(out, "third")
    drain(loop)


@scenario
def soon_cancelled_by_later_is_too_late(loop):
    handle = loop.call_soon(out, "ran")
    loop.call_soon(handle.cancel)
    loop.call_soon(out, "end")
    drain(loop)


@scenario
def later_runs_by_due_time(loop):
    for n in (3, 1, 2):
        loop.call_later(n, out, "tick", n)
    drain(loop, 3)


@scenario
def later_at_same_time_keeps_order(loop):
    when = loop.time() + 2
    loop.call_at(when, out, "first")
    loop.call_at(when, out, "second")
    loop.call_later(1, out, "sooner")
    drain(loop, 2)


@scenario
def later_with_past_due_times(loop):
    loop.call_later(-1, out, "minus one")
    loop.call_later(-2, out, "minus two")
    loop.call_soon(out, "soon")
    drain(loop)


@scenario
def later_zero_comes_after_soon(loop):
    loop.call_later(0, out, "later")
    loop.call_soon(out, "soon")
    drain(loop)


@scenario
def timer_cancels_timer_of_same_pass(loop):
    when = loop.time() + 1

    def first():
        out("first")
        second.cancel()

    loop.call_at(when, first)
    second = loop.call_at(when, out, "never")
    loop.call_at(when, out, "third")
    drain(loop, 1)


@scenario
def timers_of_one_pass_before_what_they_schedule(loop):
    when = loop.time() + 1

    def timer(name):
        out("timer", name)
        loop.call_soon(out, "soon from", name)

    loop.call_at(when, timer, "a")
    loop.call_at(when, timer, "b")
    drain(loop, 1)


@scenario
def timer_sets_timer(loop):
    def again(n):
        out("timer", n)
        if n < 3:
            loop.call_later(1, again, n + 1)

    loop.call_later(1, again, 1)
    loop.call_later(2.5, out, "between")
    drain(loop, 4)


@scenario
def stop_lets_the_pass_end(loop):
    def a():
        out("a")
        loop.stop()
        loop.call_soon(out, "left over")

    loop.call_soon(a)
    loop.call_soon(out, "b")
    loop.run_forever()
    out("stopped")
    loop.call_soon(loop.stop)
    loop.run_forever()
    out("stopped again")


@scenario
def stop_before_run_is_one_pass(loop):
    def a():
        out("a")
        loop.call_soon(out, "next pass")

    loop.call_soon(a)
    loop.stop()
    loop.run_forever()
    out("stopped")
    loop.stop()
    loop.run_forever()
    out("stopped again")


@scenario
def stop_twice_stops_once(loop):
    loop.call_soon(loop.stop)
    loop.call_soon(loop.stop)
    loop.run_forever()
    out("stopped")
    loop.call_soon(out, "runs")
    drain(loop)


@scenario
def states_of_a_loop(loop):
    def inside():
        out("inside: running", loop.is_running(), "closed", loop.is_closed())
        out("close", refused(loop.close))
        out("run", refused(loop.run_forever))
        loop.stop()

    out("before: running", loop.is_running(), "closed", loop.is_closed())
    loop.call_soon(inside)
    loop.run_forever()
    out("after: running", loop.is_running(), "closed", loop.is_closed())
    loop.close()
    loop.close()
    out("closed: running", loop.is_running(), "closed", loop.is_closed())
    out("run", refused(loop.run_forever))
    out("call_soon", refused(lambda: loop.call_soon(out, "never")))
    out("call_later", refused(lambda: loop.call_later(0, out, "never")))
    out("call_soon_threadsafe", refused(lambda: loop.call_soon_threadsafe(out, "never")))


@scenario
def threadsafe_keeps_order_on_own_loop(loop):
    def inside():
        loop.call_soon(out, "a")
        loop.call_soon_threadsafe(out, "b")
        loop.call_soon(out, "c")
        loop.call_soon_threadsafe(out, "d")

    loop.call_soon(inside)
    drain(loop)


@scenario
def failing_callback_goes_to_handler(loop):
    def handler(_, context):
        out("handler:", context["message"].split("callback")[0] + "callback:", describe(context["exception"]))

    def fail():
        out("fails")
        raise Boom("a")

    loop.set_exception_handler(handler)
    loop.call_soon(fail)
    loop.call_soon(out, "goes on")
    loop.call_later(1, fail)
    loop.call_later(2, out, "and on")
    drain(loop, 2)


@scenario
def handler_called_by_hand(loop):
    def handler(_, context):
        out("handler:", context["message"])

    loop.set_exception_handler(handler)
    loop.call_exception_handler({"message": "something"})
    out("set", loop.get_exception_handler() is not None)
    loop.set_exception_handler(None)
    out("set", loop.get_exception_handler() is not None)


@scenario
def run_until_complete_again_and_again(loop):
    async def work(n):
        out("work", n)
        loop.call_soon(out, "scheduled by", n)
        return n * n

    for n in (1, 2, 3):
        task = loop.create_task(work(n))
        loop.run_until_complete(task)
        out(outcome(task))
    drain(loop)


@scenario
def run_until_complete_stopped_early(loop):
    gate = loop.create_future()

    async def work():
        out("work begins")
        await gate
        out("work ends")
        return 7

    task = loop.create_task(work())
    loop.call_later(1, loop.stop)
    out("run", refused(lambda: loop.run_until_complete(task)))
    out("done", task.done())
    loop.call_later(1, gate.set_result, None)
    loop.run_until_complete(task)
    out(outcome(task))


@scenario
def run_until_complete_of_done_future(loop):
    f = loop.create_future()
    f.set_result("ready")
    loop.call_soon(out, "queued before")
    loop.run_until_complete(f)
    out(outcome(f))
    failed = loop.create_future()
    failed.set_exception(Boom("b"))
    try:
        loop.run_until_complete(failed)
    except Boom as e:
        out(describe(e))
    gone = loop.create_future()
    gone.cancel()
    try:
        loop.run_until_complete(gone)
    except asyncio.CancelledError as e:
        out(describe(e))
