"""Worldline Sips in a simulated world."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from tempfile import NamedTemporaryFile

import attrs

from ...errors import ResponseRefusedError
from ...gateways import FormPost, KeyRing, Redirect, Report, ReportKind, SecretKey, Transport
from ...gateways.sips import SipsHost, SipsPaypage, read_reports
from ...http import HttpMessage
from ..decisions import Decision, PaymentRequest
from ..faults import Dispatch, Fault
from ..simulation.banks import Letter
from ..simulation.visits import SimulatedPage
from .bank import SipsBank
from .daily_reports import daily_report
from .decisions import form_body, sealed_answer

MERCHANT = "201000005940002"
_KINDS = (ReportKind.TRANSACTIONS, ReportKind.OPERATIONS, ReportKind.CHARGEBACKS)
_LOOPBACK = "http://127.0.0.1"
_REFERENCE_USED = "94"
_KEYS = {version: f"a-key-number-{version}-of-a-simulated-merchant" for version in ("1", "2")}
_FORGED = SecretKey(version="1", secret="a-key-that-somebody-made-up")  # noqa: S106 - fictitious


@attrs.define
class SimulatedSips(SimulatedPage):
    """The bank's side of Worldline Sips."""

    bank: SipsBank = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Open the bank, with both keys of the merchant."""
        self.bank = SipsBank({MERCHANT: _ring("1", "2")}, clock=self.clock, delay=timedelta(hours=2))

    def gateway(self, clock: Callable[[], datetime], transport: Transport, *, rotated: bool) -> SipsPaypage:
        """Build the gateway of a process, with the merchant's keys before or after a rotation."""
        del transport
        keys = _ring("1", "2", current="2") if rotated else _ring("1")
        return SipsPaypage(merchant_id=MERCHANT, keys=keys, host=SipsHost.loopback(_LOOPBACK), clock=clock)

    def about(self, url: str, body: bytes) -> str:
        """Return the transaction reference that a call names."""
        del url
        return str(json.loads(body or b"{}").get("transactionReference", ""))

    def refused(self, form: FormPost | Redirect, error: ResponseRefusedError) -> list[Letter] | None:
        """Answer « already processed » for a reference that the bank knows, as the vendor does."""
        if "already processed" not in str(error) or not isinstance(form, FormPost):
            return None
        second = SipsBank({MERCHANT: _ring("1", "2")}, clock=self.clock).receive(form.fields)
        refused = Decision(response_code=_REFERENCE_USED, decided_at=self.clock())
        answer = HttpMessage(form_body(sealed_answer(second, refused)))
        return [self.letter(second, answer, refused, by_browser=each) for each in (False, True)]

    def back(self, request: PaymentRequest, ending: Dispatch, fault: Fault) -> Letter:
        """Return the sealed form that the browser posts."""
        message = HttpMessage(form_body(ending.return_fields or {}))
        return self.letter(request, message, ending.decision, by_browser=True, fault=fault)

    def forge(self, letter: Letter, chance: Random) -> Letter:
        """Return a message that resembles a genuine one, and that nobody must believe."""
        request, form = self.bank.requests[letter.reference], self.forms[letter.reference]
        fields = self._forged(request)
        genuine = letter.message.body
        bodies = [
            form_body(fields),
            form_body({**fields, "Seal": chance.choice("0123456789abcdef")}),
            form_body({**fields, "Seal": ""}),
            form_body(form.fields if isinstance(form, FormPost) else {}),  # the request that the browser posted
            genuine.replace(b"responseCode%3D", b"responseCode%3D0"),
            genuine[: len(genuine) // 2],
        ]
        forged = HttpMessage(chance.choice(bodies))
        return Letter("", letter.reference, letter.by_browser, forged, genuine=False)

    def _forged(self, request: PaymentRequest) -> dict[str, str]:
        """Return an acceptance under a key that somebody made up."""
        accepted = Decision(response_code="00", decided_at=self.clock(), authorisation_number="000001")
        return self.bank.return_fields(request, accepted, _FORGED)

    def reports(self, day: date) -> list[Report]:
        """Return the reports of a day; those of the acquirer add nothing."""
        return [self._read(day, kind) for kind in _KINDS]

    def _read(self, day: date, kind: ReportKind) -> Report:
        with NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(daily_report(self.bank, kind, day))
            file.flush()
            return read_reports(file.name)

    def calm(self) -> None:
        """End every fault.  The rotation is over: the bank forgets the old key."""
        super().calm()
        self.bank.replace_keys(MERCHANT, _ring("2", current="2"))


def _ring(*versions: str, current: str = "1") -> KeyRing:
    return KeyRing([SecretKey(version=each, secret=_KEYS[each]) for each in versions], current=current)
