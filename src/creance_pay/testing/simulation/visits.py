"""A test bank in a simulated world: people at its page, its messages on their way, its account of the money."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime
from random import Random
from typing import ClassVar
from zoneinfo import ZoneInfo

import attrs

from ...errors import InvalidValueError, ResponseRefusedError
from ...gateways import FormPost, Redirect, Report, Transport
from ...http import HttpMessage
from ...money import Euros
from ...payment import PaymentState
from ..accounts import DONE, Account
from ..bank import BankTransport, TrialBank
from ..decisions import Authentication, Decision, PaymentRequest, TrialCard
from ..faults import Dispatch, Fault
from .banks import Entry, Letter

_PARIS = ZoneInfo("Europe/Paris")
_FREQUENT = (Fault.LOST, Fault.LATE, Fault.DOUBLED, Fault.OUT_OF_ORDER, Fault.PENDING_FIRST, Fault.HTML_ERROR)
_FAULTS = (*_FREQUENT, *_FREQUENT, Fault.WRONG_AMOUNT, Fault.OLD_KEY, Fault.EMPTY_SEAL, Fault.FORGED)
#: How often a person closes the page, and how often a faulty bank fails.
_CLOSED, _FAULTY = 0.1, 0.6
_CARDS = (TrialCard.ACCEPTED,) * 12 + (TrialCard.REFUSED, TrialCard.PENDING, None) * 2 + (TrialCard.UNAVAILABLE,)
_AUTHENTICATIONS = (Authentication.SUCCESS,) * 8 + (Authentication.ATTEMPT, Authentication.FAILURE)
#: The vendor's meaning of the response codes that a bank writes.
_MEANINGS = {
    "00": PaymentState.PAID,
    "05": PaymentState.REFUSED,
    "17": PaymentState.CANCELLED,
    "60": PaymentState.PENDING,
    "90": PaymentState.UNKNOWN,
    "94": PaymentState.UNKNOWN,
    "97": PaymentState.EXPIRED,
}
#: The contents that nobody must believe.
_NOT_GENUINE = frozenset({Fault.EMPTY_SEAL, Fault.FORGED})


@attrs.define
class SimulatedPage(ABC):
    """The part of a simulated bank that the banks share.

    Attributes:
        by_reference: Whether the bank answers questions by the transaction reference alone.
        never: The rare states that this bank never causes.
        clock: Returns the time of the world.
        refunds_at_once: Whether a refund that the bank has accepted has moved the money.
        bank: The bank.
        forms: The form or address by which a person opened each payment, by the bank's identifier.
    """

    by_reference: ClassVar[bool] = True
    never: ClassVar[frozenset[str]] = frozenset()

    clock: Callable[[], datetime]
    refunds_at_once: bool = True
    bank: TrialBank = attrs.field(init=False)
    forms: dict[str, FormPost | Redirect] = attrs.field(factory=dict, init=False)
    _reported: set[date] = attrs.field(factory=set, init=False)

    @property
    def transport(self) -> Transport:
        """The transport to the bank's services."""
        return BankTransport(self.bank)

    def visit(self, form: FormPost | Redirect, chance: Random, *, faulty: bool) -> list[Letter] | None:
        """Open the page and decide there; ``None`` when the bank refuses to open it without a message."""
        try:
            request = self.bank.open_form(form)
        except ResponseRefusedError as error:
            return self.refused(form, error)
        self.forms[request.identifier] = form
        card, authentication = chance.choice(_CARDS), chance.choice(_AUTHENTICATIONS)
        if chance.random() < _CLOSED:
            return []  # the person closes the page; the bank may tell of the expiry later
        decision = self.bank.pay(request, card, authentication=authentication) if card else self.bank.leave()
        fault = chance.choice(_FAULTS) if faulty and chance.random() < _FAULTY else Fault.NONE
        ending = self.bank.settle(request, decision, fault=fault)
        if ending is None:  # pragma: no cover - a person has one attempt
            return []
        found = [self.letter(request, each.message, each.decision, fault=fault) for each in ending.immediate]
        if ending.return_fields is not None:  # pragma: no branch - no decision is an expiry
            found.append(self.back(request, ending, fault))
        return found

    def refused(self, form: FormPost | Redirect, error: ResponseRefusedError) -> list[Letter] | None:
        """Return the messages of the bank about a page that it does not open."""
        del form, error
        return None

    def letter(
        self,
        request: PaymentRequest,
        message: HttpMessage,
        decision: Decision | None,
        *,
        by_browser: bool = False,
        fault: Fault = Fault.NONE,
    ) -> Letter:
        """Return a message of the bank on its way."""
        genuine = fault not in _NOT_GENUINE
        return Letter(
            nonce=nonce_of(request) if genuine else "",
            reference=request.transaction_reference,
            by_browser=by_browser,
            message=message,
            genuine=genuine,
            of_order=fault is not Fault.WRONG_AMOUNT,
            state=_MEANINGS[decision.response_code] if decision else None,
        )

    @abstractmethod
    def back(self, request: PaymentRequest, ending: Dispatch, fault: Fault) -> Letter:
        """Return what the browser brings back."""

    def due(self) -> list[Letter]:
        """Return the late messages that are due."""
        return [
            self.letter(self.bank.requests[each.identifier], each.message, each.decision) for each in self.bank.due()
        ]

    def give_back(self, nonce: str, amount: Euros) -> Euros:
        """Refund a payment from the bank's own screens, or cancel it before its debit; return the accepted amount."""
        identifier = self._identifier(nonce)
        verb = "cancel" if self.bank.accounts[identifier].status == "TO_CAPTURE" else "refund"
        return amount if self.bank.operate(verb, identifier, amount) == DONE else Euros(0)

    def charge_back(self, nonce: str, amount: Euros) -> None:
        """Charge a payment back for the person's bank, when it was debited."""
        with suppress(InvalidValueError):
            self.bank.charge_back(self._identifier(nonce), amount)

    def represent(self, nonce: str) -> None:
        """Return the money of a chargeback."""
        self.bank.represent(self._identifier(nonce))

    def run_night(self) -> None:
        """Debit and credit."""
        self.bank.run_nightly_batch()

    def report(self, *, whole: bool) -> list[Report]:
        """Report the days that have ended since the last report, or every day."""
        today = self.clock().astimezone(_PARIS).date()
        days = [day for day in self.bank.days() if whole or (day < today and day not in self._reported)]
        self._reported.update(days)
        return [report for day in sorted(days) for report in self.reports(day)]

    def reports(self, day: date) -> list[Report]:
        """Return the reports of a day."""
        return self.bank.reports(day)

    def leave_out_nonces(self) -> None:
        """Repeat the nonce of an order in messages alone: neither in answers to questions nor in reports."""
        self.bank.records_nonces = False

    def calm(self) -> None:
        """End every fault: the bank answers about each payment."""
        for identifier, ending in self.bank.ended.items():
            self.bank.ended[identifier] = attrs.evolve(ending, fault=Fault.NONE)

    def entries(self) -> dict[str, Entry]:
        """Return the bank's account, by the nonce of the order."""
        return {entry.nonce: entry for entry in self._entries()}

    def returned(self, account: Account, taken: Euros) -> Euros:
        """Return the amount that was given back, or cancelled before the debit."""
        return taken.saturating_sub(account.remaining)

    def _entries(self) -> Iterator[Entry]:
        for identifier in self.forms:
            request, account = self.bank.requests[identifier], self.bank.accounts.get(identifier)
            taken = request.amount if account and account.decision.accepted else Euros(0)
            yield Entry(
                nonce=nonce_of(request),
                reference=request.transaction_reference,
                decided=account is not None and account.status != "PENDING",
                taken=taken,
                refunded=self.returned(account, taken) if account else Euros(0),
                charged_back=account.charged_back if account else Euros(0),
                authorisation=(account and account.decision.authorisation_number) or "",
                at=account.decision.decided_at.replace(microsecond=0) if account else None,
            )

    def _identifier(self, nonce: str) -> str:
        return next(each for each in self.forms if nonce_of(self.bank.requests[each]) == nonce)


def nonce_of(request: PaymentRequest) -> str:
    """Return the nonce of an order; of a merchant that sends none, the transaction reference."""
    return request.nonce or request.transaction_reference
