"""A portal as a caisse could have it: the account pages of the guide, on the library alone.

``python3 dev.py portal`` serves it together with a bank's page, on this machine; no payment is real.  Read it in this
order:

* :mod:`portal.accounts`: the persons of the example, and what they owe;
* :mod:`portal.desk`: every decision, made on the server each time it is asked for;
* :mod:`portal.mailbox`: the acknowledgements, one a payment;
* :mod:`portal.pages`: the pages, by Flask;
* :mod:`portal.guard`: what no page does by itself: the session, the form's token, the headers.

What a real one has besides: people who prove who they are, and the caisse's own system in the place of the accounts.
"""

from __future__ import annotations

from .app import create_portal

__all__ = ["create_portal"]
