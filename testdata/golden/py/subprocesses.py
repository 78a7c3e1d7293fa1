"""Children: data, the end of each pipe, exit and loss, in what order. A child does one thing at
a time, and goes on when it is told to; what it does at once, as all that its exit brings, may be
heard of in any order, and is printed sorted."""
import asyncio
import signal
from subprocess import DEVNULL, PIPE, STDOUT

from harness import Witness, out, refused, scenario, ticks

MUCH = bytes(1 << 20)  # more than a pipe takes
FOREVER = "exec sleep 1000"


def loop():
    return asyncio.get_running_loop()


class Child(Witness, asyncio.SubprocessProtocol):
    """A quiet one only keeps what comes. One that sorts prints all at the end."""

    def __init__(self, on=None):
        super().__init__("child", on)
        self.transport, self.got, self.quiet, self.sorts, self.kept = None, "", False, False, []

    def heard(self, event, *words):
        if self.sorts and event not in ("made", "lost"):
            self.kept.append(f"{event} {' '.join(map(str, words))}")
            return
        if self.sorts and event == "lost":
            out(", ".join(sorted(self.kept)))
        super().heard(event, *words)

    def connection_made(self, transport):
        self.transport = transport
        self.heard("made")

    def pipe_data_received(self, fd, data):
        self.got += data.decode()
        if not self.quiet:
            self.heard("data", fd, data.decode())

    def pipe_connection_lost(self, fd, exc):
        self.heard("pipe", fd, "broken" if isinstance(exc, BrokenPipeError) else "ended" if exc is None else exc)

    def process_exited(self):
        self.heard("exited", self.transport.get_returncode())

    def connection_lost(self, exc):
        self.heard("lost", exc)

    def pause_writing(self):
        self.heard("paused")

    def resume_writing(self):
        self.heard("resumed")

    def stdin(self):
        return self.transport.get_pipe_transport(0)


async def child(script, on=None, p=None, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL):
    """Has the shell run a script."""
    p = p or Child(on)
    await loop().subprocess_exec(lambda: p, "/bin/sh", "-c", script, stdin=stdin, stdout=stdout, stderr=stderr)
    return p


async def passes():
    for _ in range(5):
        await ticks(0)


@scenario(only="3.11")
async def a_child_is_made_before_the_call_returns():
    def factory():
        out("the factory is called")
        return Child()

    t, p = await loop().subprocess_exec(factory, "cat", stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL)
    out("returned", t is p.transport, t.is_closing(), t.get_returncode(), t.get_pid() > 0)
    p.stdin().close()
    await p.until(4)


@scenario(only="3.11")
async def a_child_of_the_shell_has_three_pipes():
    p = Child({"made": lambda: out(*(p.transport.get_pipe_transport(fd) is not None for fd in (0, 1, 2)))})
    await loop().subprocess_shell(lambda: p, "exec >&- && read x; exec 2>&- && read x; exit 7")
    await p.until(2)
    p.stdin().write(b"go on\n")
    await p.until(3)
    p.stdin().close()
    await p.until(6)


@scenario(only="3.11")
async def without_pipes():
    p = await child("exit 3")
    await p.until(3)
    out(*(p.transport.get_pipe_transport(fd) is not None for fd in (0, 1, 2)))
    out("returncode", p.transport.get_returncode())


@scenario(only="3.11")
async def a_program_that_is_not_there():
    def factory():
        out("the factory is called")
        return Child()

    try:
        await loop().subprocess_exec(factory, "/there/is/no/such/program")
    except FileNotFoundError:
        out("it is not there")


@scenario(only="3.11")
async def a_child_answers():
    p = await child("cat; exec >&-; " + FOREVER, stdin=PIPE, stdout=PIPE)
    for n, text in enumerate((b"one", b"two")):
        p.stdin().write(text)
        await p.until(2 + n)
    p.stdin().write_eof()
    await p.until(5)
    p.transport.kill()
    await p.until(7)


@scenario(only="3.11")
async def output_and_errors_have_pipes_of_their_own():
    p = await child("printf out; read x; printf err >&2; read x; exec 2>&-; read x; exec >&-; read x",
                    stdin=PIPE, stdout=PIPE, stderr=PIPE)
    for n in range(2, 5):
        await p.until(n)
        p.stdin().write(b"go on\n")
    await p.until(5)
    p.stdin().close()
    await p.until(8)


@scenario(only="3.11")
async def errors_go_where_the_output_goes():
    p = Child()
    p.quiet = True
    await child("printf out; printf err >&2; exec >&- 2>&-; " + FOREVER, p=p, stdout=PIPE, stderr=STDOUT)
    await p.until(2)
    out(p.got, p.transport.get_pipe_transport(2) is not None)
    p.transport.kill()
    await p.until(4)


@scenario(only="3.11")
async def output_ends_and_the_child_lives_on():
    p = await child("printf last; exec >&-; " + FOREVER, stdout=PIPE)
    await p.until(3)
    await passes()
    out("returncode", p.transport.get_returncode(), "closing", p.transport.is_closing())
    p.transport.terminate()
    await p.until(5)


@scenario(only="3.11")
async def input_ends_and_the_child_lives_on():
    p = await child("exec <&-; " + FOREVER, stdin=PIPE)
    await p.until(2)
    await passes()
    out("returncode", p.transport.get_returncode())
    p.transport.kill()
    await p.until(4)


@scenario(only="3.11")
async def killed_with_input_buffered():
    p = await child(FOREVER, stdin=PIPE)
    p.stdin().write(MUCH)
    await passes()
    out("buffered", p.stdin().get_write_buffer_size() > 0)
    p.sorts = True
    p.transport.kill()
    await p.until(3)


@scenario(only="3.11")
async def a_child_that_stops_to_read():
    p = await child("read x; exec <&-; " + FOREVER, stdin=PIPE)
    p.stdin().write(b"a line\n" + MUCH)
    await p.until(3)
    p.transport.kill()
    await p.until(5)


@scenario(only="3.11")
async def the_input_is_paused_and_resumed():
    p = await child("cat", stdin=PIPE)
    p.stdin().write(MUCH)
    p.stdin().write(MUCH)
    out("buffered", p.stdin().get_write_buffer_size() > 0)
    p.stdin().close()
    await p.until(6)


@scenario(only="3.11")
async def killed():
    p = await child(FOREVER)
    out("returncode", p.transport.get_returncode())
    p.transport.kill()
    out("returncode", p.transport.get_returncode())
    await p.until(3)
    out("returncode", p.transport.get_returncode())


@scenario(only="3.11")
async def terminated():
    p = await child(FOREVER)
    p.transport.terminate()
    await p.until(3)


@scenario(only="3.11")
async def sent_a_signal():
    p = await child("trap 'exit 4' USR1; printf ready; exec >&-; while :; do sleep 0.01; done", stdout=PIPE)
    await p.until(3)
    p.transport.send_signal(signal.SIGUSR1)
    await p.until(5)


@scenario(only="3.11")
async def a_request_to_end_is_ignored():
    p = await child("trap '' TERM; printf ready; exec >&-; " + FOREVER, stdout=PIPE)
    await p.until(3)
    p.transport.terminate()
    await passes()
    out("returncode", p.transport.get_returncode())
    p.transport.kill()
    await p.until(5)


@scenario(only="3.11")
async def nobody_is_killed_twice():
    p = await child("exit 0")
    await p.until(3)
    for call in (p.transport.kill, p.transport.terminate):
        out("after the end it is", refused(call, ProcessLookupError))


@scenario(only="3.11")
async def lost_in_the_pass_of_the_exit():
    await (await child("exit 0", {"exited": lambda: loop().call_soon(out, "a pass after exited")})).until(3)
    await ticks(0)


@scenario(only="3.11")
async def an_exit_brings_all_ends():
    p = Child()
    p.sorts = True
    await child("printf out; printf err >&2; exit 5", p=p, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    await p.until(2)


@scenario(only="3.11")
async def a_child_of_the_child_keeps_the_pipes():
    p = await child("exec 3<&0; cat <&3 & exit 5", stdin=PIPE, stdout=PIPE)
    await p.until(2)
    await passes()
    p.stdin().write(b"hello")
    await p.until(3)
    p.stdin().close()
    await p.until(6)
    out("returncode", p.transport.get_returncode())


@scenario(only="3.11")
async def closed_while_the_child_runs():
    p = await child("exec cat", stdin=PIPE, stdout=PIPE)
    p.transport.close()
    out("closing", p.transport.is_closing(), "returncode", p.transport.get_returncode())
    p.transport.close()
    await p.until(5)
    p.transport.close()
    await passes()


@scenario(only="3.11")
async def closed_out_of_data_received():
    p = await child("printf ready; exec cat", {"data": lambda: p.transport.close()}, stdin=PIPE, stdout=PIPE)
    await p.until(6)


@scenario(only="3.11")
async def input_is_closed_out_of_made():
    p = Child({"made": lambda: p.stdin().close()})
    await child("cat", p=p, stdin=PIPE)
    await p.until(4)


@scenario(only="3.11")
async def another_protocol_hears_of_the_exit():
    p = await child("printf ready; exec >&-; read x; exit 2", stdin=PIPE, stdout=PIPE)
    await p.until(3)
    q = Child()
    q.name, q.transport = "the other", p.transport
    p.transport.set_protocol(q)
    out("it is the other's", p.transport.get_protocol() is q)
    q.stdin().close()
    await q.until(3)
