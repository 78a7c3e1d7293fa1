"""What every scenario stands on: a loop in virtual time, lines of output, names for errors.

A scenario is a function marked @scenario. An ordinary function gets the loop and runs it as it
likes; a coroutine function is run as the main task. It prints by out(); the lines are its trace.

Time is counted in ticks of the loop's own clock. The clock stands still while callbacks run and
jumps to the next timer when the loop would sleep, so a trace does not depend on the machine.
"""
import asyncio
import selectors

SCENARIOS = {}
_lines = []


class Boom(Exception):
    """The error that scenarios raise."""


class Stuck(BaseException):
    """Nothing can ever wake the loop again: the scenario itself is wrong."""


class JumpingSelector(selectors.DefaultSelector):
    """Instead of sleeping it moves the loop's clock. Only other threads are waited for."""

    loop = None
    patience = 10.0

    def select(self, timeout=None):
        events = super().select(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        if timeout is None:
            events = super().select(self.patience)
            if not events:
                raise Stuck("no timer, and no other thread woke the loop")
            return events
        self.loop.now = round(self.loop.now + timeout, 6)
        return events


class TickingLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self.now = 0.0
        selector = JumpingSelector()
        super().__init__(selector)
        selector.loop = self
        self._clock_resolution = 1e-6

    def time(self):
        return self.now


def scenario(f):
    assert f.__name__ not in SCENARIOS, f.__name__
    SCENARIOS[f.__name__] = f
    return f


def out(*words):
    _lines.append(" ".join(neutral.get(w, str(w)) if w is None or isinstance(w, bool) else str(w) for w in words))


neutral = {None: "none", True: "true", False: "false"}


def describe(e):
    """The same words for an error as the Go side uses."""
    if isinstance(e, asyncio.CancelledError):
        return "cancelled" if e.args in ((), ("",)) else f"cancelled ({e.args[0]})"
    if isinstance(e, BaseExceptionGroup):
        return "group(" + ", ".join(sorted(describe(x) for x in e.exceptions)) + ")"
    if isinstance(e, Boom):
        return f"boom {e}"
    if isinstance(e, asyncio.IncompleteReadError):
        return f"incomplete read [{e.partial.decode()}] of {e.expected or 'unknown'}"
    if isinstance(e, asyncio.LimitOverrunError):
        return f"limit overrun at {e.consumed}"
    for kind, words in ((TimeoutError, "timeout"), (asyncio.InvalidStateError, "invalid state")):
        if isinstance(e, kind):
            return words
    raise AssertionError(f"no words for {e!r}") from e


def outcome(f):
    """What a finished future holds, in words."""
    if f.cancelled():
        return "cancelled"
    if f.exception() is not None:
        return describe(f.exception())
    return f"result {f.result()}"


def refused(call, *kinds):
    """Whether call fails with one of kinds (what the Go side returns as an error)."""
    try:
        call()
    except kinds or (RuntimeError,):
        return "refused"
    return "allowed"


async def ticks(n):
    """Sleeps n ticks; 0 gives way to the loop once."""
    await asyncio.sleep(n)


def run(name):
    """Runs one scenario on a loop of its own and returns its lines."""
    _lines.clear()
    f = SCENARIOS[name]
    loop = TickingLoop()
    loop.set_debug(False)
    asyncio.set_event_loop(loop)
    try:
        if asyncio.iscoroutinefunction(f):
            loop.run_until_complete(f())
        else:
            f(loop)
    finally:
        if not loop.is_closed():
            left = asyncio.all_tasks(loop)
            assert not left, (name, left)
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
        asyncio.set_event_loop(None)
    return list(_lines)
