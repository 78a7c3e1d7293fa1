import asyncio

async def echo(reader, writer):
    async for line in reader:
        writer.write(line.upper())
        await writer.drain()
    writer.close()
    await writer.wait_closed()

async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"one\ntwo\n")
    writer.write_eof()
    print((await reader.read()).decode(), end="")
    writer.close()
    server.close()
    await server.wait_closed()

asyncio.run(main())
