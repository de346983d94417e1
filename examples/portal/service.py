"""The decisions of the portal: from a person's choice to an order, from a payment to a message.

A browser's form contains choices only.  The debts, the amounts that may be paid and the share of each notice are
computed on the server, again at each step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

import attrs

from creance_pay import Caisse, Debt, DebtKind, Euros, NoticeReference, find_caisse, messages, rules
from creance_pay.codes import CaisseStatus
from creance_pay.errors import InvalidReferenceError
from creance_pay.gateways import Gateway, Transport
from creance_pay.ledger import Effect, Ledger, Payment
from creance_pay.payments import PaymentService, StartedPayment

from .accounts import Account
from .mailbox import Mail, Mailbox
from .means import OtherMeans

# The kinds of debt whose balance the guide compares with the band.
_BANDED = {DebtKind.PARTICIPATION_FORFAITAIRE, DebtKind.FRANCHISE}
_MAX_MISSES, _MISSES_WITHIN = 20, timedelta(minutes=10)


@attrs.frozen(kw_only=True)
class Choice:
    """The choice of a person: the searched debt, other debts, and an amount.

    Attributes:
        rows: The rows of the debts, the searched one first.
        debts: The debts, in the same order.
        typed: The amount, as typed.
        assessment: Whether the debts can be paid online.
        pending: The accepted amounts that the debts do not show yet.
    """

    rows: Sequence[int]
    debts: Sequence[Debt]
    typed: str
    assessment: rules.Assessment
    pending: Mapping[NoticeReference, Euros]

    @property
    def check(self) -> rules.AmountCheck:
        """The verdict on the amount."""
        return self.assessment.check(self.typed)


@attrs.frozen(kw_only=True)
class Line:
    """A debt in the list of the person's debts.

    Attributes:
        row: Its row.
        debt: The debt.
        pending: The accepted amount that the debt does not show yet.
        refusal: The reason for which it cannot be paid online alone, or ``None``.
        selectable: Whether it can be selected: alone, or together with others.
    """

    row: int
    debt: Debt
    pending: Euros
    refusal: messages.Message | None
    selectable: bool


class PortalService:
    """The calls of the pages.

    Args:
        accounts: The accounts, by name.
        gateway: The bank's gateway.
        ledger: The ledger of payments.
        mailbox: The mailbox of acknowledgements.
        means: The other means of payment, by the code of the caisse.
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
        means: Mapping[str, OtherMeans],
        transport: Transport,
        clock: Callable[[], datetime],
        policy: rules.Policy,
    ) -> None:
        """Build the payment service, whose only effect is the acknowledgement."""
        self.accounts, self.policy, self.means = accounts, policy, means
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
        self._misses: dict[str, deque[datetime]] = {name: deque(maxlen=_MAX_MISSES) for name in accounts}

    @property
    def now(self) -> datetime:
        """The current time."""
        return self._clock()

    @property
    def today(self) -> date:
        """The current day in Paris."""
        return self.now.astimezone(ZoneInfo("Europe/Paris")).date()

    def exclusion(self, account: str) -> messages.Message | None:
        """Return the message for a person whom the service excludes, else ``None``.

        The band decides who receives a notice (Q3).  It is tested first, since it explains why none came.
        """
        found = self.accounts[account]
        if found.debts or not found.without_notice.cents:
            return None
        scopes = (
            rules.notice_scope(found.without_notice, notice_received=received, policy=self.policy)
            for received in (True, False)
        )
        return next(messages.message_for(scope) for scope in scopes if not scope)

    def lines(self, account: str) -> list[Line]:
        """List the person's debts, those that cannot be paid online included."""
        debts = self.accounts[account].debts
        pending = self.pending([*debts.values()])
        found = []
        for row, debt in debts.items():
            verdict = self._assess(account, [debt], pending)
            selectable = bool(rules.access(debt, policy=self.policy)) and due(debt, pending).cents > 0
            found.append(
                Line(
                    row=row,
                    debt=debt,
                    pending=pending.get(debt.reference, Euros(0)),
                    refusal=None if verdict else messages.message_for(verdict),
                    selectable=selectable,
                )
            )
        return found

    def plan(self, account: str) -> list[Mapping[NoticeReference, Euros]]:
        """Plan the fewest payments that settle all debts of the person (R12).

        Returns:
            The amount of each notice in each payment; the reference to search is the first notice.  Nothing is planned
            where the person needs a schedule of the caisse (:meth:`needs_schedule`).
        """
        if self.needs_schedule(account):
            return []
        debts = [*{debt.reference: debt for debt in self._open_debts(account)}.values()]
        planned = rules.plan_debts(debts, policy=self.policy, pending=self.pending(debts)).payments
        return [{each.searched: each.notices.get(each.searched, Euros(0)), **each.notices} for each in planned]

    def needs_schedule(self, account: str) -> bool:
        """Return whether the open debts need more payments than a schedule has months (R12)."""
        total = sum((debt.remaining for debt in self._open_debts(account)), Euros(0))
        return total.cents > self.policy.schedule_max_months * self.policy.online_max_per_payment.cents

    def _open_debts(self, account: str) -> list[Debt]:
        """List the person's debts that are open online."""
        return [debt for debt in self.accounts[account].debts.values() if rules.access(debt, policy=self.policy)]

    def choose_largest_first(self, account: str, rows: Iterable[int]) -> Choice | None:
        """Assess a selection without a searched debt; return ``None`` as :meth:`choose` does.

        The policy may compare the searched debt alone with the minimum (Q7).  The largest one then has the best chance.
        """
        owned = self.accounts[account].debts
        pending = self.pending([*owned.values()])
        known = sorted(rows, key=lambda row: -due(owned[row], pending).cents if row in owned else 0)
        return self.choose(account, known, "")

    def choose_all(self, account: str) -> Choice | None:
        """Choose every debt of the plan with its first payment; ``None`` where nothing can be paid online.

        Where the policy does not accept all these debts together, the debts of the first payment are chosen.
        """
        payments = self.plan(account)
        first = next(iter(payments), {})
        amount = str(sum(first.values(), Euros(0))).replace(".", ",")
        together = {notice: None for each in payments for notice in each}
        choices = (self.choose(account, self.rows_of(account, notices), amount) for notices in (together, first))
        return next((choice for choice in choices if choice and choice.check), None)

    def rows_of(self, account: str, notices: Iterable[NoticeReference]) -> list[int]:
        """Return the rows of the person's own debts among notices, in the same order."""
        found = map(self.accounts[account].row_of, notices)
        return [row for row in found if row is not None]

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
        if len(debts) < len(rows) or not debts:
            return None
        pending = self.pending([*owned.values()])
        assessment = self._assess(account, debts, pending)
        return Choice(rows=rows, debts=debts, typed=typed, assessment=assessment, pending=pending)

    def pending(self, debts: Sequence[Debt]) -> dict[NoticeReference, Euros]:
        """Return the accepted amounts that the debts do not show yet (rule R25)."""
        return self.ledger.pending((debt.reference for debt in debts), self._clock())

    def _assess(
        self, account: str, debts: Sequence[Debt], pending: Mapping[NoticeReference, Euros]
    ) -> rules.Assessment:
        """Assess a selection, the searched debt first, with the person's whole balance (R6)."""
        owned = self.accounts[account]
        banded = [debt.remaining for debt in owned.debts.values() if debt.kind in _BANDED]
        balance = sum(banded, owned.without_notice)
        return rules.assess(debts[0], others=debts[1:], pending=pending, policy=self.policy, balance=balance)

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
        acts = self.ledger.acts(payment.transaction_reference)
        return messages.message_for(payment, **payment.message_values(self.now, acts))

    def history(self, account: str) -> list[Payment]:
        """List the payments of the person's debts, the newest first."""
        notices = [debt.reference for debt in self.accounts[account].debts.values()]
        return sorted(self.ledger.payments_for_notices(notices), key=lambda each: each.created_at, reverse=True)

    def owner(self, payment: Payment) -> str | None:
        """Return the name of the account that owes the notices of a payment."""
        notice = next(iter(payment.order.notices))
        return next((name for name, each in self.accounts.items() if each.row_of(notice) is not None), None)

    def acknowledgement(self, mail: Mail) -> messages.Acknowledgement:
        """Build the acknowledgement of a mailbox item."""
        payment = self.ledger.find(mail.payment)
        if payment is None or payment.paid_at is None:
            raise LookupError("expected the reference of an accepted payment")
        notices = tuple(payment.order.notices)
        caisse = _caisse_in_charge(notices[0].caisse_code)
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
        owner, delete_on = self.owner(payment), rules.delete_on(self.today, policy=self.policy)
        if owner is None:
            raise LookupError("expected the debts of the payment in an account")
        self.mailbox.add(key, owner, payment.transaction_reference, sent_at=self.now, delete_on=delete_on)


def due(debt: Debt, pending: Mapping[NoticeReference, Euros]) -> Euros:
    """Return the amount that is left to pay after the payments that the debt does not show yet."""
    return debt.remaining.saturating_sub(pending.get(debt.reference, Euros(0)))


def _caisse_in_charge(code: str) -> Caisse:
    """Return the caisse of a code, or the one that has absorbed it (R3)."""
    caisse = find_caisse(code)
    if caisse and caisse.successor:
        caisse = find_caisse(caisse.successor)
    return caisse or _unknown_caisse(code)


def _unknown_caisse(code: str) -> Caisse:
    """Build a caisse that the directory lacks: a refusal of its notices would be wrong (R3)."""
    return Caisse(
        code=code,
        name=f"Caisse {code}",
        department="",
        kind="CPAM",
        status=CaisseStatus.CAISSE_UNKNOWN,
        successor=None,
        time_zone="Europe/Paris",
        holiday_region=None,
    )
