"""Several processes on one database: nothing twice, nothing lost, nobody waits for ever.

The large case is one of ``--long``; the others have fewer payments.
"""

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from typing import Any, TypeVar

import pytest

from ledger_desk import Desk, message
from ledger_workers import start, take
from ledgers import PAYLOAD_KEY, OpenSql

T = TypeVar("T")
PROCESSES = 3


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Start some processes, each with its own interpreter."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield pool


def everywhere(
    pool: ProcessPoolExecutor, work: Callable[..., T], url: str, shop: str, shares: list[list[Any]]
) -> list[T]:
    """Run a share of the work in each process at the same time."""
    return [done.result(timeout=3600) for done in [pool.submit(work, url, shop, share) for share in shares]]


def notices(count: int, first: int = 0) -> list[str]:
    """Make so many synthetic notices."""
    return [f"6311705400{number:06d}F" for number in range(first, first + count)]


def test_references(processes: ProcessPoolExecutor, ledger_url: str) -> None:
    """Processes that start payments at once never get the same reference, on an empty database too (E28)."""
    shares = [list[object](notices(20, 100 * place)) for place in range(PROCESSES)]
    found = [*chain(*everywhere(processes, start, ledger_url, uuid.uuid4().hex, shares))]

    assert 20 * PROCESSES == len(found) == len(set(found))


def test_one_notice(processes: ProcessPoolExecutor, ledger_url: str) -> None:
    """Of processes that start payments of the same notices at once, one gets each notice (E28)."""
    same = list[object](notices(20))
    found = [*chain(*everywhere(processes, start, ledger_url, uuid.uuid4().hex, [same] * PROCESSES))]

    assert 20 == len(found) == len(set(found))


def test_same_notification(processes: ProcessPoolExecutor, ledger_url: str, open_sql: OpenSql) -> None:
    """The same notification a hundred times in several processes has one effect, without error (E2)."""
    shop = uuid.uuid4().hex
    desk = Desk(open_sql(ledger_url, merchant_id=shop, payload_keys=[PAYLOAD_KEY]))
    posted = list[object]([("notification", message(desk.start()).body)] * 33)

    found = everywhere(processes, take, ledger_url, shop, [posted] * PROCESSES)

    assert {200: 33 * PROCESSES} == sum((answers for answers, _ in found), Counter[int]())
    assert ["acknowledgement", "display"] == sorted(name for _, happened in found for _, name in happened)


@pytest.mark.parametrize(
    ("crowd", "payments"),
    [
        pytest.param(PROCESSES, 100, marks=pytest.mark.slow),
        pytest.param(8, 20_000, marks=pytest.mark.long),
    ],
)
def test_load(
    ledger_url: str, open_sql: OpenSql, record_property: Callable[[str, object], None], crowd: int, payments: int
) -> None:
    """Payments that are notified one to five times in any order, mixed with returns: each paid and followed once."""
    shop, chance = uuid.uuid4().hex, random.Random(17)  # noqa: S311 - the same each time
    ledger = open_sql(ledger_url, merchant_id=shop, payload_keys=[PAYLOAD_KEY])

    def measured(what: str, count: int, work: Callable[..., T], todo: list[Any]) -> list[T]:
        began = time.perf_counter()
        found = everywhere(pool, work, ledger_url, shop, [todo[place::crowd] for place in range(crowd)])
        took = time.perf_counter() - began
        record_property("figure", f"{count} {what} in {took:.0f} s, {count / took:.0f} a second")
        return found

    with ProcessPoolExecutor(crowd, mp_context=get_context("spawn")) as pool:
        references = [*chain(*measured("payments started", payments, start, notices(payments)))]
        nonces = {payment.transaction_reference: payment.order.nonce for payment in ledger.payments()}
        bodies = [message(reference, returnContext=nonces[reference]).body for reference in references]
        posted = [("notification", body) for body in bodies for _ in range(chance.randint(1, 5))]
        posted += [("return", body) for body in bodies]
        chance.shuffle(posted)
        found = measured("messages taken, effects included", len(posted), take, posted)

    happened = Counter(effect for _, here in found for effect in here)
    answers = sum((answers for answers, _ in found), Counter[int]())
    record_property("figure", f"answers: {dict(answers)}")
    assert len(posted) == answers.pop(200)
    assert {503}.issuperset(answers)
    assert ["PAID"] * payments == [payment.state.value for payment in ledger.payments()]
    assert {(reference, name): 1 for reference in references for name in ("acknowledgement", "display")} == happened
    assert len(posted) == sum(len(ledger.events(reference)) for reference in references)
