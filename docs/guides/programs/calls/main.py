import asyncio

class Shout(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data.upper())

class Client(asyncio.Protocol):
    def __init__(self, lost):
        self.lost = lost

    def connection_made(self, transport):
        transport.write(b"hello\n")
        transport.write_eof()

    def data_received(self, data):
        print("heard:", data.decode(), end="")

    def connection_lost(self, exc):
        self.lost.set_result(None)

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Shout, "127.0.0.1", 0)
    lost = loop.create_future()
    await loop.create_connection(lambda: Client(lost), *server.sockets[0].getsockname())
    await lost
    server.close()

asyncio.run(main())
