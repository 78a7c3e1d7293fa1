"""StreamReader fed by hand: reads of every kind, ends and limits."""
import asyncio

from harness import Boom, describe, out, refused, scenario, ticks


def show(data):
    out("[" + data.decode().replace("\n", "/") + "]")


def reader(limit=1000, data=b"", end=False):
    r = asyncio.StreamReader(limit=limit)
    r.feed_data(data)
    if end:
        r.feed_eof()
    return r


async def attempt(coro):
    try:
        show(await coro)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, Boom, asyncio.CancelledError) as e:
        out(describe(e))
    except ValueError:
        out("line too long")


def feed(r, *pieces):
    """Feeds one piece per tick, and at last the end."""
    loop = asyncio.get_running_loop()
    for n, piece in enumerate(pieces, 1):
        loop.call_later(n, r.feed_data, piece)
    loop.call_later(len(pieces) + 1, r.feed_eof)


@scenario
async def read_what_is_there():
    r = reader(data=b"hello world", end=True)
    for n in (0, 5, 100, 5):
        await attempt(r.read(n))
    out("at eof", r.at_eof())


@scenario
async def read_waits_for_some():
    r = reader()
    feed(r, b"abc", b"def")
    for _ in range(3):
        await attempt(r.read(10))


@scenario
async def read_until_the_end():
    r = reader()
    feed(r, b"abc", b"def")
    await attempt(r.read(-1))
    await attempt(r.read(-1))


@scenario
async def at_eof_needs_empty_buffer():
    r = reader(data=b"x")
    out(r.at_eof())
    r.feed_eof()
    out(r.at_eof())
    await attempt(r.read(1))
    out(r.at_eof())


@scenario
async def line_in_pieces():
    r = reader()
    feed(r, b"one", b" line\nsecond", b" line\nlast")
    for _ in range(4):
        await attempt(r.readline())


@scenario
async def lines_by_iteration():
    r = reader(data=b"one\ntwo\n\nlast", end=True)
    async for line in r:
        show(line)


@scenario
async def line_over_limit_with_newline():
    r = reader(limit=5, data=b"too long\nok\n", end=True)
    await attempt(r.readline())
    await attempt(r.readline())


@scenario
async def line_over_limit_without_newline():
    r = reader(limit=5, data=b"far too long")
    await attempt(r.readline())
    r.feed_data(b"next\n")
    await attempt(r.readline())


@scenario
async def line_over_limit_while_waiting():
    r = reader(limit=7)
    feed(r, b"chunk1", b"chunk2", b"chunk3\nrest")
    for _ in range(4):
        await attempt(r.readline())


@scenario
async def line_at_the_limit():
    await attempt(reader(limit=7, data=b"1234567\n").readline())
    await attempt(reader(limit=7, data=b"12345678\n").readline())
    await attempt(reader(limit=7, data=b"1234567", end=True).readline())
    await attempt(reader(limit=7, data=b"12345678", end=True).readline())


@scenario
async def until_separator():
    r = reader(data=b"aa--bb--cc", end=True)
    for _ in range(3):
        await attempt(r.readuntil(b"--"))
    await attempt(r.read(-1))


@scenario
async def until_separator_in_pieces():
    r = reader()
    feed(r, b"aaA", b"aA", b"AAb", b"rest")
    await attempt(r.readuntil(b"AAAb"))
    await attempt(r.read(-1))


@scenario
async def until_over_limit():
    r = reader(limit=3, data=b"abcdef--rest")
    await attempt(r.readuntil(b"--"))
    await attempt(r.read(6))
    r = reader(limit=3, data=b"abcdef-")
    await attempt(r.readuntil(b"--"))
    await attempt(r.read(100))


@scenario
async def until_refuses_empty_separator():
    r = reader(data=b"abc")
    try:
        await r.readuntil(b"")
    except ValueError:
        out("refused")
    await attempt(r.read(100))


@scenario
async def exactly_in_pieces():
    r = reader(limit=2)
    feed(r, b"abc", b"def", b"ghi")
    await attempt(r.readexactly(0))
    await attempt(r.readexactly(7))
    await attempt(r.readexactly(2))


@scenario
async def exactly_cut_short():
    r = reader()
    feed(r, b"abc", b"def")
    await attempt(r.readexactly(10))
    await attempt(r.readexactly(10))
    out("at eof", r.at_eof())


@scenario
async def error_beats_data():
    r = reader(data=b"left over\n")
    r.set_exception(Boom("stream"))
    await attempt(r.read(5))
    await attempt(r.readline())
    await attempt(r.readexactly(3))
    await attempt(r.readuntil(b"x"))


@scenario
async def error_wakes_reader():
    r = reader()
    asyncio.get_running_loop().call_later(1, r.set_exception, Boom("stream"))
    await attempt(r.readline())


@scenario
async def second_reader_refused():
    r = reader()

    async def second():
        await r.read(10)

    task = asyncio.create_task(attempt(r.read(10)))
    await ticks(0)
    try:
        await second()
    except RuntimeError:
        out("refused")
    r.feed_data(b"for the first")
    await task


@scenario
async def cancelled_read_loses_nothing():
    r = reader(data=b"abc")
    task = asyncio.create_task(attempt(r.readexactly(6)))
    await ticks(1)
    task.cancel()
    await task
    r.feed_data(b"def")
    await attempt(r.readexactly(6))


class Valve(asyncio.Transport):
    """A transport that only says when it is paused and resumed."""

    def pause_reading(self):
        out("paused")

    def resume_reading(self):
        out("resumed")


@scenario
async def reader_pauses_its_transport():
    r = reader(limit=4)
    r.set_transport(Valve())
    for piece in (b"1234", b"5678", b"9", b"0"):
        out("feed", len(piece))
        r.feed_data(piece)
    for n in (5, 1, 4):
        await attempt(r.read(n))
    r.feed_data(b"123456789")
    await attempt(r.readexactly(9))
