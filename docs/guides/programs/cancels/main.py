import asyncio

async def serve():
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(0.001)  # a cancellation is delivered once
        print("cleaned up")

async def save():
    await asyncio.sleep(0.02)
    return "saved"

async def main():
    server = asyncio.create_task(serve())
    await asyncio.sleep(0)  # let it begin
    server.cancel()
    try:
        await server
    except asyncio.CancelledError:
        print("cancelled:", str(server.cancelled()).lower())

    saving = asyncio.create_task(save())
    try:
        await asyncio.wait_for(asyncio.shield(saving), 0.001)
    except TimeoutError:
        print("not yet:", await saving)

asyncio.run(main())
