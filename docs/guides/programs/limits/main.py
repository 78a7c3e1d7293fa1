import asyncio

async def slow():
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        print("given up")
        raise

async def main():
    try:
        async with asyncio.timeout(0.01):
            await slow()
    except TimeoutError:
        print("took too long")
    try:
        await asyncio.wait_for(slow(), 0.01)
    except TimeoutError:
        print("took too long again")

asyncio.run(main())
