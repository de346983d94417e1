"""The example portal and the bank's page, served together for the tests of the portal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
from visitor import Visitor

from creance_pay.ledger import Ledger, SqlLedger
from creance_pay.rules import Policy
from creance_pay.testing import LocalBank
from creance_pay.testing.server import serving
from portal import create_portal
from portal.accounts import Account
from portal.app import THEMES
from portal.service import PortalService

SIXTY = "6311 7260 0000 0512 K"
ACCEPTED, REFUSED = "5017670000001800", "5017670000001805"


@attrs.define
class Scenario:
    """A portal and a bank on this machine, under two host names: a browser treats them as two sites.

    Attributes:
        bank: The bank's page.
        url: The address of the portal.
        service: The decisions of the portal.
        offset: The difference between the portal's clock and the real time.
    """

    bank: LocalBank
    url: str = ""
    service: PortalService = attrs.field(init=False)
    offset: timedelta = timedelta(0)

    @property
    def ledger(self) -> Ledger:
        """The portal's ledger."""
        return self.service.ledger

    def now(self) -> datetime:
        """Return the portal's time."""
        return datetime.now(UTC) + self.offset

    def states(self) -> list[str]:
        """List the state of every payment, in the order of their start."""
        return [payment.state.value for payment in self.ledger.payments()]


@contextmanager
def serving_portal(
    bank: LocalBank,
    folder: Path,
    accounts: Mapping[str, Account] | None = None,
    policy: Policy | None = None,
    theme: Path = THEMES / "sea",
) -> Iterator[Scenario]:
    """Serve the portal for a bank that is served."""
    scenario = Scenario(bank)
    gateway = bank.merchant.gateway(bank.url.replace("127.0.0.1", "localhost"), clock=bank.now)
    app = create_portal(gateway, folder, accounts=accounts, clock=scenario.now, policy=policy, theme=theme)
    scenario.service = app.extensions["portal"]
    with serving(app) as scenario.url:
        yield scenario
    if isinstance(scenario.ledger, SqlLedger):
        scenario.ledger.close()


def go_to_bank(person: Visitor, *, amount: str = "20,00", reference: str = SIXTY) -> None:
    """Go from the search to the bank's page."""
    person.open("/creance")
    person.press("Rechercher", reference=reference)
    person.press("Valider", montant=amount)
    person.press("Confirmer et payer")
    person.press("Aller sur la page de la banque")
