"""Worldline Sips in a simulated world."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from random import Random
from tempfile import NamedTemporaryFile
from zoneinfo import ZoneInfo

import attrs

from ...errors import InvalidValueError, MalformedResponseError
from ...gateways import (
    FormPost,
    HttpAnswer,
    KeyRing,
    Redirect,
    Report,
    ReportKind,
    SecretKey,
    Transport,
)
from ...gateways.sips import SipsHost, SipsPaypage, read_reports
from ...http import HttpMessage
from ...money import Euros
from ...payment import PaymentState
from ..simulation.banks import Entry, Letter
from .bank import SipsBank
from .daily_reports import daily_report, report_days
from .decisions import Authentication, Decision, PaymentRequest, TrialCard, form_body, sealed_answer
from .faults import Fault
from .json_services import SipsServices

MERCHANT = "201000005940002"
_PARIS = ZoneInfo("Europe/Paris")
_KINDS = (ReportKind.TRANSACTIONS, ReportKind.OPERATIONS, ReportKind.CHARGEBACKS)
_LOOPBACK = "http://127.0.0.1"
_REFERENCE_USED = "94"
_KEYS = {version: f"a-key-number-{version}-of-a-simulated-merchant" for version in ("1", "2")}
_FORGED = SecretKey(version="1", secret="a-key-that-somebody-made-up")  # noqa: S106 - fictitious
_FREQUENT = (Fault.LOST, Fault.LATE, Fault.DOUBLED, Fault.OUT_OF_ORDER, Fault.PENDING_FIRST, Fault.HTML_ERROR)
_FAULTS = (*_FREQUENT, *_FREQUENT, Fault.WRONG_AMOUNT, Fault.OLD_KEY, Fault.EMPTY_SEAL, Fault.FORGED)
#: How often a person closes the page, and how often a faulty bank fails.
_CLOSED, _FAULTY = 0.1, 0.6
_AUTHENTICATIONS = (Authentication.SUCCESS,) * 8 + (Authentication.ATTEMPT, Authentication.FAILURE)
#: The vendor's meaning of the response codes that this bank writes.
_MEANINGS = {
    "00": PaymentState.PAID,
    "05": PaymentState.REFUSED,
    "17": PaymentState.CANCELLED,
    "60": PaymentState.PENDING,
    "90": PaymentState.UNKNOWN,
    "94": PaymentState.UNKNOWN,
    "97": PaymentState.EXPIRED,
}
_CARDS = (TrialCard.ACCEPTED,) * 12 + (TrialCard.REFUSED, TrialCard.PENDING, None) * 2 + (TrialCard.UNAVAILABLE,)


@attrs.define
class SimulatedSips(Transport):
    """The bank's side of Worldline Sips."""

    clock: Callable[[], datetime]
    bank: SipsBank = attrs.field(init=False)
    services: SipsServices = attrs.field(init=False)
    _reported: set[date] = attrs.field(factory=set)
    _forms: dict[str, Mapping[str, str]] = attrs.field(factory=dict)
    _leaves_out: bool = False

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

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Answer a call."""
        del method, headers
        service = url.partition("/rs-services/v2/")[2]
        with self._records():
            return HttpAnswer(200, json.dumps(self.services.post(service, body or b"")).encode())

    def visit(self, form: FormPost | Redirect, chance: Random, *, faulty: bool) -> list[Letter] | None:
        """Open the page and decide there; ``None`` when the bank refuses to open it without a message."""
        fields = form.fields if isinstance(form, FormPost) else {}
        try:
            request = self.bank.receive(fields)
        except MalformedResponseError as error:
            return self._refused(fields, error)
        self._forms[request.transaction_reference] = fields
        card, authentication = chance.choice(_CARDS), chance.choice(_AUTHENTICATIONS)
        if chance.random() < _CLOSED:
            return []  # the person closes the page; the bank tells of the expiry later
        decision = self.bank.pay(request, card, authentication=authentication) if card else self.bank.leave()
        fault = chance.choice(_FAULTS) if faulty and chance.random() < _FAULTY else Fault.NONE
        ending = self.bank.settle(request, decision, fault=fault)
        if ending is None:  # pragma: no cover - a person has one attempt
            return []
        found = [_letter(request, each.fields, each.decision, fault=fault) for each in ending.immediate]
        if ending.return_fields is not None:  # pragma: no branch - no decision is an expiry
            found.append(_letter(request, ending.return_fields, ending.decision, by_browser=True, fault=fault))
        return found

    def _refused(self, fields: Mapping[str, str], error: MalformedResponseError) -> list[Letter] | None:
        """Answer « already processed » for a reference that the bank knows, as the vendor does."""
        if "already processed" not in str(error):
            return None
        second = SipsBank({MERCHANT: _ring("1", "2")}, clock=self.clock).receive(fields)
        refused = Decision(response_code=_REFERENCE_USED, decided_at=self.clock())
        return [_letter(second, sealed_answer(second, refused), refused, by_browser=each) for each in (False, True)]

    def due(self) -> list[Letter]:
        """Return the late messages that are due."""
        requests = self.bank.requests
        return [_letter(requests[_reference_of(each.fields)], each.fields, each.decision) for each in self.bank.due()]

    def forge(self, letter: Letter, chance: Random) -> Letter:
        """Return a message that resembles a genuine one, and that nobody must believe."""
        request = self.bank.requests[letter.reference]
        wrong = attrs.evolve(request, key=_FORGED)
        accepted = Decision(response_code="00", decided_at=self.clock(), authorisation_number="000001")
        fields = sealed_answer(wrong, accepted)
        genuine = letter.message.body
        bodies = [
            form_body(fields),
            form_body({**fields, "Seal": chance.choice("0123456789abcdef")}),
            form_body({**fields, "Seal": ""}),
            form_body(self._forms[letter.reference]),  # the request that the browser posted
            genuine.replace(b"responseCode%3D", b"responseCode%3D0"),
            genuine[: len(genuine) // 2],
        ]
        forged = HttpMessage(chance.choice(bodies))
        return Letter("", letter.reference, letter.by_browser, forged, genuine=False)

    def give_back(self, nonce: str, amount: Euros) -> None:
        """Refund a payment from the bank's own screens, or cancel it before its debit."""
        reference = self._reference(nonce)
        verb = "cancel" if self.bank.accounts[reference].status == "TO_CAPTURE" else "refund"
        self.bank.operate(verb, reference, amount)

    def charge_back(self, nonce: str, amount: Euros) -> None:
        """Charge a payment back for the person's bank, when it was debited."""
        with suppress(InvalidValueError):
            self.bank.charge_back(self._reference(nonce), amount)

    def represent(self, nonce: str) -> None:
        """Return the money of a chargeback."""
        self.bank.represent(self._reference(nonce))

    def run_night(self) -> None:
        """Debit and credit."""
        self.bank.run_nightly_batch()

    def report(self, *, whole: bool) -> list[Report]:
        """Report the days that have ended since the last report, or every day."""
        today = self.clock().astimezone(_PARIS).date()
        days = [day for day in report_days(self.bank) if whole or (day < today and day not in self._reported)]
        self._reported.update(days)
        return [self._read(day, kind) for day in sorted(days) for kind in _KINDS]

    def _read(self, day: date, kind: ReportKind) -> Report:
        with NamedTemporaryFile("w", encoding="utf-8") as file, self._records():
            file.write(daily_report(self.bank, kind, day))
            file.flush()
            return read_reports(file.name)

    def leave_out_nonces(self) -> None:
        """Repeat the nonce of an order in messages alone: neither in Office nor in reports."""
        self._leaves_out = True

    @contextmanager
    def _records(self) -> Iterator[None]:
        """Leave out the nonces of orders, if that is so."""
        requests = self.bank.requests
        if self._leaves_out:
            self.bank.requests = {name: attrs.evolve(each, return_context=None) for name, each in requests.items()}
        try:
            yield
        finally:
            self.bank.requests = requests

    def calm(self) -> None:
        """End every fault: Office answers about each payment.  The rotation is over: the bank forgets the old key."""
        self.bank._merchants[MERCHANT] = _ring("2", current="2")  # noqa: SLF001 - the vendor's own screens do it
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
                nonce=_nonce(request),
                reference=reference,
                decided=account is not None and account.status != "PENDING",
                taken=taken,
                refunded=taken.saturating_sub(account.remaining) if account else Euros(0),
                charged_back=account.charged_back if account else Euros(0),
                authorisation=(account and account.decision.authorisation_number) or "",
                at=account.decision.decided_at.replace(microsecond=0) if account else None,
            )

    def _reference(self, nonce: str) -> str:
        requests = self.bank.requests.items()
        return next(reference for reference, request in requests if _nonce(request) == nonce)


def _ring(*versions: str, current: str = "1") -> KeyRing:
    return KeyRing([SecretKey(version=each, secret=_KEYS[each]) for each in versions], current=current)


def _nonce(request: PaymentRequest) -> str:
    """Return the nonce of an order; of a merchant that sends none, the transaction reference."""
    return request.return_context or request.transaction_reference


def _letter(
    request: PaymentRequest,
    fields: Mapping[str, str],
    decision: Decision,
    *,
    by_browser: bool = False,
    fault: Fault = Fault.NONE,
) -> Letter:
    genuine = fault not in {Fault.EMPTY_SEAL, Fault.FORGED}
    return Letter(
        nonce=_nonce(request) if genuine else "",
        reference=request.transaction_reference,
        by_browser=by_browser,
        message=HttpMessage(form_body(fields)),
        genuine=genuine,
        of_order=fault is not Fault.WRONG_AMOUNT,
        state=_MEANINGS[decision.response_code],
    )


def _reference_of(fields: Mapping[str, str]) -> str:
    return dict(part.split("=", 1) for part in fields["Data"].split("|"))["transactionReference"]
