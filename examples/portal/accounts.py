"""The persons of the example and what they owe, as a caisse's own system would find it.

The first three references are those of the guide's screens, and so are two of the amounts; the rest is made up.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from creance_pay import Debt, DebtKind, Euros, NoticeReference


@attrs.frozen
class Account:
    """A person's account.

    Attributes:
        debts: What the person owes, by the number of its row: the pages name debts by row, so that no reference stands
            in an address.
    """

    debts: Mapping[int, Debt]

    def row_of(self, reference: NoticeReference) -> int | None:
        """Find one of the person's own debts."""
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
    """Make a debt, of which so many cents may be paid already."""
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
    """Make two accounts: what one of them owes, the other must not find."""
    first = [
        debt("A", "6311705400000344F", 6000, open_online=False),
        debt("A", "6311632600000408F", 700),
        debt("A", "6311631200000297F", 380),
        debt("A", "6311726000000512K", 6000),
        debt("A", "6311730100000733M", 5450, paid=3000, kind=DebtKind.FRANCHISE),
        debt("A", "6311731000000801B", 9000, kind=DebtKind.IND),
    ]
    second = [debt("B", "6311725000000891H", 3000)]
    return {"A": Account(dict(enumerate(first, 1))), "B": Account(dict(enumerate(second, 101)))}
