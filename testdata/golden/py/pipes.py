"""Pipes that the loop reads and writes: data, end and loss, in what order."""
import asyncio
import os

from harness import Witness, out, scenario, ticks

MUCH = bytes(1 << 20)  # more than a pipe takes


def loop():
    return asyncio.get_running_loop()


class Pipe(Witness, asyncio.Protocol):
    """A quiet one only counts what comes."""

    transport, quiet, got, keep = None, False, 0, False

    def connection_made(self, transport):
        self.transport = transport
        self.heard("made")

    def data_received(self, data):
        self.got += len(data)
        if not self.quiet:
            self.heard("received", data.decode())

    def eof_received(self):
        self.heard("eof")
        return self.keep

    def connection_lost(self, exc):
        self.heard("lost", "broken pipe" if isinstance(exc, BrokenPipeError) else exc)

    def pause_writing(self):
        self.heard("paused")

    def resume_writing(self):
        self.heard("resumed")


def files():
    r, w = os.pipe()
    return os.fdopen(r, "rb", 0), os.fdopen(w, "wb", 0)


async def reading(on=None):
    """Connects the end of a pipe that is read, and returns the other one."""
    r, w = files()
    return (await loop().connect_read_pipe(lambda: Pipe("reader", on), r))[1], w


async def writing(on=None):
    """Connects the end of a pipe that is written, and returns the other one."""
    r, w = files()
    return (await loop().connect_write_pipe(lambda: Pipe("writer", on), w))[1], r


async def both():
    """Connects both ends. The reader is quiet, and paused."""
    w, r = await writing()
    p = Pipe("reader", {"made": lambda: p.transport.pause_reading()})
    p.quiet = True
    await loop().connect_read_pipe(lambda: p, r)
    return w, p


async def passes():
    for _ in range(5):
        await ticks(0)


@scenario(only="3.11")
async def the_reader_is_made_before_the_call_returns():
    r, w = files()

    def factory():
        out("the factory is called")
        return Pipe("reader", {"made": lambda: loop().call_soon(out, "a pass after made")})

    t, p = await loop().connect_read_pipe(factory, r)
    out("returned", t is p.transport, t.is_closing(), t.is_reading())
    t.close()
    await p.until(2)
    w.close()


@scenario(only="3.11")
async def data_then_the_end():
    p, w = await reading()
    w.write(b"hello")
    await p.until(2)
    w.close()
    await p.until(4)


@scenario(only="3.11")
async def what_is_there_and_the_end_come_after_made():
    r, w = files()
    w.write(b"hello")
    w.close()
    p = Pipe("reader")
    await loop().connect_read_pipe(lambda: p, r)
    out("returned")
    await p.until(4)


@scenario(only="3.11")
async def at_the_end_it_is_closing():
    p, w = await reading({"eof": lambda: out("closing", p.transport.is_closing())})
    w.close()
    await p.until(3)


@scenario(only="3.11")
async def the_end_cannot_be_refused():
    p, w = await reading()
    p.keep = True
    w.close()
    await p.until(3)


@scenario(only="3.11")
async def closed_at_the_end():
    p, w = await reading({"eof": lambda: p.transport.close()})
    w.close()
    await p.until(3)
    await passes()


@scenario(only="3.11")
async def a_paused_reader_hears_nothing():
    p, w = await reading()
    p.transport.pause_reading()
    p.transport.pause_reading()
    out("reading", p.transport.is_reading())
    w.write(b"hello")
    await passes()
    out("nothing yet")
    p.transport.resume_reading()
    p.transport.resume_reading()
    out("reading", p.transport.is_reading())
    await p.until(2)
    p.transport.close()
    await p.until(3)
    w.close()


@scenario(only="3.11")
async def a_paused_reader_hears_of_no_end():
    p, w = await reading()
    p.transport.pause_reading()
    w.close()
    await passes()
    out("nothing yet", p.transport.is_closing())
    p.transport.resume_reading()
    await p.until(3)


@scenario(only="3.11")
async def paused_out_of_received():
    p, w = await reading({"received": lambda: p.transport.pause_reading()})
    w.write(b"one")
    await p.until(2)
    w.write(b"two")
    w.close()
    await passes()
    out("nothing yet")
    p.transport.resume_reading()
    await p.until(3)
    await passes()
    out("nothing yet")
    p.transport.resume_reading()
    await p.until(5)


@scenario(only="3.11")
async def a_closed_reader_is_lost_a_pass_later():
    p, w = await reading()
    w.write(b"too late")
    p.transport.close()
    out("closing", p.transport.is_closing(), "reading", p.transport.is_reading())
    loop().call_soon(out, "a pass later")
    p.transport.close()
    out("and again")
    await p.until(2)
    await passes()
    w.close()


@scenario(only="3.11")
async def a_reader_closed_out_of_received_hears_of_no_end():
    p, w = await reading({"received": lambda: p.transport.close()})
    w.write(b"hello")
    w.close()
    await p.until(3)
    await passes()


@scenario(only="3.11")
async def a_reader_closed_out_of_made():
    r, w = files()
    p = Pipe("reader", {"made": lambda: p.transport.close()})
    w.write(b"too late")
    await loop().connect_read_pipe(lambda: p, r)
    out("returned", p.transport.is_closing())
    await p.until(2)
    await passes()
    w.close()


@scenario(only="3.11")
async def a_paused_reader_is_closed():
    p, w = await reading()
    p.transport.pause_reading()
    w.write(b"hello")
    p.transport.close()
    p.transport.resume_reading()
    await p.until(2)
    await passes()
    w.close()


@scenario(only="3.11")
async def another_protocol_reads_on():
    p, w = await reading()
    q = Pipe("the other")
    w.write(b"one")
    await p.until(2)
    p.transport.set_protocol(q)
    w.write(b"two")
    await q.until(1)
    w.close()
    await q.until(3)


@scenario(only="3.11")
async def the_writer_is_made_before_the_call_returns():
    r, w = files()

    def factory():
        out("the factory is called")
        return Pipe("writer", {"made": lambda: loop().call_soon(out, "a pass after made")})

    t, p = await loop().connect_write_pipe(factory, w)
    out("returned", t is p.transport, t.is_closing(), t.can_write_eof())
    t.close()
    await p.until(2)
    r.close()


@scenario(only="3.11")
async def what_is_written_and_the_end_arrive():
    w, r = await both()
    w.transport.write(b"hello")
    w.transport.write_eof()
    out("closing", w.transport.is_closing())
    await w.until(2)
    r.transport.resume_reading()
    await r.until(3)
    out("read", r.got)


@scenario(only="3.11")
async def a_closed_writer_is_lost_a_pass_later():
    p, r = await writing()
    p.transport.close()
    out("closing", p.transport.is_closing())
    loop().call_soon(out, "a pass later")
    p.transport.close()
    p.transport.write_eof()
    out("and again")
    await p.until(2)
    await passes()
    r.close()


@scenario(only="3.11")
async def a_writer_is_paused_and_resumed():
    w, r = await both()
    w.transport.write(MUCH)
    w.transport.write(b"more")
    out("buffered", w.transport.get_write_buffer_size() > 0)
    r.transport.resume_reading()
    await w.until(3)
    low, _ = w.transport.get_write_buffer_limits()
    out("buffered no more than the mark", w.transport.get_write_buffer_size() <= low)
    w.transport.close()
    await r.until(3)
    out("read", r.got)


@scenario(only="3.11")
async def a_writer_is_closed_with_data_buffered():
    w, r = await both()
    w.transport.write(MUCH)
    w.transport.close()
    out("closing", w.transport.is_closing())
    await passes()
    out("still there")
    r.transport.resume_reading()
    await r.until(3)
    out("read", r.got)


@scenario(only="3.11")
async def the_end_is_written_behind_what_is_buffered():
    w, r = await both()
    w.transport.write(MUCH)
    w.transport.write_eof()
    w.transport.write_eof()
    await passes()
    out("still there")
    r.transport.resume_reading()
    await r.until(3)
    out("read", r.got)


@scenario(only="3.11")
async def a_writer_is_aborted_with_data_buffered():
    w, r = await both()
    w.transport.write(MUCH)
    await passes()
    w.transport.abort()
    out("closing", w.transport.is_closing())
    loop().call_soon(out, "a pass later")
    await w.until(3)
    await ticks(0)
    r.transport.resume_reading()
    await r.until(3)
    out("read all", r.got == len(MUCH))


@scenario(only="3.11")
async def a_writer_hears_that_the_reader_is_gone():
    p, r = await writing()
    r.close()
    await p.until(2)
    out("closing", p.transport.is_closing())


@scenario(only="3.11")
async def the_reader_is_gone_before_the_writer_is_made():
    r, w = files()
    r.close()
    p = Pipe("writer")
    await loop().connect_write_pipe(lambda: p, w)
    out("returned")
    await p.until(2)


@scenario(only="3.11")
async def the_reader_is_gone_with_data_buffered():
    p, r = await writing()
    p.transport.write(MUCH)
    await passes()
    r.close()
    await p.until(3)


@scenario(only="3.11")
async def written_when_the_reader_is_gone():
    p, r = await writing()
    r.close()
    p.transport.write(b"hello")
    await p.until(2)
    await passes()
    out("closing", p.transport.is_closing())


@scenario(only="3.11")
async def written_out_of_resumed():
    w, r = await both()
    w.on["resumed"] = lambda: (w.transport.write(b"more"), out("writer wrote more"))
    w.transport.write(MUCH)
    r.transport.resume_reading()
    await w.until(3)
    w.transport.close()
    await r.until(3)
    out("read", r.got)
