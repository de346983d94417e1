"""Simulated worlds: no oracle is violated, each world is replayed by its seed, and the rare states are reached."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import pytest

from creance_pay.ledger import Ledger, SqlLedger
from creance_pay.testing import simulated_bank, trial_banks
from creance_pay.testing.simulation import SimulatedBank, World, simulate
from creance_pay.testing.simulation.world import RARE
from ledgers import PAYLOAD_KEY, OpenSql, ledger_url, open_sql, postgres  # noqa: F401 - fixtures

WORLDS = 5


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Write no log of the effects that raise."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


OpenBank = Callable[[Callable[[], datetime]], SimulatedBank]


@pytest.fixture(params=trial_banks())
def bank(request: pytest.FixtureRequest) -> OpenBank:
    """Return the class that plays a bank, of each bank in turn."""
    return simulated_bank(request.param)


def violations(seeds: range, bank: OpenBank) -> list[str]:
    """Run worlds in memory, and list the violated oracles with their seeds."""
    return [f"{seed}: {sentence}" for seed in seeds for sentence in simulate(seed, bank=bank).violations]


def test_memory(bank: OpenBank) -> None:
    """Worlds on ledgers in memory violate no oracle."""
    assert [] == violations(range(60), bank)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"refunds_at_once": True}, {"idempotent_creation": False}])
def test_other_settings(settings: dict[str, bool]) -> None:
    """A bank that ends each refund at once, and one that creates a second page under an idempotence key."""
    assert [] == violations(range(2000, 2300), partial(simulated_bank("direct"), **settings))


@pytest.mark.parametrize(
    "seeds", [pytest.param(range(WORLDS)), pytest.param(range(WORLDS, 40), marks=pytest.mark.slow)]
)
def test_databases(
    bank: OpenBank,
    ledger_url: str,  # noqa: F811 - fixtures
    open_sql: OpenSql,  # noqa: F811
    seeds: range,
    request: pytest.FixtureRequest,
) -> None:
    """The world of a seed is the same on a database as in memory, to the last write."""
    for seed in seeds:
        opened: list[SqlLedger] = []

        def open_one(site: int, seed: int = seed, opened: list[SqlLedger] = opened) -> Ledger:
            name = f"{request.node.name}-{seed}-{site}"[-64:]
            opened.append(open_sql(ledger_url, merchant_id=name, payload_keys=[PAYLOAD_KEY]))  # to read parked messages
            return opened[-1]

        world, memory = simulate(seed, bank=bank, open_ledger=open_one), simulate(seed, bank=bank)
        assert ([], memory.digest()) == (world.violations, world.digest()), seed
        for ledger in opened:
            ledger.close()  # the server accepts a hundred connections


def test_replayed(bank: OpenBank) -> None:
    """Equal seeds give equal worlds, and others others."""
    assert 2 == len({simulate(seed, bank=bank).digest() for seed in (1, 2, 1, 2)})


@pytest.mark.slow
def test_many(bank: OpenBank) -> None:
    """A thousand worlds violate no oracle, and reach each of the rare states that the bank can cause."""
    worlds: list[World] = [simulate(seed, bank=bank) for seed in range(100, 1100)]
    reached = sum((world.reached for world in worlds), Counter[str]())
    never = worlds[0].bank.never

    assert [] == [f"{seed}: {sentence}" for seed, world in enumerate(worlds, 100) for sentence in world.violations]
    assert 25 <= len(RARE - never)
    assert [] == sorted(RARE - never - set(reached)), reached
    assert set(reached) <= RARE - never
