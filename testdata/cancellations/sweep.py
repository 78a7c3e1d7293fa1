# Cancels a task that is in each construct, in each pass, once and twice, and says how the
# construct ended, how many requests were left, and what became of the next wait. It is run on
# a loop whose clock is virtual; what it prints is sweep.txt. The Go side is TestCancelSweep.
class Boom(Exception):
    pass


async def work(how):
    try:
        for _ in range(3):
            await asyncio.sleep(0)
    except asyncio.CancelledError:
        if how == "breaks":
            raise Boom
        if how == "lingers":
            await asyncio.sleep(0)
        if how == "insists":
            return
        raise
    if how == "fails":
        raise Boom


async def group(how):
    async with asyncio.TaskGroup() as g:
        g.create_task(work(how))
        await work("plain")


async def timeout(how):
    async with asyncio.timeout(1000):
        await work(how)


async def wait_for(how):
    await asyncio.wait_for(work(how), 1000)


async def wait_for_task(how):
    await asyncio.wait_for(asyncio.create_task(work(how)), 1000)


async def shield(how):
    await asyncio.shield(asyncio.create_task(work(how)))


async def gather(how):
    await asyncio.gather(asyncio.create_task(work(how)), asyncio.create_task(work("plain")))


async def completed(how):
    for f in asyncio.as_completed([asyncio.create_task(work(how))]):
        await f


async def overdue(how):
    async with asyncio.timeout(0):
        await group(how)


def describe(e):
    if e is None:
        return "well"
    if isinstance(e, asyncio.CancelledError):
        return "cancelled"
    if isinstance(e, TimeoutError):
        return "timeout"
    if isinstance(e, BaseExceptionGroup):
        return "group(" + " ".join(describe(x) for x in e.exceptions) + ")"
    return "boom"


async def ended(awaitable):
    try:
        await awaitable
    except (asyncio.CancelledError, TimeoutError, Boom, BaseExceptionGroup) as e:
        return describe(e)
    return "well"


async def play(construct, how, first, second):
    lines = []

    async def body():
        lines.append(await ended(construct(how)))
        lines.append(str(asyncio.current_task().cancelling()))
        lines.append(await ended(asyncio.sleep(0)))

    task = asyncio.create_task(body())
    for _ in range(first):
        await asyncio.sleep(0)
    task.cancel()
    if second:
        for _ in range(second):
            await asyncio.sleep(0)
        task.cancel()
    await ended(task)
    print(construct.__name__, how, first, second, "->", *(lines or ["never begun"]))


async def main():
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    for construct in (group, timeout, wait_for, wait_for_task, shield, gather, completed, overdue):
        for how in ("plain", "fails", "breaks", "lingers", "insists"):
            for first in range(8):
                for second in range(4):
                    await play(construct, how, first, second)


run(main())
