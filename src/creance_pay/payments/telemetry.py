"""Spans and counters of OpenTelemetry (extra ``telemetry``); where the package is absent, they are skipped.

Every name begins with ``creance_pay.``.  Persons, cards, secrets and the texts of exceptions stay out of the
attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, wraps
from types import SimpleNamespace
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
#: The meaning of each counter, by its name.
COUNTERS: Mapping[str, str] = {
    "starts": "payments that were started",
    "messages": "messages by source and result: their disposition, or the type of the error",
    "effects": "effects by name and result: done or failed",
    "questions": "questions to the bank by result: answered or unanswered",
    "reconciliations": "reconciliations that ended",
}
#: The name of each span, and the work that it measures.
SPANS: Mapping[str, str] = {
    "start": "the start of a payment",
    "message": "a notification or a return, from its bytes to its recorded event",
    "verify": "the proof of its seal",
    "record": "its record in the ledger",
    "effect": "one run of an effect",
    "question": "one question to the bank",
    "reconcile": "a reconciliation",
}


@cache
def _tools() -> SimpleNamespace | None:
    """Load the package at the first use, and return its tracer and our counters; ``None`` without it."""
    try:
        from opentelemetry import metrics, trace  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    meter = metrics.get_meter("creance_pay")
    counters = {name: meter.create_counter(f"creance_pay.{name}", description=text) for name, text in COUNTERS.items()}
    failed = trace.StatusCode.ERROR
    return SimpleNamespace(tracer=trace.get_tracer("creance_pay"), counters=counters, failed=failed)


def count(name: str, **attributes: str) -> None:
    """Add one to a counter of :data:`COUNTERS`."""
    tools = _tools()
    if tools:
        tools.counters[name].add(1, attributes)


def spanned(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator that measures each call of a function by a span of :data:`SPANS`."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        """Decorate a function."""

        @wraps(function)
        def measured(*given: P.args, **named: P.kwargs) -> T:
            """Call the function in a span, where OpenTelemetry is installed."""
            tools = _tools()
            if tools is None:
                return function(*given, **named)
            quiet = {"record_exception": False, "set_status_on_exception": False}
            with tools.tracer.start_as_current_span(f"creance_pay.{name}", **quiet) as span:
                try:
                    return function(*given, **named)
                except Exception as error:
                    span.set_status(tools.failed, type(error).__name__)
                    raise

        return measured

    return decorate
