"""An example portal: the account pages of the guide, built on the public names of the library.

``python3 dev.py portal`` serves it together with a bank's page, on this machine; no payment is real.  Read it in this
order:

* :mod:`portal.accounts`: the persons of the example and their debts;
* :mod:`portal.service`: every decision, made on the server at each request;
* :mod:`portal.caisse`: the caisse's own system, which posts payments to the debts;
* :mod:`portal.mailbox`: the acknowledgements, one for each payment;
* :mod:`portal.pages`: the pages, as Flask views;
* :mod:`portal.security`: the form token, the headers, and the page of each error.

A real portal identifies its persons, and reads their debts from the caisse's own system.
"""

from __future__ import annotations

from .app import create_portal

__all__ = ["create_portal"]
