"""The bank of a simulated world: its pages, its messages, its records, and its own account of the money."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import ClassVar, Protocol

import attrs

from ...gateways import FormPost, Gateway, Redirect, Report, Transport
from ...http import HttpMessage
from ...money import Euros
from ...payment import PaymentState


@attrs.define
class Entry:
    """The bank's record of one order.

    Attributes:
        nonce: The order's nonce.
        reference: The transaction reference.
        decided: Whether the bank has decided.
        taken: The amount that the person was debited.
        refunded: The amount that was given back, or cancelled before the debit.
        charged_back: The amount that the person's bank has taken back and not returned.
        authorisation: The number of the authorisation; empty where the bank has none.
        at: The time of the decision; ``None`` before.
    """

    nonce: str
    reference: str
    decided: bool
    taken: Euros
    refunded: Euros
    charged_back: Euros
    authorisation: str = ""
    at: datetime | None = None

    @property
    def held(self) -> Euros:
        """The amount that the merchant holds."""
        return self.taken.saturating_sub(self.refunded + self.charged_back)


@attrs.frozen
class Letter:
    """A message of the bank on its way.

    Attributes:
        nonce: The nonce of the order that it is about; empty for a forgery.
        reference: The transaction reference that it names.
        by_browser: Whether the browser brings it.
        message: The message.
        genuine: Whether the bank has sealed it.
        of_order: Whether it repeats the amount of the order.
        state: The state that it reports.
    """

    nonce: str
    reference: str
    by_browser: bool
    message: HttpMessage
    genuine: bool = True
    of_order: bool = True
    state: PaymentState | None = None


class SimulatedBank(Protocol):
    """The bank's side of a gateway, in a simulated world.

    Attributes:
        refunds_at_once: Whether a refund that the bank has accepted has moved the money.
        by_reference: Whether the bank answers questions by the transaction reference alone.
        never: The rare states that this bank never causes.
    """

    by_reference: ClassVar[bool]
    never: ClassVar[frozenset[str]]

    refunds_at_once: bool

    def gateway(self, clock: Callable[[], datetime], transport: Transport, *, rotated: bool) -> Gateway:
        """Build the gateway of a process, with the merchant's keys before or after a rotation.

        Args:
            clock: Returns the time of the process.
            transport: The transport of the process, with the faults of a network.
            rotated: Whether the process has the new key.
        """

    def about(self, url: str, body: bytes) -> str:
        """Return the transaction reference that a call asks about; empty for a call that creates a payment page."""

    @property
    def transport(self) -> Transport:
        """The transport to the bank's services."""

    def visit(self, form: FormPost | Redirect, chance: Random, *, faulty: bool) -> list[Letter] | None:
        """Open the page and decide there; ``None`` when the bank refuses to open it without a message."""

    def due(self) -> list[Letter]:
        """Return the late messages that are due."""

    def forge(self, letter: Letter, chance: Random) -> Letter:
        """Return a message that resembles a genuine one, and that nobody must believe."""

    def give_back(self, nonce: str, amount: Euros) -> Euros:
        """Refund a payment from the bank's own screens, and return the amount that the bank has accepted."""

    def charge_back(self, nonce: str, amount: Euros) -> None:
        """Charge a payment back for the person's bank."""

    def represent(self, nonce: str) -> None:
        """Return the money of a chargeback."""

    def run_night(self) -> None:
        """Capture and credit."""

    def report(self, *, whole: bool) -> list[Report]:
        """Report the payments and movements since the last report, or all of them."""

    def leave_out_nonces(self) -> None:
        """Repeat the nonce of an order in messages alone: neither in answers to questions nor in reports."""

    def calm(self) -> None:
        """End every fault."""

    def entries(self) -> dict[str, Entry]:
        """Return the bank's account, by the nonce of the order."""
