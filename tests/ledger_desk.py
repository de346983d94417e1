"""A portal and its bank around a ledger, with one clock that only the test moves."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from creance_pay import Euros, HttpMessage, NoticeReference
from creance_pay.errors import GatewayUnavailableError
from creance_pay.gateways import HttpAnswer
from creance_pay.gateways.transport import Transport
from creance_pay.ledger import Effect, Ledger, Payment
from creance_pay.payments import Answer, PaymentService, PaymentView, StartedPayment
from creance_pay.testing.sips import SipsBank, SipsServices
from sips_merchant import MERCHANT, NOON, NOTIFICATION_URL, RETURN_URL, body, changed, local_gateway, ring

NOTICE, OTHER = NoticeReference("6311705400000344F"), NoticeReference("6311705400000345F")
ACCEPTED, LEFT, REFUSED, PENDING = "5017670000001800", "5017670000001817", "5017670000001805", "5017670000001860"


class Line(Transport):
    """The bank's Office, without a network: it can be cut, and counts the questions."""

    def __init__(self, bank: SipsBank) -> None:
        """Open the line."""
        self.services = SipsServices(bank)
        self.cut = False
        self.asked = 0

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Answer a question."""
        del method, headers
        self.asked += 1
        if self.cut:
            raise GatewayUnavailableError("no answer", retryable=True)
        service = url.partition("/rs-services/v2/")[2]
        answer = self.services.post(service, body or b"")
        return HttpAnswer(200, json.dumps(answer).encode())


class Readings:
    """Reads the payments, events, incidents and effects of a portal.

    Attributes:
        ledger: The ledger.
        service: The payment service.
        happened: The transaction reference and the name of each effect that ran.
    """

    ledger: Ledger
    service: PaymentService
    happened: list[tuple[str, str]]

    def payment(self, started: StartedPayment) -> Payment:
        """Read a payment."""
        found = self.ledger.find(started.transaction_reference)
        assert found is not None
        return found

    def state(self, started: StartedPayment) -> str:
        """Read the state of a payment."""
        return self.payment(started).state.value

    def dispositions(self, started: StartedPayment) -> list[str]:
        """Read how the messages about a payment were treated."""
        return [event.disposition.value for event in self.ledger.events(started.transaction_reference)]

    def incidents(self) -> list[str]:
        """Read the kinds of the open incidents."""
        return [incident.kind.value for incident in self.service.incidents()]

    def effects_of(self, started: StartedPayment) -> list[str]:
        """Run the effects, and list those that have happened to a payment."""
        self.service.run_effects()
        return sorted(name for reference, name in self.happened if reference == started.transaction_reference)


class Desk(Readings):
    """A portal: its service, its bank, and what its effects have brought about."""

    def __init__(self, ledger: Ledger, *, asking: bool = False, **settings: Any) -> None:  # noqa: ANN401 - any argument
        """Open at noon."""
        self.ledger = ledger
        self.now = NOON
        self.happened = []
        self.bank = SipsBank({MERCHANT: ring()}, clock=lambda: self.now)
        self.line = Line(self.bank)
        given = {
            "gateway": local_gateway(clock=lambda: self.now),
            "effects": [self.effect("acknowledgement"), self.effect("display")],
            "transport": self.line if asking else None,
            "clock": lambda: self.now,
            **settings,
        }
        self.service = PaymentService(given.pop("gateway"), ledger, **given)

    def effect(self, name: str) -> Effect:
        """Make an effect that only remembers."""

        def run(payment: Payment, _: str) -> None:
            self.happened.append((payment.transaction_reference, name))

        return Effect(name=name, run=run)

    def later(self, **much: float) -> None:
        """Move the clock, forwards or backwards."""
        self.now += timedelta(**much)

    def start(self, *notices: NoticeReference, cents: int = 1600, replace: bool = False) -> StartedPayment:
        """Start a payment of one notice or more, in equal parts."""
        parts = dict.fromkeys(notices or (NOTICE,), Euros(cents))
        return self.service.start(
            sum(parts.values(), Euros(0)),
            parts,
            return_url=RETURN_URL,
            notification_url=NOTIFICATION_URL,
            replace=replace,
        )

    def visit(self, started: StartedPayment, card: str) -> None:
        """Open the bank's page and decide there; no message comes back."""
        request = self.bank.receive(started.form.fields)
        self.bank.answer(request, self.bank.pay(request, card))

    def notify(self, started: StartedPayment | str, code: str = "00", *absent: str, **fields: str) -> Answer:
        """Post a message of the bank to the notification's address."""
        return self.service.on_notification(message(started, code, *absent, **fields))

    def bring_back(self, started: StartedPayment | str, code: str = "00", *absent: str, **fields: str) -> PaymentView:
        """Deliver a message of the bank by the browser."""
        return self.service.on_return(message(started, code, *absent, **fields))


def message(started: StartedPayment | str, code: str = "00", *absent: str, **fields: str) -> HttpMessage:
    """Seal a message about a payment, by the bank's key and without the library's own sealing code."""
    reference = started if isinstance(started, str) else started.transaction_reference
    returned = {} if isinstance(started, str) else {"returnContext": nonce(started)}
    named = {"transactionReference": reference, "responseCode": code, **returned, **fields}
    return HttpMessage(body(changed(*absent, **named)))


def at(moment: datetime) -> dict[str, str]:
    """Return the field of the bank's time."""
    return {"transactionDateTime": moment.isoformat(timespec="seconds")}


def nonce(started: StartedPayment) -> str:
    """Read the order's own value from its form, as the bank does."""
    data = started.form.fields["Data"]
    found: str = dict(part.split("=", 1) for part in data.split("|"))["returnContext"]
    return found
