"""Helpers for the tests of a portal or of a gateway.

:class:`LocalBank` and :func:`trial_merchant` play the bank for a portal; the pytest fixtures that build them are in
:mod:`creance_pay.testing.pytest_plugin`.  :class:`GatewayConformance` holds the tests that every gateway must pass.
:class:`TrialBank` holds what the test banks share; :mod:`creance_pay.testing.sips` and
:mod:`creance_pay.testing.direct` implement the bank's side of their protocols, and :mod:`creance_pay.testing.server`
serves a bank over HTTP.
"""

from __future__ import annotations

from .accounts import Account, Operation
from .bank import BankAnswer, BankCall, BankTransport, TrialBank
from .conformance import GatewayConformance, Subject
from .decisions import Authentication, Decision, PaymentRequest, TrialCard
from .faults import Dispatch, Fault, Notification
from .fixtures import simulated_bank, trial_banks, trial_merchant
from .trials import LocalBank, TrialMerchant

__all__ = [
    "Account",
    "Authentication",
    "BankAnswer",
    "BankCall",
    "BankTransport",
    "Decision",
    "Dispatch",
    "Fault",
    "GatewayConformance",
    "LocalBank",
    "Notification",
    "Operation",
    "PaymentRequest",
    "Subject",
    "TrialBank",
    "TrialCard",
    "TrialMerchant",
    "simulated_bank",
    "trial_banks",
    "trial_merchant",
]
