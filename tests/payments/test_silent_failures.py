"""The page of silent failures: each row is executed, with its alarm, its log event and its incident in time."""

import logging
import re
import sys
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet

from creance_pay import HttpMessage
from creance_pay.gateways import Report, ReportKind
from creance_pay.ledger import Effect, MemoryLedger, Payment
from creance_pay.payments import Worker
from creance_pay.payments.health import EFFECTS
from creance_pay.rules import policy_named
from ledger_desk import Desk, at
from ledgers import PAYLOAD_KEY, OpenSql
from sips_merchant import NOON, body, changed, hmac_of

PAGE = Path(__file__).parents[2] / "docs" / "silent-failures.md"
ROW = re.compile(r"^\| [^|]+ \| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS = {name: rest for name, *rest in ROW.findall(PAGE.read_text(encoding="utf-8"))}
SECOND, SOON = timedelta(seconds=1), timedelta(milliseconds=20)
SCENARIOS: dict[str, Callable[[pytest.FixtureRequest], Desk]] = {}


def scenario(build: Callable[[pytest.FixtureRequest], Desk]) -> Callable[[pytest.FixtureRequest], Desk]:
    """Add a scenario: it causes the failure, and returns the portal at the time of the failure."""
    SCENARIOS[build.__name__] = build
    return build


def paid(**settings: object) -> Desk:
    """Open a portal with a paid payment, whose effects wait."""
    desk = Desk(MemoryLedger(), **settings)  # type: ignore[arg-type]
    desk.notify(desk.start())
    return desk


def working(desk: Desk) -> Desk:
    """Run a worker of the portal once: everything is done and each job has left its heartbeat."""
    Worker(desk.service).once()
    return desk


def effect(run: Callable[[Payment, str], object], lease: timedelta = timedelta(minutes=5)) -> list[Effect]:
    """Build the only effect of a portal."""
    return [Effect(name="acknowledgement", run=run, lease=lease)]


def tried(desk: Desk, *minutes: int) -> Desk:
    """Run the effects at these minutes, and return to the time of the failure."""
    for minute in minutes:
        desk.now = NOON + timedelta(minutes=minute)
        with suppress(SystemExit):
            desk.service.run_effects()
    desk.now = NOON
    return desk


@scenario
def effect_renamed(_: pytest.FixtureRequest) -> Desk:
    """Build the web process with the old name."""
    web = paid(effects=effect(lambda *_: None))
    return Desk(web.ledger, effects=[Effect(name="acknowledgment", run=lambda *_: None)])


@scenario
def effect_nowhere(_: pytest.FixtureRequest) -> Desk:
    """Build both processes without an effect."""
    return paid(effects=[])


@scenario
def effect_raising(_: pytest.FixtureRequest) -> Desk:
    """Raise at each try: after 1, 2, 4 and 8 minutes."""

    def fail(*_: object) -> None:
        raise KeyError

    return tried(paid(effects=effect(fail)), 0, 1, 3, 7)


@scenario
def effect_coroutine(_: pytest.FixtureRequest) -> Desk:
    """Return a coroutine from a plain function."""

    async def send() -> None:
        """Send nothing."""

    return tried(paid(effects=effect(lambda *_: send())), 0, 1, 3, 7)


@scenario
def effect_hanging(request: pytest.FixtureRequest) -> Desk:
    """End the worker, since the effect is beyond its lease; nobody starts it again."""
    request.getfixturevalue("monkeypatch").setattr("creance_pay.payments.worker._BATCH_TIME", SOON)
    release = threading.Event()
    desk = paid(effects=effect(lambda *_: release.wait(20), lease=SOON))
    assert not Worker(desk.service, idle=SOON, every=SOON).run()
    release.set()
    return desk


@scenario
def effect_killing(_: pytest.FixtureRequest) -> Desk:
    """End each worker during the effect: the next one begins after leases of 5, 5, 5, 8 and 16 minutes."""

    def leave(*_: object) -> None:
        sys.exit(9)

    return tried(paid(effects=effect(leave)), 0, 5, 10, 15)


@scenario
def worker_stopped(_: pytest.FixtureRequest) -> Desk:
    """Run a worker until now."""
    return working(paid())


@scenario
def worker_never_started(_: pytest.FixtureRequest) -> Desk:
    """Run no job."""
    return paid()


@scenario
def reconcile_never_called(_: pytest.FixtureRequest) -> Desk:
    """Run the effects alone."""
    desk = paid()
    desk.service.run_effects()
    return desk


@scenario
def key_not_added(_: pytest.FixtureRequest) -> Desk:
    """Name a version that the ring lacks."""
    desk = Desk(MemoryLedger())
    desk.notify(desk.start(), keyVersion="3")
    return desk


@scenario
def key_not_added_in_a_flood(request: pytest.FixtureRequest) -> Desk:
    """Post more unreadable messages than are recorded in an hour, then the genuine one."""
    request.getfixturevalue("monkeypatch").setattr("creance_pay.ledger.recording.MAX_FOREIGN", 40)
    desk = Desk(MemoryLedger())
    started = desk.start()
    for _ in range(60):
        desk.service.on_notification(HttpMessage(b"x=1"))
    desk.notify(started, keyVersion="3")
    return desk


@scenario
def flood_of_forgeries(_: pytest.FixtureRequest) -> Desk:
    """Seal with another key."""
    desk = Desk(MemoryLedger())
    for number in range(100):
        text = changed(amount=str(number))
        desk.service.on_notification(HttpMessage(body(text, hmac_of(text, "another-key"))))
    return desk


@scenario
def bank_silent(_: pytest.FixtureRequest) -> Desk:
    """Ask after twenty minutes and later, without an answer."""
    desk = Desk(MemoryLedger(), asking=True)
    desk.start()
    desk.line.cut = True
    desk.later(minutes=79)
    working(desk)
    desk.now = NOON
    return desk


@scenario
def report_stopped(_: pytest.FixtureRequest) -> Desk:
    """Read the report of the 23rd, a day that ends at 23:00 UTC."""
    desk = Desk(MemoryLedger())
    day = Report(header=(), kind=ReportKind.TRANSACTIONS, day=date(2026, 11, 23), lines=(), bad=())
    desk.service.reconcile(reports=day)
    desk.now = NOON + timedelta(hours=11, seconds=-1)
    return desk


@scenario
def report_incomplete(_: pytest.FixtureRequest) -> Desk:
    """Read a report of the day without a line."""
    desk = Desk(MemoryLedger())
    desk.notify(desk.start(), **at(NOON))
    day = Report(header=(), kind=ReportKind.TRANSACTIONS, day=NOON.date(), lines=(), bad=())
    desk.service.reconcile(reports=day)
    return desk


@scenario
def posting_overdue(_: pytest.FixtureRequest) -> Desk:
    """Work without a caisse that posts."""
    return working(paid())


@scenario
def disk_full(request: pytest.FixtureRequest) -> Desk:
    """Fill the file: no heartbeat can be written either."""
    file = request.getfixturevalue("tmp_path") / "ledger.db"
    desk = Desk(request.getfixturevalue("open_sql")(f"sqlite:///{file}", payload_keys=[PAYLOAD_KEY]))
    started = desk.start()
    desk.ledger.beat(EFFECTS, now=NOON)
    with desk.ledger._database.transaction() as connection:  # type: ignore[attr-defined]
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    assert 503 == desk.notify(started, customerId="x" * 30_000).http_status
    return desk


@scenario
def database_gone(request: pytest.FixtureRequest) -> Desk:
    """Drop the database on the server."""
    url: str = request.getfixturevalue("postgres")
    name = f"gone_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())  # a name cannot be a parameter
        desk = Desk(request.getfixturevalue("open_sql")(url.replace("/postgres?", f"/{name}?")))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    return desk


@scenario
def clock_set_back(_: pytest.FixtureRequest) -> Desk:
    """Set it back by ten minutes, after a payment."""
    desk = paid()
    desk.later(minutes=-10)
    return desk


@scenario
def clock_behind(_: pytest.FixtureRequest) -> Desk:
    """Name a time of the bank two hours ahead."""
    desk = Desk(MemoryLedger())
    desk.notify(desk.start(), **at(NOON + timedelta(hours=2)))
    return desk


@scenario
def refund_without_answer(_: pytest.FixtureRequest) -> Desk:
    """Cut the line before the call."""
    desk = Desk(MemoryLedger(), asking=True)
    started = desk.start()
    desk.notify(started)
    desk.line.cut = True
    desk.service.refund(started.transaction_reference, by="an operator", reason="paid twice")
    return desk


@scenario
def order_lost(_: pytest.FixtureRequest) -> Desk:
    """Post an authentic message without an order."""
    desk = Desk(MemoryLedger())
    desk.notify("REF1")
    return desk


@scenario
def paid_twice(_: pytest.FixtureRequest) -> Desk:
    """Pay an old page beside a new one."""
    desk = Desk(MemoryLedger())
    first = desk.start()
    desk.later(minutes=31)
    second = desk.start()
    desk.notify(first)
    desk.notify(second)
    return desk


@scenario
def payload_key_removed(request: pytest.FixtureRequest) -> Desk:
    """Park a message under a key, and open the ledger with another one."""
    request.getfixturevalue("first_reference")
    url = f"sqlite:///{request.getfixturevalue('tmp_path') / 'ledger.db'}"
    open_sql: OpenSql = request.getfixturevalue("open_sql")
    first = Desk(open_sql(url, payload_keys=[PAYLOAD_KEY]))
    first.notify("PCLCB263270000001")
    assert "PCLCB263270000001" == first.start().transaction_reference
    desk = Desk(open_sql(url, payload_keys=[Fernet.generate_key().decode()]))
    desk.service.reconcile()
    return desk


@scenario
def policy_forgotten(_: pytest.FixtureRequest) -> Desk:
    """Wait for ten years."""
    desk = Desk(MemoryLedger())
    desk.later(days=3_650)
    return desk


def minutes(text: str) -> timedelta:
    """Read a time of the table."""
    if text == "at once":
        return timedelta(0)
    number, unit = text.split()
    return timedelta(hours=float(number)) if unit == "h" else timedelta(minutes=float(number))


@pytest.mark.parametrize("name", ROWS)
def test_row(name: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> None:
    """The alarm comes at the time of the row and not before, with its log event and its incident."""
    caplog.set_level(logging.DEBUG, "creance_pay")
    after, alarm, event, incident = (cell.replace("`", "") for cell in ROWS[name])
    desk = SCENARIOS[name](request)
    policies = [policy_named("ameli-2019-11")] if name == "policy_forgotten" else []
    failed = desk.now

    def alarms() -> set[str]:
        return {problem.kind.value for problem in desk.service.health(policies=policies)}

    def go(later: timedelta) -> None:
        """Move the clock, and run the effect that fails once more."""
        desk.now = failed + later
        if name in {"effect_raising", "effect_coroutine", "effect_killing"}:
            with suppress(SystemExit):
                desk.service.run_effects()

    if minutes(after):
        go(minutes(after) - SECOND)
        assert alarm not in alarms()
    go(minutes(after) + SECOND)
    assert alarm in alarms() | {"none"}
    Worker(desk.service, policies=policies)._log_problems()
    assert event in {vars(record).get("event") for record in caplog.records}
    kind, _, delay = incident.partition(" after ")
    if kind != "none":
        go(minutes(delay or after) + SECOND)
        desk.service.reconcile()
        assert kind in desk.incidents()


def test_every_scenario() -> None:
    """The table has at least twenty rows, and one for each scenario."""
    assert list(ROWS) == list(SCENARIOS)
    assert 20 <= len(ROWS)
