"""The bank's side of the conversation, to test and to show a portal without a bank.

:class:`SipsBank` decides and seals, and :class:`SipsServices` speaks JSON for it, both without a network;
:mod:`creance_pay.gateways.testing.pages` serves them on this machine.  :class:`GatewayConformance` is what any gateway,
of whatever bank, has to withstand.
"""

from __future__ import annotations

from .bank import Account, SipsBank
from .conformance import GatewayConformance, Subject
from .decisions import Authentication, Decision, PaymentRequest, TrialCard, form_body
from .faults import Dispatch, Fault, Notification
from .kit import BankPage, BankShop
from .services import SipsServices

__all__ = [
    "Account",
    "Authentication",
    "BankPage",
    "BankShop",
    "Decision",
    "Dispatch",
    "Fault",
    "GatewayConformance",
    "Notification",
    "PaymentRequest",
    "SipsBank",
    "SipsServices",
    "Subject",
    "TrialCard",
    "form_body",
]
