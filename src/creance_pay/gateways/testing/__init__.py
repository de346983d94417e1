"""The bank's side of the conversation, to test and to show a portal without a bank.

:class:`SipsBank` decides and seals, and :class:`SipsServices` speaks JSON for it, both without a network;
:mod:`creance_pay.gateways.testing.pages` serves them on this machine.  :class:`GatewayConformance` is what any gateway,
of whatever bank, has to withstand.
"""

from __future__ import annotations

from .bank import Account, Decision, PaymentRequest, SipsBank, form_body
from .conformance import GatewayConformance, Subject
from .services import SipsServices

__all__ = [
    "Account",
    "Decision",
    "GatewayConformance",
    "PaymentRequest",
    "SipsBank",
    "SipsServices",
    "Subject",
    "form_body",
]
