"""The decisions of the portal: from a person's choice to an order, from a payment to a message.

A browser's form contains choices only.  The debts, the amounts that may be paid and the share of each notice are
computed on the server, again at each step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

import attrs

from creance_pay import Debt, Euros, NoticeReference, find_caisse, messages, rules
from creance_pay.errors import InvalidReferenceError
from creance_pay.gateways import Gateway, Transport
from creance_pay.ledger import Effect, Ledger, Payment
from creance_pay.payments import PaymentService, StartedPayment

from .accounts import Account
from .mailbox import Mail, Mailbox

_MAX_MISSES, _MISSES_WITHIN = 20, timedelta(minutes=10)


@attrs.frozen(kw_only=True)
class Choice:
    """The choice of a person: the searched debt, other debts, and an amount.

    Attributes:
        rows: The rows of the debts, the searched one first.
        debts: The debts, in the same order.
        typed: The amount, as typed.
        assessment: Whether the debts can be paid online.
    """

    rows: Sequence[int]
    debts: Sequence[Debt]
    typed: str
    assessment: rules.Assessment

    @property
    def check(self) -> rules.AmountCheck:
        """The verdict on the amount."""
        return self.assessment.check(self.typed)


class PortalService:
    """The calls of the pages.

    Args:
        accounts: The accounts, by name.
        gateway: The bank's gateway.
        ledger: The ledger of payments.
        mailbox: The mailbox of acknowledgements.
        transport: The transport for questions to the bank.
        clock: Returns the time, with its zone.
        policy: The policy to apply.
    """

    def __init__(
        self,
        accounts: Mapping[str, Account],
        *,
        gateway: Gateway,
        ledger: Ledger,
        mailbox: Mailbox,
        transport: Transport,
        clock: Callable[[], datetime],
        policy: rules.Policy,
    ) -> None:
        """Build the payment service, whose only effect is the acknowledgement."""
        self.accounts, self.policy = accounts, policy
        self.gateway, self.ledger, self.mailbox = gateway, ledger, mailbox
        self.payment_service = PaymentService(
            gateway,
            ledger,
            transport=transport,
            effects=[Effect(name="acknowledgement", run=self._acknowledge)],
            clock=clock,
        )
        self._clock = clock
        self._effects_lock = Lock()
        self._owners = {debt.reference: name for name, each in accounts.items() for debt in each.debts.values()}
        self._misses: dict[str, deque[datetime]] = {name: deque(maxlen=_MAX_MISSES) for name in accounts}

    @property
    def today(self) -> date:
        """The current day in Paris."""
        return self._clock().astimezone(ZoneInfo("Europe/Paris")).date()

    def search(self, account: str, typed: str) -> int | messages.Message:
        """Return the row of the debt with a reference, or a message.

        A debt that is unknown, not open online or another person's gets the same message after the same steps (rule
        R21): the suggestions depend on the typed reference alone.
        """
        try:
            reference = NoticeReference.parse(typed, today=self.today)
        except InvalidReferenceError as error:
            return messages.message_for(error)
        found = self.accounts[account]
        row = found.row_of(reference)
        access = rules.access(found.debts.get(row or 0), policy=self.policy)
        if access and row:
            return row
        self._misses[account].append(self._clock())
        if suggestions := reference.suggestions(today=self.today):
            return messages.ReferenceSuggested(suggestions=suggestions)
        return messages.message_for(access)

    def search_limit_reached(self, account: str) -> bool:
        """Return whether the account made so many searches without a result that it may be guessing references."""
        misses = self._misses[account]
        return len(misses) == _MAX_MISSES and self._clock() - misses[0] < _MISSES_WITHIN

    def others(self, account: str, row: int) -> dict[int, Debt]:
        """Return the debts that can be selected together with one, by row."""
        debts = self.accounts[account].debts
        return {each: debt for each, debt in debts.items() if each != row and rules.access(debt, policy=self.policy)}

    def choose(self, account: str, rows: Sequence[int], typed: str) -> Choice | None:
        """Assess a choice; return ``None`` when a debt is another person's or not open online."""
        owned = self.accounts[account].debts
        debts = [owned[row] for row in rows if row in owned and rules.access(owned[row], policy=self.policy)]
        if len(debts) < len(rows):
            return None
        assessment = rules.assess(debts[0], others=debts[1:], pending=self.pending(debts), policy=self.policy)
        return Choice(rows=rows, debts=debts, typed=typed, assessment=assessment)

    def pending(self, debts: Sequence[Debt]) -> dict[NoticeReference, Euros]:
        """Return the accepted amounts that the debts do not show yet (rule R25)."""
        return self.ledger.pending((debt.reference for debt in debts), self._clock())

    def start(
        self, checked: rules.AmountCheck, *, return_url: str, notification_url: str, replace: bool
    ) -> StartedPayment:
        """Record the order of an amount that was accepted; only then may the browser leave for the bank."""
        if checked.amount is None:
            raise ValueError("expected an amount that was accepted")
        return self.payment_service.start(
            checked.amount,
            checked.notices,
            return_url=return_url,
            notification_url=notification_url,
            replace=replace,
        )

    def run_effects(self) -> None:
        """Run the effects that are due, in one thread at a time: several would compete for the same few tasks."""
        with self._effects_lock:
            self.payment_service.run_effects()

    def displayed_payments(self, account: str) -> list[Payment]:
        """List the account's accepted payments that are posted, or whose display delay has passed (rule R17).

        Refunded and charged-back payments are among them.
        """
        notices, now = [debt.reference for debt in self.accounts[account].debts.values()], self._clock()
        accepted = [each for each in self.ledger.payments_for_notices(notices) if each.paid_at]
        return [each for each in accepted if each.shown_by(now) or not each.pending(now)]

    def message_for(self, payment: Payment) -> messages.Message:
        """Choose the message about a payment by its state in the ledger."""
        return messages.message_for(payment, **payment.message_values(self._clock()))

    def acknowledgement(self, mail: Mail) -> messages.Acknowledgement:
        """Build the acknowledgement of a mailbox item."""
        payment = self.ledger.find(mail.payment)
        if payment is None or payment.paid_at is None:
            raise LookupError("expected the reference of an accepted payment")
        notices = tuple(payment.order.notices)
        caisse = find_caisse(notices[0].caisse_code)
        if caisse is None:
            raise LookupError("expected a caisse of the directory")
        return messages.acknowledgement(
            received_at=payment.paid_at,
            amount=payment.amount,
            notice_references=notices,
            transaction_reference=payment.transaction_reference,
            caisse=caisse,
            address="adresse de la caisse (exemple)",
            display_delay_hours=self.policy.display_delay_hours,
            delete_on=mail.delete_on,
        )

    def _acknowledge(self, payment: Payment, key: str) -> None:
        """Add the acknowledgement to the mailbox of the person who owes the notices."""
        owner = self._owners[next(iter(payment.order.notices))]
        delete_on = rules.delete_on(self.today, policy=self.policy)
        self.mailbox.add(key, owner, payment.transaction_reference, sent_on=self.today, delete_on=delete_on)
