"""Gateways: build the request to the bank's page, authenticate the bank's answer.

Only an authentic message becomes an object with a state: :meth:`Gateway.verify` returns a
:class:`~creance_pay.VerifiedPayment` or raises.  Each bank has a package of its own, such as
:mod:`creance_pay.gateways.sips`.  The bank's side, for tests, is in :mod:`creance_pay.testing`.
"""

from __future__ import annotations

from .base import (
    BadLine,
    Capability,
    FormPost,
    Gateway,
    OperationOutcome,
    OperationResult,
    Redirect,
    Report,
    ReportKind,
    ReportLine,
    SealedMessage,
)
from .configuration import from_file, load
from .environments import Environment
from .keys import KeyRing, SecretKey
from .seals import SealAlgorithm, seal
from .transport import HttpAnswer, RequestsTransport, Transport

__all__ = [
    "BadLine",
    "Capability",
    "Environment",
    "FormPost",
    "Gateway",
    "HttpAnswer",
    "KeyRing",
    "OperationOutcome",
    "OperationResult",
    "Redirect",
    "Report",
    "ReportKind",
    "ReportLine",
    "RequestsTransport",
    "SealAlgorithm",
    "SealedMessage",
    "SecretKey",
    "Transport",
    "from_file",
    "load",
    "seal",
]
