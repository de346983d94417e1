"""The worker: effects, questions and health until it is stopped; several share the work."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from creance_pay.ledger import Effect, Ledger, MemoryLedger, Payment
from creance_pay.payments import PaymentService, Worker, worker
from creance_pay.payments.health import EFFECTS, RECONCILE
from ledger_desk import ACCEPTED, NOTICE, OTHER, Desk
from sips_merchant import NOON

SOON = timedelta(milliseconds=20)
DEADLINE_S = 20


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds; fail after a deadline that no run reaches."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def running() -> Iterator[Callable[..., Worker]]:
    """Return a function that runs a worker in a thread; each is stopped at the end."""
    started: list[tuple[Worker, threading.Thread]] = []

    def run(service: PaymentService, **settings: Any) -> Worker:  # noqa: ANN401 - any argument
        made = Worker(service, **{"idle": SOON, "every": SOON, "grace": timedelta(seconds=5), **settings})
        thread = threading.Thread(target=made.run)
        thread.start()
        started.append((made, thread))
        return made

    yield run
    for made, thread in started:
        made.stop()
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


class TestRun:
    """``run``: until it is stopped."""

    def test_work(self, running: Callable[..., Worker]) -> None:
        """Effects that come run, the bank is asked, both jobs leave their heartbeat, and nothing is wrong."""
        desk = Desk(MemoryLedger(), asking=True)
        started, other = desk.start(), desk.start(OTHER)
        desk.visit(other, ACCEPTED)
        desk.later(minutes=30)
        running(desk.service)
        desk.notify(started)
        until(lambda: desk.state(other) == "PAID" and not desk.ledger.tasks())

        assert 4 == len(desk.happened)
        assert {EFFECTS, RECONCILE} <= desk.ledger.heartbeats().keys()
        assert () == desk.service.health()

    def test_two(self, running: Callable[..., Worker]) -> None:
        """Two workers run each effect once."""
        desk = Desk(MemoryLedger())
        for number in range(20):
            started = desk.start(type(NOTICE)(f"63117054000{number:05d}F"))
            desk.notify(started)
        running(desk.service, every=timedelta(hours=1))
        running(desk.service, every=timedelta(hours=1))
        until(lambda: not desk.ledger.tasks())

        assert 40 == len(set(desk.happened)) == len(desk.happened)

    def test_turns(self, ledger: Ledger) -> None:
        """Of two workers one reconciles in each period."""
        desk = Desk(ledger)
        calls: list[int] = []
        reconcile = desk.service.reconcile

        def counted(**settings: Any) -> object:  # noqa: ANN401 - any argument
            calls.append(1)
            return reconcile(**settings)

        desk.service.reconcile = counted  # type: ignore[method-assign,assignment]
        for _ in range(3):
            Worker(desk.service).once()
        desk.later(minutes=1)
        Worker(desk.service).once()

        assert [1, 1] == calls

    def test_failing_store(
        self, running: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A store that raises is logged, and the worker goes on when it answers."""
        monkeypatch.setattr(worker, "_RETRY", SOON)
        desk = Desk(MemoryLedger())
        desk.notify(desk.start())
        with monkeypatch.context() as broken:
            broken.setattr(desk.ledger, "transaction", lambda **_: 1 / 0)
            running(desk.service)
            until(
                lambda: (
                    {"effects", "reconcile", "health"} <= {vars(each)["fields"].get("job") for each in caplog.records}
                )
            )
        until(lambda: not desk.ledger.tasks())

        assert "ZeroDivisionError" in caplog.text

    def test_bank_silent(self) -> None:
        """While the bank does not answer the wait doubles, up to half an hour; an answer ends that."""
        desk = Desk(MemoryLedger(), asking=True)
        desk.start()
        desk.line.cut = True
        made, minute = Worker(desk.service), timedelta(minutes=1)
        waits = [timedelta(0)]
        for _ in range(7):
            desk.later(hours=1)
            waits.append(made._reconcile(waits[-1]))
        assert [0, 1, 2, 4, 8, 16, 30, 30] == [wait / minute for wait in waits]
        desk.line.cut = False
        desk.later(hours=1)
        assert minute == made._reconcile(waits[-1])

    def test_stopped_between_questions(self) -> None:
        """A worker that is stopped asks no further question."""
        desk = Desk(MemoryLedger(), asking=True)
        for number in range(3):
            desk.start(type(NOTICE)(f"63117054000{number:05d}F"))
        desk.later(hours=1)
        made = Worker(desk.service)
        send = desk.line.send

        def stop(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - any argument
            made.stop()
            return send(*given, **named)

        desk.line.send = stop  # type: ignore[method-assign]
        made.once()

        assert 1 == desk.line.asked


class TestHang:
    """An effect that hangs, or that ends its thread: the worker ends, to be started again."""

    def test_hang(self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
        """An effect beyond its lease."""
        monkeypatch.setattr(worker, "_BATCH_TIME", SOON)
        release = threading.Event()
        effect = Effect(name="slow", run=lambda _, __: release.wait(DEADLINE_S), lease=SOON)
        desk = Desk(MemoryLedger(), effects=[effect])
        desk.notify(desk.start())

        assert not Worker(desk.service, idle=SOON, every=SOON).run()
        release.set()
        assert ["effect_hangs"] == [vars(each)["event"] for each in caplog.records if each.levelno == logging.CRITICAL]

    def test_exit(self, caplog: pytest.LogCaptureFixture) -> None:
        """An effect that calls ``sys.exit``."""

        def leave(_: Payment, __: str) -> None:
            sys.exit(3)

        desk = Desk(MemoryLedger(), effects=[Effect(name="leaving", run=leave)])
        desk.notify(desk.start())

        assert not Worker(desk.service, idle=SOON, every=SOON).run()
        assert "SystemExit: 3" in caplog.text


class TestProblems:
    """Problems are logged when they appear, once an hour, and at their end."""

    def test_log(self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
        """A critical problem is an ERROR, another one a WARNING."""
        caplog.set_level(logging.INFO, "creance_pay.worker")
        desk = Desk(MemoryLedger(), effects=[])
        desk.notify(desk.start())
        desk.notify(desk.start(OTHER), amount="1700")
        made, hour = Worker(desk.service), 3_600.0
        now = [0.0]
        monkeypatch.setattr("creance_pay.payments.worker.time.monotonic", lambda: now[0])
        for later in (0.0, hour - 1, hour):
            now[0] = later
            made._log_problems()
        (incident,) = desk.service.incidents()
        desk.service.close_incident(incident, by="an operator", reason="refunded")
        made._log_problems()
        found = [
            (each.levelname, *vars(each)["event"].split(), vars(each)["fields"]["kind"])
            for each in caplog.records
            if each.name == "creance_pay.worker"
        ]

        two = [("ERROR", "problem", "EFFECT_UNKNOWN"), ("WARNING", "warning", "INCIDENT_OPEN")]
        assert [*two, *two, ("INFO", "problem_over", "INCIDENT_OPEN")] == found


def test_once() -> None:
    """One round runs what is due, asks, leaves both heartbeats, and returns the problems that remain."""
    desk = Desk(MemoryLedger(), asking=True)
    desk.notify(desk.start())
    desk.notify(desk.start(OTHER), amount="1700")

    assert ["INCIDENT_OPEN"] == [problem.kind for problem in Worker(desk.service).once()]
    assert 2 == len(desk.happened)
    assert {EFFECTS: NOON, RECONCILE: NOON, worker.TURN: NOON} == desk.ledger.heartbeats()


class TestDaily:
    """Daily jobs of a portal."""

    def test_once_a_day(self) -> None:
        """Of two workers, one runs a job on a day, and one on the next."""
        desk, ran = Desk(MemoryLedger()), []
        workers = [Worker(desk.service, daily={"letters": lambda: ran.append(desk.now)}) for _ in range(2)]
        for hours in (0, 23, 1):
            desk.now += timedelta(hours=hours)
            for each in workers:
                each.once()

        assert [NOON, NOON + timedelta(days=1)] == ran

    def test_fails(self, caplog: pytest.LogCaptureFixture) -> None:
        """A job that raises is logged by its name, and hinders no other."""
        desk, ran = Desk(MemoryLedger()), []

        def fail() -> None:
            raise ConnectionError

        Worker(desk.service, daily={"letters": fail, "figures": lambda: ran.append(1)}).once()

        assert [1] == ran
        assert ["letters"] == [vars(each)["fields"]["job"] for each in caplog.records if "job" in vars(each)["fields"]]

    def test_running(self, running: Callable[..., Worker]) -> None:
        """A worker that runs does the job."""
        done = threading.Event()
        running(Desk(MemoryLedger()).service, daily={"letters": done.set})

        assert done.wait(DEADLINE_S)


PORTAL = """
import sys, time
from creance_pay.ledger import Effect, SqlLedger
from creance_pay.payments import PaymentService
from creance_pay.testing.sips import SipsTrialMerchant

merchant = SipsTrialMerchant()

def send(payment, key):
    print("begun", flush=True)
    time.sleep(0.5)
    print("sent", flush=True)

def service():
    ledger = SqlLedger("sqlite:///ledger.db", merchant_id=merchant.merchant_id)
    return PaymentService(merchant.gateway(), ledger, effects=[Effect(name="letter", run=send)])
"""


class TestCommand:
    """``creance-pay work``."""

    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Write a portal whose service is built by a function, and whose ledger has a paid payment."""
        (tmp_path / "portal_at_work.py").write_text(PORTAL, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "portal_at_work", raising=False)
        import portal_at_work  # type: ignore[import-not-found]  # noqa: PLC0415 - it was written a moment ago

        service = portal_at_work.service()
        from creance_pay import Euros  # noqa: PLC0415 - beside the module of the test

        urls = {"return_url": "http://127.0.0.1/r", "notification_url": "http://127.0.0.1/n"}
        started = service.start(Euros(1600), {NOTICE: Euros(1600)}, **urls)
        order = service.ledger.find(started.transaction_reference).order
        assert 200 == service.on_notification(portal_at_work.merchant.notification(order)).http_status
        service.ledger.close()
        return tmp_path

    @pytest.mark.usefixtures("folder")
    def test_sigterm(self) -> None:
        """SIGTERM during an effect: the effect ends, is recorded as done, and the process ends with status 0."""
        process = subprocess.Popen(
            [sys.executable, "-m", "creance_pay", "work", "portal_at_work:service"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdout is not None
        assert "begun\n" == process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=DEADLINE_S)
        import portal_at_work  # noqa: PLC0415 - it was written by the fixture

        assert (0, "sent\n") == (process.returncode, out)
        assert ["worker_started", "worker_stopped"] == [
            line.split()[-1]
            for line in err.splitlines()
            if "creance_pay.worker INFO" in line or " INFO creance_pay.worker" in line
        ]
        assert () == portal_at_work.service().ledger.tasks()
