"""Pages for the office: find a payment, read its story, see incidents, tasks and postings, and a plot by hour.

:class:`Office` builds the content of each page from a ledger.  The Django admin and ``creance-pay office`` show it.
The pages read the ledger; their one act is to close an incident.
"""

from __future__ import annotations

from .pages import Office, OfficePage

__all__ = ["Office", "OfficePage"]
