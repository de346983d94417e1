"""The bank's side of the conversation, to test and to show a portal without a bank.

:class:`SipsBank` decides and seals, without a network; :mod:`creance_pay.gateways.testing.pages` serves its pages on
this machine.  :class:`GatewayConformance` is what any gateway, of whatever bank, has to withstand.
"""

from __future__ import annotations

from .bank import Decision, PaymentRequest, SipsBank, form_body
from .conformance import GatewayConformance, Subject

__all__ = ["Decision", "GatewayConformance", "PaymentRequest", "SipsBank", "Subject", "form_body"]
