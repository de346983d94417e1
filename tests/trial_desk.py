"""A portal around a ledger, with a test bank: one clock that only the test moves, and no bank's own words."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import attrs

from creance_pay import Euros, HttpMessage, NoticeReference, PaymentOrder, PaymentState
from creance_pay.errors import GatewayUnavailableError
from creance_pay.gateways import HttpAnswer
from creance_pay.gateways.transport import Transport
from creance_pay.ledger import Effect, Ledger, Payment
from creance_pay.payments import Answer, PaymentService, PaymentView, StartedPayment
from creance_pay.testing import (
    BankTransport,
    Dispatch,
    Fault,
    LocalBank,
    PaymentRequest,
    Subject,
    TrialCard,
    TrialMerchant,
    trial_merchant,
)
from ledger_desk import NOTICE, OTHER, Readings
from sips_merchant import NOON

__all__ = ["NOTICE", "OTHER"]
URL = "http://127.0.0.1"
RETURN_URL, NOTIFICATION_URL = f"{URL}/return", f"{URL}/notification"
#: The state that each card leads to; ``None`` is a person who leaves.
STATES = {
    TrialCard.ACCEPTED: PaymentState.PAID,
    TrialCard.REFUSED: PaymentState.REFUSED,
    TrialCard.PENDING: PaymentState.PENDING,
    None: PaymentState.CANCELLED,
}


@attrs.define
class Line(Transport):
    """A line to the bank that can be cut, or lose the answers, and that counts the calls."""

    desk: "TrialDesk"
    cut: bool = False
    lost: bool = False
    asked: int = 0

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Send a call."""
        self.asked += 1
        if self.cut:
            raise GatewayUnavailableError("no answer", retryable=True)
        answer = self.desk.bank_line.send(method, url, headers=headers, body=body)
        if self.lost:
            raise GatewayUnavailableError("the answer is lost")
        return answer


class TrialDesk(Readings):
    """A portal: its service, its bank, and the effects that ran."""

    def __init__(self, ledger: Ledger, bank: str, **settings: Any) -> None:  # noqa: ANN401 - any argument of the service
        """Open at noon."""
        self.ledger, self.now = ledger, NOON
        self.happened = []
        self.opened: dict[str, PaymentRequest] = {}
        self.merchant = trial_merchant(bank)
        self.bank = self.merchant.open_bank(clock=self.clock, delay=timedelta(minutes=5))
        self.bank_line = BankTransport(self.bank)
        self.line = Line(self)
        self.gateway = self.merchant.gateway(URL, transport=self.bank_line, clock=self.clock)
        given = {
            "effects": [self.effect("acknowledgement"), self.effect("display")],
            "transport": self.line,
            "clock": self.clock,
            **settings,
        }
        self.service = PaymentService(self.gateway, ledger, **given)

    def clock(self) -> datetime:
        """Return the time."""
        return self.now

    def effect(self, name: str) -> Effect:
        """Make an effect that only remembers."""

        def run(payment: Payment, _: str) -> None:
            self.happened.append((payment.transaction_reference, name))

        return Effect(name=name, run=run)

    def later(self, **much: float) -> None:
        """Move the clock."""
        self.now += timedelta(**much)

    def start(self, *notices: NoticeReference, replace: bool = False) -> StartedPayment:
        """Start a payment of 16 EUR for each notice."""
        parts = dict.fromkeys(notices or (NOTICE,), Euros(1600))
        total = sum(parts.values(), Euros(0))
        return self.service.start(
            total, parts, return_url=RETURN_URL, notification_url=NOTIFICATION_URL, replace=replace
        )

    def pay(
        self, started: StartedPayment, card: str | None = TrialCard.ACCEPTED, fault: Fault = Fault.NONE
    ) -> Dispatch:
        """Open the bank's page and decide there; return the messages of the bank, which nobody has delivered."""
        request = self.request(started)
        decision = self.bank.leave() if card is None else self.bank.pay(request, card)
        ending = self.bank.settle(request, decision, fault=fault)
        assert ending is not None
        return ending

    def message(self, started: StartedPayment, card: str | None = TrialCard.ACCEPTED) -> HttpMessage:
        """Return the notification of a decision about a payment that is open at the bank or ended."""
        request = self.request(started)
        decision = self.bank.leave() if card is None else self.bank.pay(request, card)
        return self.bank.message(request, decision, self.bank.keys_of(request)[1])

    def request(self, started: StartedPayment) -> PaymentRequest:
        """Return the bank's request of a payment; open its page once."""
        reference = started.transaction_reference
        if reference not in self.opened:
            self.opened[reference] = self.bank.open_form(started.form)
        return self.opened[reference]

    def notify(self, message: HttpMessage) -> Answer:
        """Deliver a notification."""
        return self.service.on_notification(message)

    def bring_back(self, started: StartedPayment, ending: Dispatch) -> PaymentView:
        """Deliver the return of the browser; the page that follows shows the payment of the person's session."""
        view = self.service.on_return(HttpMessage(urlencode(ending.return_fields or {}).encode()))
        self.service.confirm(started.transaction_reference)
        return view


def trial_subject(merchant: TrialMerchant) -> Subject:
    """Return the gateway of a test bank's merchant as a subject of the conformance suite."""
    order = PaymentOrder(
        transaction_reference="PCLCB172540000004",
        amount=Euros(2000),
        return_url=RETURN_URL,
        notification_url=NOTIFICATION_URL,
    )
    cards = {state: card for card, state in STATES.items()}

    @cache  # the bank writes the time into a message
    def genuine(about: PaymentOrder, state: PaymentState) -> HttpMessage:
        return merchant.notification(about, card=cards[state])

    stranger = attrs.evolve(merchant, merchant_id="002001000000001")  # type: ignore[misc]
    return Subject(
        gateway=LocalBank(merchant).gateway,
        order=order,
        genuine=genuine,
        states=tuple(STATES.values()),
        forged={fault: merchant.notification(order, fault=fault) for fault in (Fault.FORGED, Fault.EMPTY_SEAL)},
        foreign={"another merchant": stranger.notification(order)},
        secrets=tuple(value.split()[0] for name, value in merchant.settings.items() if "key" in name),
    )
