"""The run of a simulated world, from its seed to its checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ...ledger import Ledger, MemoryLedger
from .banks import SimulatedBank
from .histories import check_posted
from .oracles import check, check_overdue, check_questions
from .world import World


def simulate(
    seed: int,
    *,
    bank: Callable[[Callable[[], datetime]], SimulatedBank],
    open_ledger: Callable[[int], Ledger] = lambda _: MemoryLedger(),
) -> World:
    """Play the world of a seed: first its faults, then a calm time in which everything has to come right.

    Args:
        seed: The seed.
        bank: Builds the bank from the clock of the world, such as ``SimulatedSips``.
        open_ledger: Opens the empty ledger of a portal, by the portal's number; in memory by default.

    Returns:
        The world; its ``violations`` are the violated oracles.
    """
    world = World(seed, open_ledger=open_ledger, bank=bank)
    world.play()
    check_posted(world)
    world.calm()
    for _ in range(4):
        world.tick()
        check_overdue(world)
        world.post()
    check_questions(world)
    reports = world.bank.report(whole=True)
    days = {each.day for each in reports if each.day}
    for some in (reports, [each for each in reports if each.day == max(days)], []):
        world.tick(some)
        world.post()
    check(world)
    world.probe()
    return world
