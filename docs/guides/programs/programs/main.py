import asyncio
import sys

async def main():
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "print(input().upper()); raise SystemExit(3)",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate(b"hello\n")
    print(out.decode(), end="")
    print("it ended with", child.returncode)

asyncio.run(main())
