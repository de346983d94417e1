"""Simulated worlds: no oracle is violated, each world is replayed by its seed, and the rare states are reached."""

import logging
from collections import Counter
from collections.abc import Iterator

import pytest

from creance_pay.ledger import Ledger, SqlLedger
from creance_pay.testing.simulation import simulate
from creance_pay.testing.simulation.world import RARE
from creance_pay.testing.sips import SimulatedSips
from ledgers import PAYLOAD_KEY, OpenSql, ledger_url, open_sql, postgres  # noqa: F401 - fixtures

WORLDS = 5


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Write no log of the effects that raise."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def violations(seeds: range) -> list[str]:
    """Run worlds in memory, and list the violated oracles with their seeds."""
    return [f"{seed}: {sentence}" for seed in seeds for sentence in simulate(seed, bank=SimulatedSips).violations]


def test_memory() -> None:
    """Worlds on ledgers in memory violate no oracle."""
    assert [] == violations(range(100))


@pytest.mark.slow
def test_memory_many() -> None:
    """More worlds."""
    assert [] == violations(range(100, 3000))


@pytest.mark.parametrize(
    "seeds", [pytest.param(range(WORLDS)), pytest.param(range(WORLDS, 150), marks=pytest.mark.slow)]
)
def test_databases(ledger_url: str, open_sql: OpenSql, seeds: range, request: pytest.FixtureRequest) -> None:  # noqa: F811 - fixtures
    """The world of a seed is the same on a database as in memory, to the last write."""
    for seed in seeds:
        opened: list[SqlLedger] = []

        def open_one(site: int, seed: int = seed, opened: list[SqlLedger] = opened) -> Ledger:
            name = f"{request.node.name}-{seed}-{site}"[-64:]
            opened.append(open_sql(ledger_url, merchant_id=name, payload_keys=[PAYLOAD_KEY]))  # to read parked messages
            return opened[-1]

        world, memory = simulate(seed, bank=SimulatedSips, open_ledger=open_one), simulate(seed, bank=SimulatedSips)
        assert ([], memory.digest()) == (world.violations, world.digest()), seed
        for ledger in opened:
            ledger.close()  # the server accepts a hundred connections


def test_replayed() -> None:
    """Equal seeds give equal worlds, and others others."""
    assert 2 == len({simulate(seed, bank=SimulatedSips).digest() for seed in (1, 2, 1, 2)})


@pytest.mark.slow
def test_rare() -> None:
    """Each of the rare states is reached."""
    reached = sum((simulate(seed, bank=SimulatedSips).reached for seed in range(1000)), Counter[str]())

    assert 25 <= len(RARE)
    assert [] == sorted(RARE - set(reached)), reached
    assert set(reached) <= RARE
