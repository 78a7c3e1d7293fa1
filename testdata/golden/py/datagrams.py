"""Endpoints of datagrams: what their protocols hear, in what order. Waits are for events, never
for times: the network takes the machine's own time."""
import asyncio
import socket

from harness import Witness, out, refused, scenario, ticks

HERE = ("127.0.0.1", 0)


def loop():
    return asyncio.get_running_loop()


class Endpoint(Witness, asyncio.DatagramProtocol):
    transport = None

    def connection_made(self, transport):
        self.transport = transport
        self.heard("made")

    def datagram_received(self, data, addr):
        self.sender = addr
        self.heard("received", "[" + data.decode() + "]")

    def error_received(self, exc):
        self.heard("error", "refused" if isinstance(exc, ConnectionRefusedError) else exc)

    def connection_lost(self, exc):
        self.heard("lost", exc)

    def pause_writing(self):
        self.heard("paused")

    def resume_writing(self):
        self.heard("resumed")

    def send(self, text, addr=None):
        self.transport.sendto(text.encode(), addr)

    def address(self):
        return self.transport.get_extra_info("sockname")


async def endpoint(name, on=None, **options):
    """Makes an endpoint, at an address of this machine's if options say nothing else."""
    _, p = await loop().create_datagram_endpoint(lambda: Endpoint(name, on), **(options or {"local_addr": HERE}))
    return p


async def close(*endpoints):
    """Closes endpoints, one after the other."""
    for p in endpoints:
        n = p.events
        p.transport.close()
        await p.until(n + 1)


def peer(to=None):
    """A socket that is no loop's."""
    s = socket.socket(type=socket.SOCK_DGRAM)
    s.bind(HERE)
    if to is not None:
        s.connect(to)
    return s


@scenario(only="3.11")
async def made_before_the_call_returns():
    def factory():
        out("the factory is called")
        return Endpoint("one", {"made": lambda: loop().call_soon(out, "a pass after made")})

    t, p = await loop().create_datagram_endpoint(factory, local_addr=HERE)
    out("returned", t is p.transport, t.is_closing(), p.address()[0])
    await close(p)


@scenario(only="3.11")
async def what_waits_comes_after_made():
    s, c = peer(), peer()
    s.setblocking(False)
    c.sendto(b"early", s.getsockname())
    p = await endpoint("one", sock=s)
    out("returned")
    await p.until(2)
    await close(p)
    c.close()


@scenario(only="3.11")
async def datagrams_come_in_order_also_empty_ones():
    p, c = await endpoint("one"), peer()
    for text in (b"one", b"", b"three"):
        c.sendto(text, p.address())
    await p.until(4)
    out("from the sender", p.sender == c.getsockname())
    await close(p)
    c.close()


@scenario(only="3.11")
async def an_answer_goes_to_the_sender():
    server = await endpoint("server", {"received": lambda: server.send("answer", server.sender)})
    client = await endpoint("client")
    client.send("question", server.address())
    await client.until(2)
    out("from the server", client.sender == server.address())
    await close(client, server)


@scenario(only="3.11")
async def connected_needs_no_address():
    server = await endpoint("server")
    client = await endpoint("client", remote_addr=server.address())
    out("the peer is the server", client.transport.get_extra_info("peername") == server.address())
    client.send("without")
    await server.until(2)
    client.send("with", server.address())
    await server.until(3)
    out("another address is", refused(lambda: client.send("other", client.address()), ValueError))
    out("closing", client.transport.is_closing())
    client.send("still there")
    await server.until(4)
    await close(client, server)


@scenario(only="3.11")
async def connected_hears_nobody_else():
    server, stranger = await endpoint("server"), peer()
    client = await endpoint("client", remote_addr=server.address())
    stranger.sendto(b"stranger", client.address())
    server.send("friend", client.address())
    await client.until(2)
    await close(client, server)
    stranger.close()


@scenario(only="3.11")
async def closed_is_lost_a_pass_later():
    p = await endpoint("one")
    p.transport.close()
    out("closing", p.transport.is_closing())
    loop().call_soon(out, "a pass later")
    p.transport.close()
    p.transport.abort()
    out("and again")
    await p.until(2)
    await ticks(0)


@scenario(only="3.11")
async def aborted_is_lost_a_pass_later():
    p = await endpoint("one")
    p.transport.abort()
    out("closing", p.transport.is_closing())
    loop().call_soon(out, "a pass later")
    p.transport.close()
    p.transport.abort()
    out("and again")
    await p.until(2)
    await ticks(0)


@scenario(only="3.11")
async def what_is_there_when_it_is_closed_is_not_received():
    p, c = await endpoint("one"), peer()
    c.sendto(b"too late", p.address())
    p.transport.close()
    await p.until(2)
    await ticks(0)
    c.close()


@scenario(only="3.11")
async def closed_out_of_received():
    p, c = await endpoint("one", {"received": lambda: p.transport.close()}), peer()
    for text in (b"one", b"two", b"three"):
        c.sendto(text, p.address())
    await p.until(3)
    await ticks(0)
    c.close()


@scenario(only="3.11")
async def closed_out_of_made():
    p = Endpoint("one", {"made": lambda: p.transport.close()})
    t, _ = await loop().create_datagram_endpoint(lambda: p, local_addr=HERE)
    out("returned", t is p.transport, t.is_closing())
    await p.until(2)


@scenario(only="3.11")
async def what_was_sent_before_close_arrives():
    server, client = await endpoint("server"), await endpoint("client")
    for text in ("one", "two"):
        client.send(text, server.address())
    client.transport.close()
    await client.until(2)
    await server.until(3)
    await close(server)


@scenario(only="3.11")
async def another_protocol_goes_on():
    p, c = await endpoint("one"), peer()
    q = Endpoint("two")
    c.sendto(b"for one", p.address())
    await p.until(2)
    q.transport = p.transport
    p.transport.set_protocol(q)
    out("it is two's", p.transport.get_protocol() is q)
    c.sendto(b"for two", p.address())
    await q.until(1)
    await close(q)
    c.close()
