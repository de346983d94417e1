"""A Django application: the bank's two addresses, forms, template tags, a mailbox, checks, commands and an admin.

Add ``"creance_pay.django"`` to ``INSTALLED_APPS``, include ``creance_pay.django.urls`` in the URLs, and write the
setting ``CREANCE_PAY`` (extra ``django``, Django 5.2 or newer).
"""

from __future__ import annotations

from .payments_of import own_payment, send_to_bank, start_payment
from .setting import bank_endpoints, payment_service

__all__ = ["bank_endpoints", "own_payment", "payment_service", "send_to_bank", "start_payment"]
