"""Apply the faults of ``tests/faults.toml`` one by one, and run simulated worlds until an oracle is violated.

Run by ``python3 dev.py faults [NAME ...]``.  Each fault changes a copy of the library.  Worlds run from seed 0 in a
process of their own, until the first violated oracle, the bound of worlds or the bound of CPU time.  A fault of the
ledger in a database runs on SQLite, where each world also has to be the same as in memory.

Without names, the table is written to ``docs/faults.md``.  The exit status is 1 when a fault that is not listed as a
survivor is not found, or a listed survivor is found.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LIST, TABLE = ROOT / "tests" / "faults.toml", ROOT / "docs" / "faults.md"
WORLDS, CPU_S, WALL_S = 1000, 60, 600
HEAD = """\
# Seeded faults

Each fault is a change of a few words that a careless programmer would make, applied to a copy of the library.
Simulated worlds run from seed 0 until an oracle is violated.
For one fault, at most {worlds} worlds or {cpu} seconds of CPU time are spent.
The changes are listed in `tests/faults.toml`.
`python3 dev.py faults` writes this page; a name after it runs one fault.

{found} of {total} faults are found.

"""


class Fault(NamedTuple):
    """A seeded fault.

    Attributes:
        name: Its name.
        path: The changed file, below ``src/creance_pay``.
        mistake: The mistake, in one sentence.
        old: The text that is replaced; the file contains it once.
        new: The text in its place.
        survives: The reason why no world finds it; empty for a fault that has to be found.
    """

    name: str
    path: str
    mistake: str
    old: str
    new: str
    survives: str = ""


class Found(NamedTuple):
    """The result of a search.

    Attributes:
        worlds: The number of worlds that ran.
        seed: The seed of the world that found the fault; ``None`` when none did.
        oracle: The sentence of the violated oracle.
    """

    worlds: int
    seed: int | None = None
    oracle: str = ""


def read() -> list[Fault]:
    """Read the list of faults."""
    return [Fault(**entry) for entry in tomllib.loads(LIST.read_text(encoding="utf-8"))["fault"]]


def problems(faults: Iterable[Fault]) -> Iterator[str]:
    """Yield each fault that cannot be applied, with the reason."""
    names = Counter(fault.name for fault in faults)
    yield from (f"{name}: two faults have this name" for name, count in names.items() if count > 1)
    for fault in faults:
        count = (ROOT / "src" / "creance_pay" / fault.path).read_text(encoding="utf-8").count(fault.old)
        if count != 1 or fault.old == fault.new:
            yield f"{fault.name}: expected its old text once in {fault.path}, got it {count} times"


def kind_of(sentence: str) -> str:
    """Return the sentence of an oracle without the references and amounts of one world."""
    sentence = re.sub(r"\s*\b[\w.,-]*\d[\w.,-]*(?:\s€)?", " …", sentence.partition("\n")[0])
    return re.sub(r"(?:… )+…|…(?: of portal …)?", "…", sentence).strip()[:110].replace("|", "/")


def search(fault: Fault, *, worlds: int = WORLDS, cpu: float = CPU_S) -> Found:
    """Run worlds on a copy of the library with a fault, in a process of its own."""
    with TemporaryDirectory(prefix="fault-") as folder:
        source = Path(folder, "src")
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        path = source / "creance_pay" / fault.path
        path.write_text(path.read_text(encoding="utf-8").replace(fault.old, fault.new), encoding="utf-8")
        database = f"sqlite:///{folder}/ledger.db" if fault.path.startswith("ledger/sql/") else ""
        line = [sys.executable, __file__, "--run", json.dumps([worlds, cpu, database])]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
        env = {**kept, "PYTHONPATH": os.pathsep.join([str(source), str(ROOT / "tests")])}
        try:
            ran = subprocess.run(
                line, env=env, cwd=folder, check=False, capture_output=True, text=True, timeout=max(WALL_S, 10 * cpu)
            )
        except subprocess.TimeoutExpired as error:
            printed = len((error.stdout or b"").splitlines())
            return Found(printed, printed, "a world does not end")
    *seeds, last = ran.stdout.splitlines() or [""]
    if ran.returncode or not last.startswith("["):
        raised = (ran.stderr.strip().splitlines() or ["no output"])[-1]
        return Found(len(seeds) + 1, len(seeds), f"the world raised {raised}")
    return Found(*json.loads(last))


def run(worlds: int, cpu: float, database: str) -> Found:
    """Run worlds until one violates an oracle; print a line for each."""
    from creance_pay.ledger import SqlLedger  # noqa: PLC0415 - of the copy with the fault, in its own process
    from creance_pay.testing.simulation import simulate  # noqa: PLC0415
    from creance_pay.testing.sips import SimulatedSips  # noqa: PLC0415
    from ledgers import PAYLOAD_KEY  # noqa: PLC0415

    for seed in range(worlds):
        if time.process_time() > cpu:
            return Found(seed)
        world = simulate(seed, bank=SimulatedSips)
        if database and not world.violations:
            memory = world.digest()

            def opened(site: int, seed: int = seed) -> SqlLedger:
                return SqlLedger(database, merchant_id=f"{seed}-{site}", payload_keys=[PAYLOAD_KEY])

            world = simulate(seed, bank=SimulatedSips, open_ledger=opened)
            if not world.violations and world.digest() != memory:
                return Found(seed + 1, seed, "the world differs from the one in memory")
        if world.violations:
            return Found(seed + 1, seed, world.violations[0])
        print(seed, flush=True)
    return Found(worlds)


def table(results: Iterable[tuple[Fault, Found]]) -> str:
    """Write the page of the results."""
    listed = list(results)
    found = sum(result.seed is not None for _, result in listed)
    lines = [HEAD.format(worlds=WORLDS, cpu=CPU_S, found=found, total=len(listed))]
    lines.append("| fault | file | mistake | violated oracle | seed |\n| --- | --- | --- | --- | ---: |\n")
    lines += [
        f"| {fault.name} | `{fault.path}` | {fault.mistake} | {kind_of(result.oracle)} | {result.seed} |\n"
        for fault, result in listed
        if result.seed is not None
    ]
    lines.append("\n## Not found\n\n| fault | file | mistake | reason | worlds |\n| --- | --- | --- | --- | ---: |\n")
    lines += [
        f"| {fault.name} | `{fault.path}` | {fault.mistake} | {fault.survives} | {result.worlds} |\n"
        for fault, result in listed
        if result.seed is None
    ]
    return "".join(lines)


def main(words: list[str]) -> int:
    """Search the faults, or those named; return 1 for a result that the list does not expect."""
    parser = argparse.ArgumentParser(prog="dev.py faults")
    parser.add_argument("names", nargs="*", help="faults of tests/faults.toml; all of them by default")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    chosen = parser.parse_args(words)
    if chosen.run:
        import logging  # noqa: PLC0415 - of the process that runs worlds

        logging.disable(logging.CRITICAL)
        print(json.dumps(run(*json.loads(chosen.run))))
        return 0
    faults = read()
    unknown = sorted({*chosen.names} - {fault.name for fault in faults})
    if wrong := [*problems(faults), *(f"{name}: no fault has this name" for name in unknown)]:
        print("\n".join(wrong))
        return 2
    results = []
    for fault in faults:
        if not chosen.names or fault.name in chosen.names:
            result = search(fault)
            results.append((fault, result))
            mark = "" if (result.seed is None) == bool(fault.survives) else "  NOT EXPECTED"
            seed = f"not found in {result.worlds} worlds" if result.seed is None else f"seed {result.seed}"
            print(f"{fault.name}: {seed}: {kind_of(result.oracle)}{mark}", flush=True)
    if not chosen.names:
        TABLE.write_text(table(results), encoding="utf-8")
    return any((result.seed is None) != bool(fault.survives) for fault, result in results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
