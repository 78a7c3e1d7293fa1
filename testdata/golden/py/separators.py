"""StreamReader.readuntil with several separators (3.13)."""
from harness import out, scenario
from streams import attempt, feed, reader


@scenario(only="3.14")
async def separators_whichever_comes_first():
    r = reader(data=b"one;two,three;four", end=True)
    for _ in range(4):
        await attempt(r.readuntil((b";", b",")))


@scenario(only="3.14")
async def separators_the_first_end_wins():
    r = reader(data=b"ABCDEFG", end=True)
    await attempt(r.readuntil((b"DEF", b"BCDE")))
    await attempt(r.read(-1))
    r = reader(data=b"ABCDEFG", end=True)
    await attempt(r.readuntil((b"BCDEF", b"CD")))
    await attempt(r.read(-1))


@scenario(only="3.14")
async def separators_in_pieces():
    r = reader()
    feed(r, b"line+", b"\nmore", b"\nend+", b"x")
    for _ in range(3):
        await attempt(r.readuntil((b"\n", b"+\n")))


@scenario(only="3.14")
async def separators_over_the_limit():
    r = reader(limit=3, data=b"1234-AB--")
    await attempt(r.readuntil((b"AB", b"-AB")))
    await attempt(r.read(100))
    r = reader(limit=3, data=b"123456")
    await attempt(r.readuntil((b"x", b"yy")))
    await attempt(r.read(100))


@scenario(only="3.14")
async def separators_at_the_limit():
    r = reader(limit=3, data=b"123sep567")
    await attempt(r.readuntil((b"sep", b"3sep")))
    r = reader(limit=3, data=b"1234sep567")
    await attempt(r.readuntil((b"sep", b"4sep")))


@scenario(only="3.14")
async def separators_none_found():
    r = reader(data=b"some data", end=True)
    await attempt(r.readuntil((b"x", b"yy")))
    out("at eof", r.at_eof())


@scenario(only="3.14")
async def separators_refused():
    r = reader(data=b"data")
    try:
        await r.readuntil((b"x", b""))
    except ValueError:
        out("refused")
    await attempt(r.read(100))
