#!/usr/bin/env python3
"""Runs every scenario of py/ under CPython 3.11 and records what it prints.

    testdata/golden/record.py            write PART.txt for every part py/PART.py
    testdata/golden/record.py --check    write nothing; status 1 if a recording would change

A recording holds the part's scenarios in the order in which they stand there, each as a line
`-- NAME --` and what it printed.
"""
import importlib
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(here / "py"))


def record(harness, part):
    """The recording of one part: the text, and how many scenarios it holds."""
    names = [n for n, f in harness.SCENARIOS.items() if f.__module__ == part]
    lines = []
    for name in names:
        printed = harness.run(name)
        if not printed:
            sys.exit(f"record.py: {name} prints nothing")
        lines += [f"-- {name} --", *printed]
    return "".join(line + "\n" for line in lines), len(names)


def main():
    if sys.version_info[:2] != (3, 11):
        sys.exit(f"record.py: the traces are CPython 3.11's; this is {sys.version.split()[0]}")
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    import harness

    parts = sorted(f.stem for f in (here / "py").glob("*.py") if f.stem != "harness")
    for part in parts:
        importlib.import_module(part)
    scenarios, changed = 0, []
    for part in parts:
        text, count = record(harness, part)
        scenarios += count
        file = here / f"{part}.txt"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            changed.append(file.name)
            if not check:
                file.write_text(text, encoding="utf-8")
    for file in here.glob("*.txt"):
        if file.stem not in parts:
            changed.append(file.name)
            if not check:
                file.unlink()
    print(f"{scenarios} scenarios in {len(parts)} parts,",
          f"changed: {' '.join(changed)}" if changed else "none changed")
    return 1 if check and changed else 0


sys.exit(main())
