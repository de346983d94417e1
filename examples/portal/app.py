"""The application: what the pages need, put together."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from babel.numbers import format_currency
from flask import Flask

from creance_pay import Euros, find_caisse, messages
from creance_pay.gateways import Gateway, RequestsTransport
from creance_pay.ledger import SqlLedger

from .accounts import Account, example_accounts
from .desk import Desk
from .guard import protect
from .mailbox import Mailbox
from .pages import pages

_LARGEST_FORM = 65_536


def create_portal(
    gateway: Gateway,
    folder: Path,
    *,
    accounts: Mapping[str, Account] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    secret_key: str | None = None,
) -> Flask:
    """Make the portal.

    Args:
        gateway: The bank.
        folder: Where the ledger and the mailbox are kept.
        accounts: The persons and what they owe; by default those of the example.
        clock: What tells the time, with its zone.
        secret_key: What seals the sessions: one for all processes of a portal; by default made up.
    """
    portal = Flask(__name__)
    portal.secret_key = secret_key or secrets.token_urlsafe()
    portal.config.update(
        MAX_CONTENT_LENGTH=_LARGEST_FORM,
        SESSION_COOKIE_NAME="compte",
        SESSION_COOKIE_SAMESITE="Lax",  # and SESSION_COOKIE_SECURE wherever there is https
        TRUSTED_HOSTS=["127.0.0.1", "localhost"],
    )
    portal.jinja_env.filters["euros"] = _euros
    portal.jinja_env.globals |= {"find_caisse": find_caisse, "error_summary": messages.error_summary}
    portal.extensions["desk"] = Desk(
        example_accounts() if accounts is None else accounts,
        gateway=gateway,
        ledger=SqlLedger(f"sqlite:///{folder / 'ledger.db'}"),
        mailbox=Mailbox(folder / "mailbox.db"),
        transport=RequestsTransport(direct=True),
        clock=clock,
    )
    protect(portal, exempt={"pages.come_back", "pages.hear"})
    portal.register_blueprint(pages)
    return portal


def _euros(amount: Euros) -> str:
    return format_currency(Decimal(str(amount)), "EUR", locale="fr_FR")
