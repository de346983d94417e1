"""The bank's two addresses for any web framework, and the message about a payment that cannot start.

:class:`BankEndpoints` is a WSGI and an ASGI application: mount it in Flask, FastAPI, Starlette or Pyramid in two lines.
The Django application :mod:`creance_pay.django` uses the same class.
"""

from __future__ import annotations

from .endpoints import BankEndpoints, Reply
from .starts import message_for_start

__all__ = ["BankEndpoints", "Reply", "message_for_start"]
