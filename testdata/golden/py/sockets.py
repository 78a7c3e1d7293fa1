"""Sockets without transports: who gets what, and who hears of it when."""
import asyncio
import socket

from harness import describe, out, scenario, ticks


def pair():
    a, b = socket.socketpair()
    a.setblocking(False)
    b.setblocking(False)
    return a, b


def loop():
    return asyncio.get_running_loop()


async def receive(name, s, n):
    try:
        out(name, "received", "[" + (await loop().sock_recv(s, n)).decode() + "]")
    except asyncio.CancelledError as e:
        out(name, describe(e))


async def send(name, s, text):
    await loop().sock_sendall(s, text.encode())
    out(name, "sent", text)


@scenario(only="3.11")
async def what_is_there_is_received_at_once():
    a, b = pair()
    await send("one", a, "hello")
    loop().call_soon(out, "a pass later")
    await receive("two", b, 3)
    await receive("two", b, 3)
    await ticks(0)
    a.close(), b.close()


@scenario(only="3.11")
async def a_receive_waits():
    a, b = pair()
    task = asyncio.create_task(receive("one", b, 8))
    await ticks(1)
    out("still waiting", not task.done())
    await send("two", a, "late")
    loop().call_soon(out, "a pass later")
    await ticks(0)
    out("done", task.done())
    await task
    a.close(), b.close()


@scenario(only="3.11")
async def the_end_is_received():
    a, b = pair()
    task = asyncio.create_task(receive("one", b, 8))
    await ticks(1)
    await send("two", a, "last words")
    a.close()
    await task
    await receive("one", b, 8)
    await receive("one", b, 8)
    b.close()


@scenario(only="3.11")
async def a_cancelled_receive_takes_nothing():
    a, b = pair()
    first = asyncio.create_task(receive("first", b, 8))
    await ticks(1)
    first.cancel("enough")
    second = asyncio.create_task(receive("second", b, 8))
    await ticks(1)
    out("second waits", not second.done())
    await send("peer", a, "hello")
    await second
    a.close(), b.close()


@scenario(only="3.11")
async def a_receive_is_timed_out():
    a, b = pair()

    async def doomed():
        try:
            await loop().sock_recv(b, 8)
        except asyncio.CancelledError as e:
            out("one", describe(e))
            raise

    try:
        await asyncio.wait_for(doomed(), 3)
    except TimeoutError as e:
        out(describe(e))
    await send("peer", a, "later")
    await receive("two", b, 8)
    a.close(), b.close()


@scenario(only="3.11")
async def both_sides_at_once():
    a, b = pair()
    size = 4 << 20
    got = 0

    async def drain():
        nonlocal got
        while got < size:
            got += len(await loop().sock_recv(b, 1 << 16))
        out("received all", got)

    async def fill():
        await loop().sock_sendall(a, bytes(size))
        out("sent all", size)

    other = asyncio.create_task(receive("the other way", a, 8))
    await asyncio.gather(drain(), fill())
    await send("back", b, "thanks")
    await other
    a.close(), b.close()


@scenario(only="3.11")
async def a_receive_into_a_buffer():
    a, b = pair()
    buffer = bytearray(10)
    await send("one", a, "hello")
    out(await loop().sock_recv_into(b, memoryview(buffer)[:3]), bytes(buffer[:5]).rstrip(b"\0").decode())
    out(await loop().sock_recv_into(b, memoryview(buffer)[3:]), bytes(buffer).rstrip(b"\0").decode())
    a.close(), b.close()


@scenario(only="3.11")
async def a_connection_is_accepted():
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    client = socket.socket()
    client.setblocking(False)

    async def accept():
        connection, address = await loop().sock_accept(listening)
        out("accepted the client", address == client.getsockname())
        return connection

    accepting = asyncio.create_task(accept())
    await ticks(1)
    out("waits", not accepting.done())
    await loop().sock_connect(client, listening.getsockname())
    server = await accepting
    out("connected")
    await send("client", client, "hello")
    await receive("server", server, 8)
    listening.close(), client.close(), server.close()


@scenario(only="3.11")
async def datagrams_keep_their_bounds():
    a, b = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
    for s in (a, b):
        s.setblocking(False)
        s.bind(("127.0.0.1", 0))
    for text in ("one", "", "three"):
        out("sent", await loop().sock_sendto(a, text.encode(), b.getsockname()))
    for n in (8, 8, 3):
        data, address = await loop().sock_recvfrom(b, n)
        out("received [" + data.decode() + "] from the sender", address == a.getsockname())
    waiting = asyncio.create_task(loop().sock_recvfrom(b, 8))
    await ticks(1)
    out("waits", not waiting.done())
    out("sent", await loop().sock_sendto(a, b"four", b.getsockname()))
    out((await waiting)[0].decode())
    a.close(), b.close()
