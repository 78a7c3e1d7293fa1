"""What every scenario stands on: a loop in virtual time, lines of output, names for errors.

A scenario is a function marked @scenario. An ordinary function gets the loop and runs it as it
likes; a coroutine function is run as the main task. It prints by out(); the lines are its trace.

Time is counted in ticks of the loop's own clock. The clock stands still while callbacks run and
jumps to the next timer when the loop would sleep, so a trace does not depend on the machine.

Scenarios are run under CPython 3.11 and 3.14 and print the same lines under both, except those
marked @scenario(only=VERSION): what 3.14 does otherwise or has alone, and what needs threads,
which the 3.14 of record.py has not. Run as a program it prints the traces as JSON.
"""
import asyncio
import gc
import importlib
import json
import pathlib
import sys
from asyncio import base_events

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
SCENARIOS = {}  # name → function
ONLY = {}  # name → the one version under which it is run
_lines = []


class Boom(Exception):
    """The error that scenarios raise."""


class Stuck(BaseException):
    """Nothing can ever wake the loop again: the scenario itself is wrong."""


if sys.platform == "emscripten":
    # No sockets and no threads: nothing but timers wakes the loop.
    class JumpingLoop(base_events.BaseEventLoop):
        def __init__(self):
            super().__init__()
            self.now = 0.0
            self._selector = self
            self._clock_resolution = 1e-6

        def select(self, timeout):
            if timeout is None:
                raise Stuck("no timer is set")
            self.now = round(self.now + max(timeout, 0), 6)
            return []

        def time(self):
            return self.now

        def _process_events(self, events):
            assert not events

        def _write_to_self(self):
            pass
else:
    import selectors

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

    class JumpingLoop(asyncio.SelectorEventLoop):
        def __init__(self):
            self.now = 0.0
            selector = JumpingSelector()
            super().__init__(selector)
            selector.loop = self
            self._clock_resolution = 1e-6

        def time(self):
            return self.now


def scenario(f=None, *, only=None):
    if f is None:
        return lambda f: scenario(f, only=only)
    assert f.__name__ not in SCENARIOS, f.__name__
    SCENARIOS[f.__name__] = f
    ONLY[f.__name__] = only
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


class Witness:
    """The part of a protocol that prints what it hears of; on has what it does then, by the event."""

    def __init__(self, name, on=None):
        self.name, self.on = name, on or {}
        self.events, self.waits = 0, []

    def heard(self, event, *words):
        out(self.name, event, *words)
        self.events += 1
        for n, waiter in self.waits:
            if n <= self.events and not waiter.done():
                waiter.set_result(None)
        if event in self.on:
            self.on[event]()

    async def until(self, n):
        """Waits until it has heard of n events, the first of which is that it is made."""
        if self.events < n:
            waiter = asyncio.get_running_loop().create_future()
            self.waits.append((n, waiter))
            await waiter


async def ticks(n):
    """Sleeps n ticks; 0 gives way to the loop once."""
    await asyncio.sleep(n)


def run(name):
    """Runs one scenario on a loop of its own and returns its lines."""
    _lines.clear()
    f = SCENARIOS[name]
    loop = JumpingLoop()
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
            if sys.platform != "emscripten":
                loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
        asyncio.set_event_loop(None)
    return list(_lines)


def main():
    """Prints the traces of all scenarios that this Python runs, and what stands in which part."""
    parts = {}
    for part in sorted(f.stem for f in pathlib.Path(__file__).parent.glob("*.py")):
        if part != "harness":
            importlib.import_module(part)
            parts[part] = [(n, ONLY[n]) for n, f in SCENARIOS.items() if f.__module__ == part]
    traces = {name: run(name) for name, only in ONLY.items() if only in (None, VERSION)}
    gc.collect()
    print(json.dumps({"version": sys.version.split()[0], "parts": parts, "traces": traces}))


if __name__ == "__main__":
    import harness  # not __main__: the parts import it by that name

    harness.main()
