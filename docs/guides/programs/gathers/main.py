import asyncio

async def square(n):
    await asyncio.sleep(0.01 * n)
    if n == 3:
        raise ValueError("three")
    return n * n

async def main():
    print(*await asyncio.gather(square(2), square(1)))
    results = await asyncio.gather(square(3), square(4), return_exceptions=True)
    for r in results:
        print("failed:" if isinstance(r, Exception) else "result:", r)

asyncio.run(main())
