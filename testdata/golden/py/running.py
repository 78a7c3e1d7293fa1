"""run and Runner."""
import asyncio

from harness import Boom, JumpingLoop, describe, out, refused, scenario, ticks
from tasks import sleeper


def run(main):
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)


@scenario
def runner_runs_again_on_same_loop(_):
    async def main(n):
        out("main", n)
        return asyncio.get_running_loop()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        first = runner.run(main(1))
        second = runner.run(main(2))
        out("same loop", first is second is runner.get_loop())
    out("closed", first.is_closed())
    never = main(3)
    out("run when closed", refused(lambda: runner.run(never)))
    never.close()


@scenario
def runner_passes_on_error(_):
    async def main():
        raise Boom("main")

    try:
        run(main())
    except Boom as e:
        out(describe(e))


@scenario
def run_cancels_what_is_left(_):
    async def left():
        try:
            await ticks(10)
        finally:
            out("cleanup begins")
            await ticks(1)
            out("cleanup ends")

    async def main():
        asyncio.create_task(left())
        await ticks(1)
        out("main ends")
        return "result"

    out(run(main()))


@scenario
def run_reports_errors_of_what_is_left(_):
    async def left():
        try:
            await ticks(10)
        except asyncio.CancelledError:
            raise Boom("left over")

    async def main():
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: out("handler:", describe(context["exception"]), "with task", "task" in context))
        asyncio.create_task(left())
        await ticks(1)
        return "result"

    out(run(main()))


@scenario
def run_inside_run_refused(_):
    async def inner():
        out("never started")

    async def main():
        coro = inner()
        out("run", refused(lambda: asyncio.run(coro)))
        coro.close()

    run(main())


@scenario
def run_main_cancelled_by_itself(_):
    async def main():
        asyncio.create_task(sleeper("child", 10))
        await ticks(1)
        asyncio.current_task().cancel()
        await ticks(1)

    try:
        run(main())
    except asyncio.CancelledError as e:
        out(describe(e))
