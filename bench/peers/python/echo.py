"""An echo server over CPython's asyncio, or over uvloop.

    python3 echo.py [--api protocol|streams] [--uvloop] [--broadcast] [--listen HOST:PORT|unix:PATH]

With --broadcast it sends whatever it gets to every client, and one byte to each that comes.
"""
import argparse
import asyncio
import os
import signal
import socket

members = []


def no_delay(transport):
    s = transport.get_extra_info("socket")
    if s is not None and s.family != socket.AF_UNIX:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.write = transport.write
        no_delay(transport)

    def data_received(self, data):
        self.write(data)

    # A client that does not read is not read from.
    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


class Member(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        no_delay(transport)
        members.append(transport)
        transport.write(b"!")

    def data_received(self, data):
        for m in members:
            m.write(data)

    def connection_lost(self, error):
        members.remove(self.transport)


async def echo(reader, writer):
    no_delay(writer)
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def member(reader, writer):
    no_delay(writer)
    members.append(writer)
    writer.write(b"!")
    while data := await reader.read(65536):
        for m in members:
            m.write(data)
        await writer.drain()
    members.remove(writer)
    writer.close()


async def serve(args):
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    streams = args.api == "streams"
    handler = (member if streams else Member) if args.broadcast else (echo if streams else Echo)
    if args.listen.startswith("unix:"):
        path = args.listen.removeprefix("unix:")
        if os.path.exists(path):
            os.unlink(path)
        make = asyncio.start_unix_server if streams else loop.create_unix_server
        server = await make(handler, path=path, backlog=4096)
        print("listening on " + args.listen, flush=True)
    else:
        host, _, port = args.listen.rpartition(":")
        make = asyncio.start_server if streams else loop.create_server
        server = await make(handler, host, int(port), backlog=4096)
        print("listening on %s:%d" % server.sockets[0].getsockname()[:2], flush=True)
    await ended.wait()
    server.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--api", choices=("protocol", "streams"), default="protocol")
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--broadcast", action="store_true")
    parser.add_argument("--listen", default="127.0.0.1:7777")
    args = parser.parse_args()
    if args.uvloop:
        import uvloop
        uvloop.install()
    asyncio.run(serve(args))


main()
