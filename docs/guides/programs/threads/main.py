import asyncio
import threading
import time

def blocks():
    time.sleep(0.05)
    return "blocked, and nobody minded"

async def main():
    loop = asyncio.get_running_loop()
    answer = asyncio.create_task(asyncio.to_thread(blocks))
    await asyncio.sleep(0)
    print("the loop goes on")
    print(await answer)

    told = loop.create_future()  # from a thread to the loop
    threading.Thread(target=lambda: loop.call_soon_threadsafe(told.set_result, "told")).start()
    print(await told)

asyncio.run(main())
