"""The persons of the example and their debts, in the place of the caisse's own system.

The first three references and two of the amounts are those of the guide's screens; the others are fictitious.
"""

from __future__ import annotations

import attrs

from creance_pay import Debt, DebtKind, Euros, NoticeReference

_NOTHING = Euros(0)


@attrs.frozen
class Account:
    """The account of a person.

    Attributes:
        debts: The person's debts by row number: the pages name a debt by its row, so that no address contains a notice
            reference.  :mod:`portal.caisse` changes them when a payment is posted.
        without_notice: The participations forfaitaires and franchises that no notice asks for yet.
    """

    debts: dict[int, Debt]
    without_notice: Euros = _NOTHING

    def row_of(self, reference: NoticeReference) -> int | None:
        """Return the row of one of the person's own debts, or ``None``."""
        return next((row for row, debt in self.debts.items() if debt.reference == reference), None)


def debt(
    debtor: str,
    reference: str,
    cents: int,
    *,
    paid: int = 0,
    kind: DebtKind = DebtKind.PARTICIPATION_FORFAITAIRE,
    open_online: bool = True,
) -> Debt:
    """Build a debt.

    Args:
        debtor: The name of the account.
        reference: The notice reference.
        cents: The initial amount.
        paid: The cents that are already paid.
        kind: The kind of debt.
        open_online: Whether the caisse opened it to online payment.
    """
    notice = NoticeReference(reference)
    return Debt(
        reference=notice,
        kind=kind,
        initial=Euros(cents),
        remaining=Euros(cents - paid),
        issued_on=notice.issued_on,
        open_online=open_online,
        debtor=debtor,
    )


def example_accounts() -> dict[str, Account]:
    """Build the accounts; a search in one must not find the debts of another.

    A and B have received notices; one of B is of a caisse that the directory lacks.  C, D and E have received none:
    their balances are in the band of the notices, under it and over it.
    """
    first = [
        debt("A", "6311705400000344F", 6000, open_online=False),
        debt("A", "6311632600000408F", 700),
        debt("A", "6311631200000297F", 380),
        debt("A", "6311726000000512K", 6000),
        debt("A", "6311730100000733M", 5450, paid=3000, kind=DebtKind.FRANCHISE),
        debt("A", "6311731000000801B", 9000, kind=DebtKind.IND),
    ]
    second = [debt("B", "6311725000000891H", 3000), debt("B", "6321726000000514K", 2000)]
    return {
        "A": Account(dict(enumerate(first, 1))),
        "B": Account(dict(enumerate(second, 101))),
        **{name: Account({}, Euros(cents)) for name, cents in (("C", 8000), ("D", 3000), ("E", 20000))},
    }
