"""Run simulated worlds: ``simulate.py SEEDS``, by ``python3 dev.py simulate``.

Each world is run on a ledger in memory, and the first of them also on SQLite and PostgreSQL, where the same seed has to
give the same world.  A violated oracle is printed with its seed; ``--seed N`` prints the events of one world.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from creance_pay.ledger import Ledger, MemoryLedger, SqlLedger
from creance_pay.testing import simulated_bank, trial_banks
from creance_pay.testing.simulation import World, simulate
from creance_pay.testing.simulation.world import RARE
from ledgers import PAYLOAD_KEY, postgres_server

#: Of so many worlds, one also runs on each database.
EVERY = 33
PROGRESS_S = 10

OpenLedger = Callable[[int], Ledger]


@contextmanager
def opening(kind: str) -> Iterator[Callable[[], OpenLedger]]:
    """Yield a function that returns, for each world, a function that opens empty ledgers."""
    if kind == "memory":
        yield lambda: lambda _: MemoryLedger()
        return
    with TemporaryDirectory(prefix="worlds-") as folder:
        if kind == "sqlite":
            yield lambda: _opener(f"sqlite:///{folder}/ledger.db")
            return
    with postgres_server() as url:
        yield lambda: _opener(url)


def _opener(url: str) -> OpenLedger:
    world = uuid.uuid4().hex
    return lambda site: SqlLedger(url, merchant_id=f"{world}-{site}", payload_keys=[PAYLOAD_KEY])


def run(kind: str, bank: str, seeds: Iterable[int], total: int) -> tuple[int, Counter[str]]:
    """Run worlds on one kind of ledger, and print their figures.

    Returns:
        The number of worlds with a violated oracle, and the rare states that were reached.
    """
    wrong, steps, worlds = 0, 0, 0
    reached = Counter[str]()
    began, processor, told = time.perf_counter(), time.process_time(), time.perf_counter()
    simulated = simulated_bank(bank)
    with opening(kind) as fresh:
        for seed in seeds:
            world = simulate(seed, bank=simulated, open_ledger=fresh())
            _close(world)
            worlds, steps = worlds + 1, steps + world.steps
            reached.update(world.reached)
            wrong += bool(world.violations)
            for sentence in world.violations:
                print(f"seed {seed} on {kind}: {sentence}", flush=True)
            if kind != "memory" and world.digest() != simulate(seed, bank=simulated).digest():
                wrong += 1
                print(f"seed {seed}: another world on {kind} than in memory", flush=True)
            if time.perf_counter() - told > PROGRESS_S:
                told = time.perf_counter()
                print(f"{kind}: {worlds} of {total} worlds", flush=True)
    took, cpu = time.perf_counter() - began, time.process_time() - processor
    print(
        f"{bank}, {kind}: {worlds} worlds, {steps} steps, {took:.1f} s, {cpu:.1f} s of CPU,"
        f" {worlds / took:.1f} worlds a second, {wrong} with a violated oracle",
        flush=True,
    )
    return wrong, reached


def _close(world: World) -> None:
    for site in world.sites:
        close = getattr(site.inner, "close", None)
        if close is not None:
            close()


def show(seed: int, kind: str, bank: str) -> int:
    """Print the events of one world."""
    with opening(kind) as fresh:
        world = simulate(seed, bank=simulated_bank(bank), open_ledger=fresh())
        _close(world)
    print(f"seed {seed}, faults: {', '.join(sorted(world.faults)) or 'none'}")
    for answer in world.answers:
        print(f"  {answer}")
    for site in world.sites:
        print(f"portal {site.number}, committed:")
        for commit in site.commits:
            for line in commit.lines():
                print(f"  {line}")
    for sentence in world.violations:
        print(f"violated: {sentence}")
    print(f"digest {world.digest()}")
    return bool(world.violations)


def main(words: list[str]) -> int:
    """Run the worlds, or show one; return 1 for a violated oracle."""
    parser = argparse.ArgumentParser(prog="dev.py simulate")
    parser.add_argument("seeds", nargs="?", type=int, default=1000, help="the number of worlds; default 1000")
    parser.add_argument("--first", type=int, default=0, help="the first seed; default 0")
    parser.add_argument("--seed", type=int, help="print the events of the world of this seed, and run no other")
    parser.add_argument("--bank", choices=trial_banks(), default="sips", help="the bank; default %(default)s")
    parser.add_argument("--ledger", choices=["memory", "sqlite", "postgresql"], help="one kind of ledger only")
    chosen = parser.parse_args(words)
    logging.disable(logging.CRITICAL)
    if chosen.seed is not None:
        return show(chosen.seed, chosen.ledger or "memory", chosen.bank)
    kinds = [chosen.ledger] if chosen.ledger else ["memory", "sqlite", "postgresql"]
    wrong, reached = 0, Counter[str]()
    for kind in kinds:
        step = 1 if kind == "memory" or chosen.ledger else EVERY
        seeds = range(chosen.first, chosen.first + chosen.seeds, step)
        found, states = run(kind, chosen.bank, seeds, len(seeds))
        wrong, reached = wrong + found, reached + states
    print("rare states:")
    for state in sorted(RARE, key=lambda each: (reached[each], each)):
        print(f"  {reached[state]:>8}  {state}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
