"""The Flask application: configuration, ledger, mailbox and pages."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader

from creance_pay import find_caisse, messages, rules
from creance_pay.gateways import Gateway, RequestsTransport
from creance_pay.ledger import SqlLedger

from . import texts
from .accounts import Account, example_accounts
from .mailbox import Mailbox
from .means import read_means
from .pages import pages
from .security import protect
from .service import PortalService

#: The themes of the example.
THEMES = Path(__file__).parent / "themes"
_MAX_BODY_BYTES = 65_536


def create_portal(
    gateway: Gateway,
    folder: Path,
    *,
    accounts: Mapping[str, Account] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    policy: rules.Policy | None = None,
    theme: Path = THEMES / "sea",
    secret_key: str | None = None,
) -> Flask:
    """Build the application.

    Args:
        gateway: The bank's gateway.
        folder: The folder of the ledger's and the mailbox's databases.
        accounts: The accounts, by name; by default those of the example.
        clock: Returns the time, with its zone.
        policy: The policy to apply; by default that of the guide.
        theme: The folder of the caisse's theme: style sheet, logo, and templates that replace those of the portal.
        secret_key: The key that seals the session cookies, the same for all processes; by default random.
    """
    portal = Flask(__name__)
    portal.secret_key = secret_key or secrets.token_urlsafe()
    portal.config.update(
        MAX_CONTENT_LENGTH=_MAX_BODY_BYTES,
        SESSION_COOKIE_NAME="compte",
        SESSION_COOKIE_SAMESITE="Lax",  # and SESSION_COOKIE_SECURE behind https
        TRUSTED_HOSTS=["127.0.0.1", "localhost"],
    )
    portal.config["THEME"] = theme
    portal.jinja_loader = ChoiceLoader([FileSystemLoader(theme), FileSystemLoader(Path(__file__).parent / "templates")])
    texts.install(portal)
    portal.jinja_env.globals |= {"find_caisse": find_caisse, "error_summary": messages.error_summary}
    portal.extensions["portal"] = PortalService(
        example_accounts() if accounts is None else accounts,
        gateway=gateway,
        ledger=SqlLedger(f"sqlite:///{folder / 'ledger.db'}", merchant_id="example-portal"),
        mailbox=Mailbox(folder / "mailbox.db"),
        means=read_means(),
        transport=RequestsTransport(direct=True),
        clock=clock,
        policy=policy or rules.policy_named("ameli-2019-11"),
    )
    protect(portal, exempt={"pages.payment_return", "pages.notification"})
    portal.register_blueprint(pages)
    return portal
