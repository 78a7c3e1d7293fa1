import asyncio

async def double(n):
    await asyncio.sleep(0.01)
    return 2 * n

async def main():
    print("begin")
    print(await double(21))

asyncio.run(main())
