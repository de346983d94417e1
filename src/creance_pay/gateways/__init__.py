"""Speaking to the bank: a way out to its page, and a verified answer back.

A message that is not authentic never becomes an object with an outcome: :meth:`Gateway.verify` returns a
:class:`VerifiedPayment` or raises.  The banks' dialects are in modules of their own (:mod:`creance_pay.gateways.sips`),
and their side of the conversation, for tests, in :mod:`creance_pay.gateways.testing`.
"""

from __future__ import annotations

from .forms import FormPost, Redirect
from .gateway import Capability, Gateway, HttpMessage, OperationOutcome, OperationResult, VerifiedPayment
from .keys import KeyRing, SecretKey
from .registry import load
from .seals import SealAlgorithm, seal
from .transport import HttpAnswer, RequestsTransport, Transport

__all__ = [
    "Capability",
    "FormPost",
    "Gateway",
    "HttpAnswer",
    "HttpMessage",
    "KeyRing",
    "OperationOutcome",
    "OperationResult",
    "Redirect",
    "RequestsTransport",
    "SealAlgorithm",
    "SecretKey",
    "Transport",
    "VerifiedPayment",
    "load",
    "seal",
]
