"""The bank of a simulated world: its pages, its messages, its records, and its own account of the money."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

import attrs

from ...errors import MalformedResponseError
from ...gateways import (
    FormPost,
    Gateway,
    HttpAnswer,
    KeyRing,
    Redirect,
    ReportKind,
    ReportLine,
    SecretKey,
    Transport,
)
from ...gateways.sips import SipsHost, SipsPaypage
from ...http import HttpMessage
from ...money import Euros
from ...payment import Movement, MovementKind, PaymentState
from ..sips import Account, Decision, Fault, PaymentRequest, SipsBank, SipsServices, TrialCard, form_body
from ..sips.decisions import sealed_answer

MERCHANT = "201000005940002"
_LOOPBACK = "http://127.0.0.1"
_REFERENCE_USED = "94"
_KEYS = {version: f"a-key-number-{version}-of-a-simulated-merchant" for version in ("1", "2")}
_FORGED = SecretKey(version="1", secret="a-key-that-somebody-made-up")  # noqa: S106 - fictitious
_FAULTS = (Fault.LOST, Fault.LATE, Fault.DOUBLED, Fault.OUT_OF_ORDER, Fault.PENDING_FIRST, Fault.HTML_ERROR)
#: How often a person closes the page, and how often a faulty bank fails.
_CLOSED, _FAULTY = 0.1, 0.6
_CARDS = (TrialCard.ACCEPTED,) * 6 + (TrialCard.REFUSED, TrialCard.PENDING, None)


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
    """

    nonce: str
    reference: str
    decided: bool
    taken: Euros
    refunded: Euros
    charged_back: Euros

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
    """

    nonce: str
    reference: str
    by_browser: bool
    message: HttpMessage
    genuine: bool = True


class SimulatedBank(Protocol):
    """The bank's side of a gateway, in a simulated world."""

    def gateway(self, clock: Callable[[], datetime], *, rotated: bool) -> Gateway:
        """Build the gateway of a process, with the merchant's keys before or after a rotation."""

    @property
    def transport(self) -> Transport:
        """The transport to the bank's services."""

    def visit(self, form: FormPost | Redirect, chance: Random, *, faulty: bool) -> list[Letter] | None:
        """Open the page and decide there; ``None`` when the bank refuses to open it without a message."""

    def due(self) -> list[Letter]:
        """Return the late messages that are due."""

    def forge(self, letter: Letter, chance: Random) -> Letter:
        """Return a message that resembles a genuine one, and that nobody must believe."""

    def give_back(self, nonce: str, amount: Euros) -> None:
        """Refund a payment from the bank's own screens."""

    def charge_back(self, nonce: str, amount: Euros) -> None:
        """Charge a payment back for the person's bank."""

    def represent(self, nonce: str) -> None:
        """Return the money of a chargeback."""

    def run_night(self) -> None:
        """Capture and credit."""

    def report(self, *, whole: bool) -> list[ReportLine]:
        """Report the payments and movements since the last report, or all of them."""

    def calm(self) -> None:
        """End every fault."""

    def entries(self) -> dict[str, Entry]:
        """Return the bank's account, by the nonce of the order."""


@attrs.define
class SimulatedSips:
    """The bank's side of Worldline Sips."""

    clock: Callable[[], datetime]
    bank: SipsBank = attrs.field(init=False)
    services: SipsServices = attrs.field(init=False)
    movements: list[tuple[str, Movement]] = attrs.field(factory=list)
    _reported: int = 0
    _seen: set[str] = attrs.field(factory=set)

    def __attrs_post_init__(self) -> None:
        """Open the bank, with both keys of the merchant."""
        self.bank = SipsBank({MERCHANT: _ring("1", "2")}, clock=self.clock, delay=timedelta(hours=2))
        self.services = SipsServices(self.bank)

    def gateway(self, clock: Callable[[], datetime], *, rotated: bool) -> SipsPaypage:
        """Build the gateway of a process, with the merchant's keys before or after a rotation."""
        keys = _ring("1", "2", current="2") if rotated else _ring("1")
        return SipsPaypage(merchant_id=MERCHANT, keys=keys, host=SipsHost.loopback(_LOOPBACK), clock=clock)

    @property
    def transport(self) -> Transport:
        """The transport to the bank's services."""
        return self

    def post_form(self, url: str, fields: Mapping[str, str]) -> HttpAnswer:
        """Refuse a form: Sips has no service that takes one."""
        raise NotImplementedError(url, fields)

    def post_json(self, url: str, document: Mapping[str, Any]) -> HttpAnswer:
        """Answer a call."""
        service = url.partition("/rs-services/v2/")[2]
        before = self._held(document)
        answer = self.services.post(service, json.dumps(document).encode())
        verb, after = service.partition("/")[2], self._held(document)
        if verb in {"refund", "cancel"} and after < before:
            self._moved(str(document["transactionReference"]), MovementKind.REFUNDED, before - after)
        return HttpAnswer(200, json.dumps(answer).encode())

    def visit(self, form: FormPost | Redirect, chance: Random, *, faulty: bool) -> list[Letter] | None:
        """Open the page and decide there; ``None`` when the bank refuses to open it without a message."""
        fields = form.fields if isinstance(form, FormPost) else {}
        try:
            request = self.bank.receive(fields)
        except MalformedResponseError as error:
            return self._refused(fields, error)
        card = chance.choice(_CARDS)
        if chance.random() < _CLOSED:
            return []  # the person closes the page; the bank tells of the expiry later
        decision = self.bank.pay(request, card) if card else self.bank.leave()
        fault = chance.choice(_FAULTS) if faulty and chance.random() < _FAULTY else Fault.NONE
        ending = self.bank.settle(request, decision, fault=fault)
        if ending is None:
            return []
        found = [_letter(request, each.fields) for each in ending.immediate]
        if ending.return_fields is not None:
            found.append(_letter(request, ending.return_fields, by_browser=True))
        return found

    def _refused(self, fields: Mapping[str, str], error: MalformedResponseError) -> list[Letter] | None:
        """Answer « already processed » for a reference that the bank knows, as the vendor does."""
        if "already processed" not in str(error):
            return None
        second = SipsBank({MERCHANT: _ring("1", "2")}, clock=self.clock).receive(fields)
        refused = Decision(response_code=_REFERENCE_USED, decided_at=self.clock())
        return [_letter(second, sealed_answer(second, refused), by_browser=each) for each in (False, True)]

    def due(self) -> list[Letter]:
        """Return the late messages that are due."""
        requests = self.bank.requests
        return [_letter(requests[_reference_of(each.fields)], each.fields) for each in self.bank.due()]

    def forge(self, letter: Letter, chance: Random) -> Letter:
        """Return a message that resembles a genuine one, and that nobody must believe."""
        request = self.bank.requests[letter.reference]
        wrong = attrs.evolve(request, key=_FORGED)
        accepted = Decision(response_code="00", decided_at=self.clock(), authorisation_number="000001")
        body = form_body(sealed_answer(wrong, accepted))
        changed = letter.message.body.replace(b"responseCode%3D", b"responseCode%3D0")
        cut = letter.message.body[: len(letter.message.body) // 2]
        forged = HttpMessage(chance.choice([body, changed, cut]))
        return Letter("", letter.reference, letter.by_browser, forged, genuine=False)

    def give_back(self, nonce: str, amount: Euros) -> None:
        """Refund a payment from the bank's own screens."""
        account = self._account(nonce)
        account.remaining -= amount
        account.status = "TO_CREDIT"
        self._moved(self._reference(nonce), MovementKind.REFUNDED, amount)

    def charge_back(self, nonce: str, amount: Euros) -> None:
        """Charge a payment back for the person's bank."""
        self._moved(self._reference(nonce), MovementKind.CHARGED_BACK, amount)

    def represent(self, nonce: str) -> None:
        """Return the money of a chargeback."""
        open_amount = self.entries()[nonce].charged_back
        self._moved(self._reference(nonce), MovementKind.REPRESENTED, open_amount)

    def run_night(self) -> None:
        """Capture and credit."""
        self.services.run_nightly_batch()

    def report(self, *, whole: bool) -> list[ReportLine]:
        """Report the payments and movements since the last report, or all of them."""
        lines = []
        for reference, account in sorted(self.bank.accounts.items()):
            if (whole or reference not in self._seen) and account.decision.accepted:
                self._seen.add(reference)
                lines.append(self._line(reference, PaymentState.PAID, account.decision.decided_at))
        first = 0 if whole else self._reported
        for reference, movement in self.movements[first:]:
            lines.append(self._line(reference, _STATES[movement.kind], movement.at, movement))
        self._reported = len(self.movements)
        return lines

    def calm(self) -> None:
        """End every fault: Office answers about each payment."""
        for reference, ending in self.bank.ended.items():
            self.bank.ended[reference] = attrs.evolve(ending, fault=Fault.NONE)

    def entries(self) -> dict[str, Entry]:
        """Return the bank's account, by the nonce of the order."""
        return {entry.nonce: entry for entry in self._entries()}

    def _entries(self) -> Iterator[Entry]:
        for reference, request in self.bank.requests.items():
            account = self.bank.accounts.get(reference)
            taken = request.amount if account and account.decision.accepted else Euros(0)
            yield Entry(
                nonce=request.return_context or "",
                reference=reference,
                decided=account is not None and account.status != "PENDING",
                taken=taken,
                refunded=taken.saturating_sub(account.remaining) if account else Euros(0),
                charged_back=self._sum(reference, MovementKind.CHARGED_BACK).saturating_sub(
                    self._sum(reference, MovementKind.REPRESENTED)
                ),
            )

    def _sum(self, reference: str, kind: MovementKind) -> Euros:
        parts = [move.amount for owner, move in self.movements if owner == reference and move.kind is kind]
        return sum(parts, Euros(0))

    def _moved(self, reference: str, kind: MovementKind, amount: Euros) -> None:
        number = len(self.movements) + 1
        self.movements.append((reference, Movement(kind=kind, amount=amount, identifier=f"M{number}", at=self.clock())))

    def _line(
        self, reference: str, state: PaymentState, at: datetime | None, movement: Movement | None = None
    ) -> ReportLine:
        request = self.bank.requests[reference]
        kind = ReportKind.TRANSACTIONS if movement is None else ReportKind.OPERATIONS
        return ReportLine(
            number=1,
            transaction_reference=reference,
            amount=movement.amount if movement else request.amount,
            state=state,
            at=at,
            currency="978",
            values={},
            kind=kind,
            movement=movement,
            nonce=request.return_context,
        )

    def _held(self, document: Mapping[str, Any]) -> Euros:
        account = self.bank.accounts.get(str(document.get("transactionReference")))
        return account.remaining if account else Euros(0)

    def _account(self, nonce: str) -> Account:
        return self.bank.accounts[self._reference(nonce)]

    def _reference(self, nonce: str) -> str:
        return next(reference for reference, request in self.bank.requests.items() if request.return_context == nonce)


_STATES = {
    MovementKind.REFUNDED: PaymentState.PARTIALLY_REFUNDED,
    MovementKind.CHARGED_BACK: PaymentState.CHARGED_BACK,
    MovementKind.REPRESENTED: PaymentState.PAID,
}


def _ring(*versions: str, current: str = "1") -> KeyRing:
    return KeyRing([SecretKey(version=each, secret=_KEYS[each]) for each in versions], current=current)


def _letter(request: PaymentRequest, fields: Mapping[str, str], *, by_browser: bool = False) -> Letter:
    nonce, reference = request.return_context or "", request.transaction_reference
    return Letter(nonce, reference, by_browser, HttpMessage(form_body(fields)))


def _reference_of(fields: Mapping[str, str]) -> str:
    return dict(part.split("=", 1) for part in fields["Data"].split("|"))["transactionReference"]
