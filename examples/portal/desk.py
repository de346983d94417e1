"""Where the portal decides: from what a person chose to an order, from a payment to what the person is told.

A browser's form holds choices alone.  What is owed, what may be paid and what each notice receives is worked out here,
again at each step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

import attrs

from creance_pay import Debt, Euros, NoticeReference, PaymentState, find_caisse, messages, rules
from creance_pay.errors import InvalidReferenceError
from creance_pay.gateways import Gateway, Transport
from creance_pay.ledger import Effect, Ledger, Payment
from creance_pay.payments import PaymentService, StartedPayment

from .accounts import Account
from .mailbox import Mail, Mailbox

POLICY = rules.policy_named("ameli-2019-11")
_MISSES, _WITHIN = 20, timedelta(minutes=10)


@attrs.frozen(kw_only=True)
class Choice:
    """What a person chose: the debt that was searched for, others with it, an amount as it was typed.

    Attributes:
        rows: The rows of the debts, that of the searched one first.
        debts: The debts.
        typed: The amount.
        assessment: Whether the debts can be paid online.
    """

    rows: Sequence[int]
    debts: Sequence[Debt]
    typed: str
    assessment: rules.Assessment

    @property
    def check(self) -> rules.AmountCheck:
        """Whether the amount can be paid of these debts."""
        return self.assessment.check(self.typed)


class Desk:
    """All that the pages ask for.

    Args:
        accounts: The persons, and what they owe.
        gateway: The bank.
        ledger: Where payments are kept.
        mailbox: Where acknowledgements are kept.
        transport: What asks the bank about a payment.
        clock: What tells the time, with its zone.
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
    ) -> None:
        """Bring them together: a payment that is accepted puts an acknowledgement into the mailbox."""
        self.accounts = accounts
        self.gateway, self.ledger, self.mailbox = gateway, ledger, mailbox
        self.service = PaymentService(
            gateway,
            ledger,
            transport=transport,
            effects=[Effect(name="acknowledgement", run=self._acknowledge)],
            clock=clock,
        )
        self._clock = clock
        self._effects = Lock()
        self._owners = {debt.reference: name for name, each in accounts.items() for debt in each.debts.values()}
        self._missed: dict[str, deque[datetime]] = {name: deque(maxlen=_MISSES) for name in accounts}

    @property
    def today(self) -> date:
        """The day, where the caisse is."""
        return self._clock().astimezone(ZoneInfo("Europe/Paris")).date()

    def search(self, account: str, typed: str) -> int | messages.Message:
        """Find the debt of a reference: its row, or what to tell the person.

        What is not there, not open and somebody else's have one answer, after the same steps (rule R21).
        """
        try:
            reference = NoticeReference.parse(typed)
        except InvalidReferenceError as error:
            return messages.message_for(error)
        found = self.accounts[account]
        row = found.row_of(reference)
        access = rules.access(found.debts.get(row or 0), policy=POLICY)
        if access and row:
            return row
        self._missed[account].append(self._clock())
        return messages.message_for(access)

    def exhausted(self, account: str) -> bool:
        """Tell whether a person has searched in vain so often that references may be being tried out."""
        missed = self._missed[account]
        return len(missed) == _MISSES and self._clock() - missed[0] < _WITHIN

    def others(self, account: str, row: int) -> dict[int, Debt]:
        """List the debts that can be paid together with one."""
        debts = self.accounts[account].debts
        return {each: debt for each, debt in debts.items() if each != row and rules.access(debt, policy=POLICY)}

    def choose(self, account: str, rows: Sequence[int], typed: str) -> Choice | None:
        """Assess what a person chose; ``None`` for a debt that is not the person's own, or not open online."""
        owned = self.accounts[account].debts
        debts = [owned[row] for row in rows if row in owned and rules.access(owned[row], policy=POLICY)]
        if len(debts) < len(rows):
            return None
        assessment = rules.assess(debts[0], others=debts[1:], pending=self.pending(debts), policy=POLICY)
        return Choice(rows=rows, debts=debts, typed=typed, assessment=assessment)

    def pending(self, debts: Sequence[Debt]) -> dict[NoticeReference, Euros]:
        """Tell what is accepted and does not show yet (rule R25)."""
        return self.ledger.pending((debt.reference for debt in debts), self._clock())

    def share(self, choice: Choice, amount: Euros) -> Mapping[NoticeReference, Euros]:
        """Share an amount among the chosen debts: that of the searched reference first, then the oldest (rule R13)."""
        searched = choice.debts[0].reference
        return rules.allocate(amount, choice.debts, chosen=[searched], pending=self.pending(choice.debts))

    def start(
        self, choice: Choice, amount: Euros, *, return_url: str, notification_url: str, replace: bool
    ) -> StartedPayment:
        """Record the order; the browser may leave after that."""
        return self.service.start(
            amount,
            self.share(choice, amount),
            return_url=return_url,
            notification_url=notification_url,
            replace=replace,
        )

    def run_effects(self) -> None:
        """Do what follows the payments, one thread at a time: many would only contend for the same few tasks."""
        with self._effects:
            self.service.run_effects()

    def payments(self, account: str) -> list[Payment]:
        """List a person's payments that have had their time to show in the account (rule R17)."""
        notices = [debt.reference for debt in self.accounts[account].debts.values()]
        shown = [each for each in self.ledger.payments_for_notices(notices) if each.shown_by(self._clock())]
        return [each for each in shown if each.state is PaymentState.PAID]

    def message_of(self, payment: Payment) -> messages.Message:
        """Choose the message about a payment by its state in the ledger."""
        return messages.message_for(payment, display_delay_hours=POLICY.display_delay_hours)

    def letter(self, mail: Mail) -> messages.Acknowledgement:
        """Write the acknowledgement that a message of the mailbox stands for."""
        entry = self.ledger.find(mail.payment)
        if entry is None or entry.paid_at is None:
            raise LookupError("a message acknowledges a payment")
        notices = tuple(entry.order.notices)
        caisse = find_caisse(notices[0].caisse_code)
        if caisse is None:
            raise LookupError("the caisses of the example are in the directory")
        return messages.acknowledgement(
            received_at=entry.paid_at,
            amount=entry.amount,
            notice_references=notices,
            transaction_reference=entry.transaction_reference,
            caisse=caisse,
            address="adresse de la caisse (exemple)",
            display_delay_hours=POLICY.display_delay_hours,
            delete_on=mail.delete_on,
        )

    def _acknowledge(self, entry: Payment, key: str) -> None:
        """Put the acknowledgement of a payment into the mailbox of the person who owes its notices."""
        owner = self._owners[next(iter(entry.order.notices))]
        delete_on = rules.delete_on(self.today, policy=POLICY)
        self.mailbox.put(key, owner, entry.transaction_reference, sent_on=self.today, delete_on=delete_on)
