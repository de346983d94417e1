"""The log events, as the page lists them and as the code logs them; spans and counters of OpenTelemetry."""

import ast
import logging
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import creance_pay
from creance_pay import Euros
from creance_pay._log import EVENTS, log
from creance_pay.errors import InvalidValueError
from creance_pay.ledger import Effect, Ledger, MemoryLedger, Payment
from creance_pay.payments import telemetry
from ledger_desk import OTHER, Desk, at
from sips_merchant import NOON

SOURCE = Path(creance_pay.__file__).parent
DOCS = Path(__file__).parents[2] / "docs"
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| `creance_pay\.(\w+)` \| (.*?) \| (.*) \|$", re.MULTILINE)


def events(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, dict[str, object]]]:
    """List the events that were logged: level, name and fields."""
    return [
        (record.levelname, vars(record)["event"], vars(record)["fields"])
        for record in caplog.records
        if record.name.startswith("creance_pay.")
    ]


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Capture every event of the library."""
    caplog.set_level(logging.DEBUG, "creance_pay")
    return caplog


class TestPage:
    """The page on logs is the table in the code, and the code logs what the table lists."""

    def test_rows(self) -> None:
        """A row for each event, with its level, logger, fields and meaning."""
        rows = {
            (name, level, logger, tuple(re.findall(r"`(\w+)`", fields)), meaning)
            for name, level, logger, fields, meaning in ROW.findall((DOCS / "logs.md").read_text(encoding="utf-8"))
        }

        assert {
            (name, logging.getLevelName(event.level), event.logger, event.fields, event.meaning)
            for name, event in EVENTS.items()
        } == rows

    def test_calls(self) -> None:
        """Each event is logged somewhere, with exactly its fields."""
        found = dict[str, set[tuple[str, ...]]]()
        for path in SOURCE.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "log":
                    first = node.args[0]
                    names = tuple(word.arg for word in node.keywords if word.arg not in {None, "traceback"})
                    for each in [first] if isinstance(first, ast.Constant) else ast.walk(first):
                        if isinstance(each, ast.Constant):
                            spread = any(word.arg is None for word in node.keywords)
                            fields = EVENTS[str(each.value)].fields if spread else tuple(map(str, names))
                            found.setdefault(str(each.value), set()).add(fields)

        assert {name: {event.fields} for name, event in EVENTS.items()} == found

    @pytest.mark.parametrize(("kind", "table"), [("span", telemetry.SPANS), ("counter", telemetry.COUNTERS)])
    def test_telemetry(self, kind: str, table: dict[str, str]) -> None:
        """The page lists the spans and counters too."""
        rows = re.findall(
            rf"^\| {kind} \| `creance_pay\.(\w+)` \| (.*) \|$", (DOCS / "logs.md").read_text(), re.MULTILINE
        )

        assert dict(table) == dict(rows)


class TestEvents:
    """What a payment's life logs."""

    def test_life(self, ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
        """A start, a notification, a return and two effects are INFO, in this order."""
        desk = Desk(ledger)
        started = desk.start()
        desk.notify(started)
        desk.bring_back(started)
        desk.service.run_effects()
        reference = {"transaction_reference": started.transaction_reference}
        message = {**reference, "disposition": "APPLIED", "state": "PAID", "source": "NOTIFICATION"}

        assert [
            ("INFO", "payment_started", reference),
            ("INFO", "message_recorded", message),
            ("INFO", "message_recorded", {**message, "disposition": "DUPLICATE", "source": "RETURN"}),
            ("INFO", "effect_done", {"effect": "acknowledgement", **reference, "attempts": 1}),
            ("INFO", "effect_done", {"effect": "display", **reference, "attempts": 1}),
        ] == events(caplog)

    def test_effect(self, caplog: pytest.LogCaptureFixture) -> None:
        """An effect that raises has its traceback at ERROR."""

        def fail(_: Payment, __: str) -> None:
            raise KeyError("missing name")

        desk = Desk(MemoryLedger(), effects=[Effect(name="acknowledgement", run=fail)])
        desk.notify(desk.start())
        caplog.clear()
        desk.service.run_effects()

        assert [("ERROR", "effect_failed")] == [each[:2] for each in events(caplog)]
        assert "KeyError: 'missing name'" in caplog.text

    def test_refused(self, caplog: pytest.LogCaptureFixture) -> None:
        """A refused message is a WARNING with the type of the error, and with nothing that the message contains."""
        desk = Desk(MemoryLedger())
        desk.notify("REFMARKED", keyVersion="9")
        fields = {"source": "NOTIFICATION", "error": "UnknownKeyError", "known": False}

        assert ("WARNING", "message_refused", fields) in events(caplog)
        assert "REFMARKED" not in caplog.text

    def test_mismatch(self, caplog: pytest.LogCaptureFixture) -> None:
        """An authentic message of another amount is an ERROR with the names of the fields."""
        desk = Desk(MemoryLedger())
        started = desk.start()
        caplog.clear()
        desk.notify(started, amount="1700")
        reference = {"transaction_reference": started.transaction_reference}

        assert [
            ("ERROR", "incident", {"kind": "ORDER_MISMATCH", **reference}),
            ("ERROR", "message_mismatch", {**reference, "source": "NOTIFICATION", "names": "amount"}),
        ] == events(caplog)

    def test_waiting(self, caplog: pytest.LogCaptureFixture) -> None:
        """A message about an unknown order waits, with an incident."""
        Desk(MemoryLedger()).notify("REF1")

        assert ["incident", "message_waiting"] == [each[1] for each in events(caplog)]

    def test_clock(self, caplog: pytest.LogCaptureFixture) -> None:
        """A bank's time that lies ahead is a WARNING about our own clock."""
        desk = Desk(MemoryLedger())
        desk.notify(desk.start(), **at(NOON + timedelta(hours=2)))

        assert "clock_behind" in [each[1] for each in events(caplog)]

    def test_question(self, caplog: pytest.LogCaptureFixture) -> None:
        """A bank that does not answer is a WARNING with its cause."""
        desk = Desk(MemoryLedger(), asking=True)
        started = desk.start()
        desk.line.cut = True
        desk.later(hours=1)
        desk.service.reconcile()
        fields = {
            "transaction_reference": started.transaction_reference,
            "error": "GatewayUnavailableError: no answer",
        }

        assert ("WARNING", "question_failed", fields) in events(caplog)
        counts = {"recorded": 0, "changed": 0, "unanswered": 1, "foreign": 0}
        assert ("INFO", "reconciled", counts) in events(caplog)

    def test_foreign_error(self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
        """The text of an error that is not ours is not logged."""
        desk = Desk(MemoryLedger(), asking=True)
        desk.start()
        monkeypatch.setattr(desk.line, "send", lambda *_, **__: (_ for _ in ()).throw(OSError("MARKED")))
        desk.later(hours=1)
        desk.service.reconcile()

        assert "MARKED" not in caplog.text
        assert "error=OSError" in caplog.text

    def test_overdue(self, caplog: pytest.LogCaptureFixture) -> None:
        """An incident of each reconciliation is logged once."""
        desk = Desk(MemoryLedger())
        desk.notify(desk.start())
        desk.later(hours=2)
        desk.service.reconcile()
        first = [each[2] for each in events(caplog) if each[1] == "incident"]
        caplog.clear()
        desk.service.reconcile()

        assert ["EFFECT_OVERDUE", "EFFECT_OVERDUE"] == [fields["kind"] for fields in first]
        assert ["reconciled"] == [each[1] for each in events(caplog)]

    def test_words(self, caplog: pytest.LogCaptureFixture) -> None:
        """A value with a blank is quoted, a control character escaped, and no level below the logger's is built."""
        log("database_failed", error='no "room"\x1b')
        caplog.set_level(logging.ERROR, "creance_pay")
        log("worker_started")

        assert [r'database_failed error="no \"room\"\\u001b"'] == [each.getMessage() for each in caplog.records]


@pytest.fixture(scope="module")
def exported() -> tuple[InMemorySpanExporter, InMemoryMetricReader]:
    """Export in memory; a process has one provider."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    return exporter, reader


class TestTelemetry:
    """Spans and counters."""

    @pytest.fixture(autouse=True)
    def fresh(self) -> Iterator[None]:
        """Look for the package at the first use of each test."""
        telemetry._tools.cache_clear()
        yield
        telemetry._tools.cache_clear()

    def test_life(self, exported: tuple[InMemorySpanExporter, InMemoryMetricReader]) -> None:
        """Each kind of work has a span inside the one that asked for it, and is counted."""
        exporter, reader = exported
        desk = Desk(MemoryLedger(), asking=True)
        started = desk.start()
        desk.notify(started)
        desk.notify("REF1", keyVersion="9")
        desk.service.run_effects()
        desk.start(OTHER)
        desk.later(hours=1)
        desk.service.reconcile()
        names = {span.context.span_id: span.name for span in exporter.get_finished_spans() if span.context}
        found = {
            (span.name, names.get(span.parent.span_id) if span.parent else None)
            for span in exporter.get_finished_spans()
        }

        assert {
            ("creance_pay.start", None),
            ("creance_pay.message", None),
            ("creance_pay.verify", "creance_pay.message"),
            ("creance_pay.record", "creance_pay.message"),
            ("creance_pay.effect", None),
            ("creance_pay.reconcile", None),
            ("creance_pay.question", "creance_pay.reconcile"),
        } == found
        data = reader.get_metrics_data()
        assert data is not None
        counted = {
            (metric.name, *sorted(map(str, (point.attributes or {}).values()))): point.value  # type: ignore[union-attr]
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in metric.data.data_points
        }
        assert {
            ("creance_pay.starts",): 2,
            ("creance_pay.messages", "APPLIED", "NOTIFICATION"): 1,
            ("creance_pay.messages", "NOTIFICATION", "UnknownKeyError"): 1,
            ("creance_pay.effects", "acknowledgement", "done"): 1,
            ("creance_pay.effects", "display", "done"): 1,
            ("creance_pay.questions", "answered"): 1,
            ("creance_pay.reconciliations",): 1,
        } == counted

    def test_error(self, exported: tuple[InMemorySpanExporter, InMemoryMetricReader]) -> None:
        """A span of work that raises has the type of the error, and not its text."""
        exporter, _ = exported
        exporter.clear()
        with pytest.raises(InvalidValueError):
            Desk(MemoryLedger()).service.start(
                Euros(1600), {}, return_url="https://a.example/", notification_url="https://a.example/"
            )
        (span,) = exporter.get_finished_spans()

        assert ("ERROR", "InvalidValueError", ()) == (
            span.status.status_code.name,
            span.status.description,
            span.events,
        )

    def test_absent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without the package, a payment is recorded as ever."""
        monkeypatch.setitem(sys.modules, "opentelemetry", None)
        desk = Desk(MemoryLedger())
        started = desk.start()

        assert 200 == desk.notify(started).http_status
        assert ["acknowledgement", "display"] == desk.effects_of(started)
        assert telemetry._tools() is None
