"""The bank's side of the conversation, to test and to show a portal without a bank.

:class:`SipsBank` decides and seals, and :class:`SipsServices` speaks JSON for it, both without a network;
:mod:`creance_pay.gateways.testing.pages` serves them on this machine.
"""

from __future__ import annotations

from .bank import Account, Decision, PaymentRequest, SipsBank, form_body
from .services import SipsServices

__all__ = ["Account", "Decision", "PaymentRequest", "SipsBank", "SipsServices", "form_body"]
