"""The example portal and the bank's page, together: what the portal's tests are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
from visitor import Visitor

from creance_pay.ledger import Ledger, SqlLedger
from creance_pay.testing import LocalBank
from creance_pay.testing.sips.server import serving
from portal import create_portal
from portal.accounts import Account
from portal.desk import Desk

SIXTY = "6311 7260 0000 0512 K"
ACCEPTED, REFUSED = "5017670000001800", "5017670000001805"


@attrs.define
class Stage:
    """A portal and a bank, on this machine, under two names: for a browser they are two sites.

    Attributes:
        bank: The bank's page.
        url: The portal.
        desk: What the portal decides with.
        ahead: How far the portal's clock is moved.
    """

    bank: LocalBank
    url: str = ""
    desk: Desk = attrs.field(init=False)
    ahead: timedelta = timedelta(0)

    @property
    def ledger(self) -> Ledger:
        """The portal's ledger."""
        return self.desk.ledger

    def now(self) -> datetime:
        """Tell the portal's time."""
        return datetime.now(UTC) + self.ahead

    def states(self) -> list[str]:
        """List the state of every payment, in the order of their start."""
        return [entry.state.value for entry in self.ledger.payments()]


@contextmanager
def staged(bank: LocalBank, folder: Path, accounts: Mapping[str, Account] | None = None) -> Iterator[Stage]:
    """Serve the portal beside a bank that is served."""
    stage = Stage(bank)
    gateway = bank.merchant.gateway(bank.url.replace("127.0.0.1", "localhost"))
    app = create_portal(gateway, folder, accounts=accounts, clock=stage.now)
    stage.desk = app.extensions["desk"]
    with serving(app) as stage.url:
        yield stage
    if isinstance(stage.ledger, SqlLedger):
        stage.ledger.close()


def go_to_bank(person: Visitor, *, amount: str = "20,00", reference: str = SIXTY) -> None:
    """Walk from the search to the bank's page."""
    person.open("/creance")
    person.press("Rechercher", reference=reference)
    person.press("Valider", montant=amount)
    person.press("Confirmer et payer")
    person.press("Aller sur la page de la banque")
