"""The bank's side of the conversation, to test and to show a portal without a bank.

:class:`SipsBank` decides and seals, without a network; :mod:`creance_pay.gateways.testing.pages` serves its pages on
this machine.
"""

from __future__ import annotations

from .bank import Decision, PaymentRequest, SipsBank, form_body

__all__ = ["Decision", "PaymentRequest", "SipsBank", "form_body"]
