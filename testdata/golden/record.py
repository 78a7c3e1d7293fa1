#!/usr/bin/env python3
"""Runs every scenario of py/ under CPython 3.11 and 3.14 and records what it prints.

    testdata/golden/record.py --pyodide DIR            write PART.txt for every part py/PART.py
    testdata/golden/record.py --pyodide DIR --check    write nothing; status 1 if a recording would change
    testdata/golden/record.py --check                  the same without 3.14; status 3 if all the rest is right

CPython 3.11 is the one that runs this; with another, only 3.14's traces are checked, and the
status is 3 as well. CPython 3.14 is that of the npm package pyodide, installed in DIR; it runs
under node and has no threads. Where the two print different lines 3.14 is right: such a scenario is marked
@scenario(only="3.14"); one that needs threads is marked @scenario(only="3.11").

A recording begins with the exact versions. It holds the part's scenarios in the order in which
they stand there, each as a line `-- NAME -- VERSIONS` and what it printed under each of them.
"""
import argparse
import json
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
OLD, NEW = "3.11", "3.14"


def traces(command):
    """What harness.main prints under another Python."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"record.py: {' '.join(map(str, command))} failed")
    return json.loads(done.stdout)


def any_of(runs):
    """What does not depend on the version."""
    return next(iter(runs.values()))


def recording(runs, part):
    """The recording of one part, without the line of versions."""
    lines = []
    for name, only in any_of(runs)["parts"][part]:
        printed = {v: run["traces"][name] for v, run in runs.items() if name in run["traces"]}
        if not all(printed.values()):
            sys.exit(f"record.py: {name} prints nothing")
        if len({tuple(p) for p in printed.values()}) > 1:
            for version, p in printed.items():
                print(f"CPython {version} prints:", *p, sep="\n  ")
            sys.exit(f"record.py: {name} differs between versions; mark it @scenario(only=\"{NEW}\") if that is meant")
        versions = [only] if only else [OLD, NEW]
        lines.append((f"-- {name} -- {' '.join(versions)}", next(iter(printed.values()), None)))
    return lines


def text_of(recording, old):
    """The recording as text. What could not be run here is taken from the old text."""
    lines = []
    for head, printed in recording:
        if printed is None:
            printed = old.get(head, ["(not recorded)"])
        lines += [head, *printed]
    return "".join(line + "\n" for line in lines)


def split(text):
    """The traces of a recording, each by its line of name and versions."""
    parts, head = {}, None
    for line in text.splitlines():
        if line.startswith("-- "):
            head = line
            parts[head] = []
        elif head is not None:
            parts[head].append(line)
    return parts


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true")
    arguments.add_argument("--pyodide", metavar="DIR", type=pathlib.Path)
    given = arguments.parse_args()
    runs = {}
    if f"{sys.version_info[0]}.{sys.version_info[1]}" == OLD:
        runs[OLD] = traces([sys.executable, "-B", here / "py" / "harness.py"])
    if given.pyodide is not None:
        runs[NEW] = traces(["node", here / "run.mjs", given.pyodide])
    lacking = [v for v in (OLD, NEW) if v not in runs]
    for version in lacking:
        print(f"NOT CHECKED: there is no CPython {version} here: traces of its own were compared with nothing")
    if lacking and not given.check:
        sys.exit("record.py: to record, both are needed")
    if not runs:
        return 3
    for version, run in runs.items():
        if not run["version"].startswith(version + "."):
            sys.exit(f"record.py: CPython {version} is wanted, this is {run['version']}")
    versions = "# CPython " + " and ".join(run["version"] for run in runs.values()) + "\n"

    changed, ran = [], {v: len(run["traces"]) for v, run in runs.items()}
    parts = any_of(runs)["parts"]
    for part in sorted(parts):
        file = here / f"{part}.txt"
        old = file.read_text(encoding="utf-8") if file.exists() else "\n"
        text = text_of(recording(runs, part), split(old))
        if old.partition("\n")[2] != text:
            changed.append(file.name)
            if not given.check:
                file.write_text(versions + text, encoding="utf-8")
    for file in here.glob("*.txt"):
        if file.stem not in parts:
            changed.append(file.name)
            if not given.check:
                file.unlink()
    print(f"{sum(map(len, parts.values()))} scenarios in {len(parts)} parts;",
          ", ".join(f"{n} under CPython {runs[v]['version']}" for v, n in ran.items()) + ";",
          f"changed: {' '.join(changed)}" if changed else "none changed")
    if changed and given.check:
        return 1
    return 3 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
