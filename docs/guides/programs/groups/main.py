import asyncio

async def fails():
    await asyncio.sleep(0.01)
    raise ValueError("no more paper")

async def waits():
    try:
        await asyncio.sleep(3600)
    finally:
        print("the other one is cancelled")

async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            group.create_task(waits())
    except* ValueError as e:
        print("failed:", e.exceptions[0])

asyncio.run(main())
