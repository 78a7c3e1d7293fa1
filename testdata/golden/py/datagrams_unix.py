"""Endpoints of datagrams, where the system tells that nobody is there, and, with unix sockets,
that it takes no more."""
import asyncio
import pathlib
import socket
import tempfile

from datagrams import Endpoint, close, endpoint, loop, peer
from harness import out, scenario, ticks

SIZE = 2000  # of a datagram


@scenario(only="3.11")
async def nobody_is_there():
    # A socket that is connected elsewhere refuses others, as if it were not there.
    elsewhere = peer()
    gone = peer(elsewhere.getsockname())
    client = await endpoint("client", remote_addr=gone.getsockname())
    client.send("anybody?")
    await client.until(2)
    out("closing", client.transport.is_closing())
    client.send("anybody now?")
    await client.until(3)
    await close(client)
    gone.close(), elsewhere.close()


@scenario(only="3.11")
async def after_a_refusal_it_goes_on():
    elsewhere = peer()
    gone = peer(elsewhere.getsockname())
    client = await endpoint("client", remote_addr=gone.getsockname())
    client.send("anybody?")
    await client.until(2)
    elsewhere.connect(client.address())
    gone.connect(client.address())
    gone.send(b"now I am")
    await client.until(3)
    await close(client)
    gone.close(), elsewhere.close()


async def slow(on=None):
    """Makes an endpoint that is connected to a socket that nobody reads."""
    a, b = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder, "s"))
        b.bind(path)
        a.connect(path)
    a.setblocking(False)
    b.setblocking(False)
    _, p = await loop().create_datagram_endpoint(lambda: Endpoint("one", on), sock=a)
    p.sent = 0
    return p, b


def send(p):
    """Sends one datagram, which begins with its number."""
    p.transport.sendto(f"{p.sent:<{SIZE}}".encode())
    p.sent += 1


async def paused(p):
    """Sends until the protocol is told to pause, which it is at once."""
    while p.events < 2:
        assert p.sent < 100_000
        send(p)


async def read(p, b, first=0):
    """Reads all that has been sent from the first on, and returns whether it came in order."""
    numbers = list(range(first, p.sent))
    return [int(await loop().sock_recv(b, SIZE)) for _ in numbers] == numbers


@scenario(only="3.11")
async def paused_and_resumed():
    p, b = await slow()
    await paused(p)
    out("buffered", p.transport.get_write_buffer_size() > 0)
    in_order = await read(p, b)
    await p.until(3)
    out("all came in order", in_order)
    out("buffered", p.transport.get_write_buffer_size())
    p.transport.close()
    await p.until(4)
    b.close()


@scenario(only="3.11")
async def paused_once():
    p, b = await slow()
    await paused(p)
    for _ in range(5):
        send(p)
    out("five more")
    in_order = await read(p, b)
    await p.until(3)
    out("all came in order", in_order)
    p.transport.abort()
    await p.until(4)
    b.close()


@scenario(only="3.11")
async def closed_with_datagrams_queued():
    p, b = await slow()
    await paused(p)
    p.transport.close()
    out("closing", p.transport.is_closing())
    await ticks(0)
    await ticks(0)
    out("still there")
    in_order = await read(p, b)
    await p.until(4)
    out("all came in order", in_order)
    b.close()


@scenario(only="3.11")
async def aborted_with_datagrams_queued():
    p, b = await slow()
    await paused(p)
    p.transport.abort()
    out("closing", p.transport.is_closing())
    loop().call_soon(out, "a pass later")
    await p.until(3)
    await ticks(0)
    b.close()


@scenario(only="3.11")
async def closed_and_then_aborted():
    p, b = await slow()
    await paused(p)
    p.transport.close()
    await ticks(0)
    p.transport.abort()
    loop().call_soon(out, "a pass later")
    await p.until(3)
    await ticks(0)
    b.close()


@scenario(only="3.11")
async def a_lower_mark_pauses_at_once():
    p, b = await slow()
    p.transport.set_write_buffer_limits(high=1 << 20)
    while p.transport.get_write_buffer_size() < 100_000:
        assert p.sent < 100_000
        send(p)
    out("not yet")
    p.transport.set_write_buffer_limits(high=50_000, low=0)
    out(*p.transport.get_write_buffer_limits())
    in_order = await read(p, b)
    await p.until(3)
    out("all came in order", in_order)
    p.transport.close()
    await p.until(4)
    b.close()


@scenario(only="3.11")
async def sent_out_of_resumed():
    p, b = await slow({"resumed": lambda: (send(p), out("one", "sent more"))})
    await paused(p)
    sent = p.sent
    task = asyncio.create_task(read(p, b))
    await p.until(3)
    out("all came in order", await task)
    p.on.clear()
    out("what was sent then came", await read(p, b, sent))
    p.transport.close()
    await p.until(4)
    b.close()
