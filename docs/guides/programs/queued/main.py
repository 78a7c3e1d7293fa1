import asyncio

async def work(queue, done):
    while True:
        n = await queue.get()
        await asyncio.sleep(0)
        done.append(n * n)
        queue.task_done()

async def main():
    queue, done = asyncio.Queue(maxsize=2), []
    workers = [asyncio.create_task(work(queue, done)) for _ in range(3)]
    for n in range(10):
        await queue.put(n)  # waits while it is full
    await queue.join()
    for w in workers:
        w.cancel()
    print("sum:", sum(done))

asyncio.run(main())
