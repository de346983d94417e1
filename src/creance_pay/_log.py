"""The log events of the library: standard ``logging``, under stable names.

Each record has the attributes ``event``, its name, and ``fields``, a mapping; its text is the name and the fields.  No
field holds a secret, a card, a person, or text that nobody has authenticated.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from logging import CRITICAL, DEBUG, ERROR, INFO, WARNING

import attrs

from ._text import printable


@attrs.frozen
class Event:
    """A log event.

    Attributes:
        logger: The name of the logger, after ``creance_pay.``.
        level: The level.
        fields: The names of its fields.
        meaning: The reason of the event, and the reaction, for the documentation.
    """

    logger: str
    level: int
    fields: tuple[str, ...]
    meaning: str


_PAYMENT = "transaction_reference"
#: Every event by its name.
EVENTS: Mapping[str, Event] = {
    "payment_started": Event("payments", INFO, (_PAYMENT,), "An order is recorded, and the browser leaves."),
    "start_failed": Event(
        "payments",
        ERROR,
        (_PAYMENT, "error"),
        "The gateway did not build the form or address: the person stays, and nothing was debited.",
    ),
    "message_recorded": Event(
        "payments",
        INFO,
        (_PAYMENT, "source", "disposition", "state"),
        "An authentic message is recorded; `state` is that of the payment after it.",
    ),
    "message_mismatch": Event(
        "payments",
        ERROR,
        (_PAYMENT, "source", "names"),
        "An authentic message does not match its order, in these fields.",
    ),
    "message_waiting": Event(
        "payments",
        WARNING,
        ("source", "error"),
        "A message could not be recorded yet, and the bank sends it again: unknown order, or no database.",
    ),
    "message_refused": Event(
        "payments",
        WARNING,
        ("source", "error", "known"),
        "A message is not authentic or not readable; `known` states whether it names a recorded order.",
    ),
    "nothing_to_record": Event("payments", INFO, ("source",), "An authentic event is about no payment."),
    "clock_behind": Event(
        "payments",
        WARNING,
        (_PAYMENT,),
        "The bank's time is an hour or more ahead of ours: check this machine's clock.",
    ),
    "question_failed": Event(
        "payments", WARNING, (_PAYMENT, "error"), "The bank gave no readable answer about a payment; it is asked again."
    ),
    "reconciled": Event(
        "payments",
        INFO,
        ("recorded", "changed", "unanswered", "foreign"),
        "A reconciliation has ended, with these counts.",
    ),
    "report_line_failed": Event(
        "payments", ERROR, ("line",), "A line of a report raised; the others go on.  With a traceback."
    ),
    "effect_done": Event("payments", INFO, ("effect", _PAYMENT, "attempts"), "An effect has succeeded."),
    "effect_failed": Event(
        "payments",
        ERROR,
        ("effect", _PAYMENT, "attempts"),
        "An effect raised, and is retried.  With a traceback, whose text is your own.",
    ),
    "act_recorded": Event(
        "payments", INFO, (_PAYMENT, "act", "state"), "A refund, cancellation or capture was requested or has a result."
    ),
    "act_uncertain": Event(
        "payments", ERROR, (_PAYMENT, "act", "error"), "The bank has not answered an act: its records will decide."
    ),
    "incident": Event("ledger", ERROR, ("kind", _PAYMENT), "An incident was found: a person has to look at it."),
    "incident_closed": Event("ledger", INFO, ("kind", _PAYMENT), "A person has closed an incident."),
    "posting_recorded": Event("ledger", INFO, (_PAYMENT, "state"), "The caisse has posted a payment, or rejected it."),
    "database_failed": Event("ledger", ERROR, ("error",), "The database does not answer, or refuses; the cause."),
    "transaction_repeated": Event("ledger", DEBUG, ("act",), "The database rolled back an act, which is repeated."),
    "worker_started": Event("worker", INFO, (), "A worker begins."),
    "worker_stopped": Event("worker", INFO, (), "A worker has ended, as it was asked to."),
    "worker_failed": Event("worker", ERROR, ("job",), "A job raised; the worker tries again.  With a traceback."),
    "effect_hangs": Event(
        "worker",
        CRITICAL,
        ("seconds",),
        "An effect runs for longer than its lease: the worker ends, to be started again.",
    ),
    "problem": Event(
        "worker",
        ERROR,
        ("kind", "count", "since", "detail"),
        "A critical problem of the service's health, once an hour.",
    ),
    "warning": Event("worker", WARNING, ("kind", "count", "since", "detail"), "Any other problem, once an hour."),
    "delivered": Event(
        "testing",
        INFO,
        ("url", "response_code", "status"),
        "The test bank posted a notification, and the portal answered with this status.",
    ),
    "undelivered": Event(
        "testing", ERROR, ("url", "response_code", "error"), "A notification of the test bank could not be delivered."
    ),
    "problem_over": Event("worker", INFO, ("kind", "detail"), "A problem has disappeared."),
}
_LOGGERS = {name: logging.getLogger(f"creance_pay.{event.logger}") for name, event in EVENTS.items()}


def log(event: str, *, traceback: bool = False, **fields: object) -> None:
    """Log an event.

    Args:
        event: Its name, in :data:`EVENTS`.
        traceback: Whether to add the traceback of the exception that is being handled.
        **fields: Its fields, by name.
    """
    logger, level = _LOGGERS[event], EVENTS[event].level
    if logger.isEnabledFor(level):
        text = "".join(f" {name}={_shown(value)}" for name, value in fields.items())
        logger.log(
            level, "%s%s", event, text, exc_info=traceback, extra={"event": event, "fields": fields}, stacklevel=2
        )


def _shown(value: object) -> str:
    """Return a value as one word, or as a text of JSON."""
    text = printable(str(value))
    return json.dumps(text, ensure_ascii=False) if not text or set(text) & set(' "=') else text
