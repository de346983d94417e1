"""Orders, outcomes and states."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay import Euros, NoticeReference, PaymentOrder, PaymentState, Source, TransactionReference
from creance_pay.errors import InvalidAmountError, InvalidValueError
from samples import COPIES, numbered
from strategies import amounts_above_zero, notice_references

splits = st.dictionaries(notice_references, amounts_above_zero, min_size=1, max_size=4)


def order(**changes: object) -> PaymentOrder:
    """Build an order with other values."""
    values = {
        "transaction_reference": "PCLCB172540000004",
        "amount": Euros(2000),
        "return_url": "https://portal.example/return",
        "notification_url": "https://portal.example/notification",
    }
    return PaymentOrder(**{**values, **changes})  # type: ignore[arg-type]


def test_states() -> None:
    """Messages, ledger and sentences share one closed list of states, whose values are their names."""
    states = [
        *("CREATED", "PENDING", "AUTHORISED", "PAID", "REFUSED", "CANCELLED", "EXPIRED", "ERROR", "UNKNOWN"),
        *("PARTIALLY_REFUNDED", "REFUNDED", "CHARGED_BACK"),
    ]

    assert {name: name for name in states} == {state.name: state.value for state in PaymentState}


def test_sources() -> None:
    """A message comes from one of four sources of the bank or from a person; the values are the names."""
    sources = ["RETURN", "NOTIFICATION", "STATUS", "REPORT", "PERSON"]

    assert {name: name for name in sources} == {source.name: source.value for source in Source}


class TestOrder:
    """An order is validated when it is created, and does not change."""

    def test_reference(self) -> None:
        """A reference may be given as a text or as a value."""
        references = ["PCLCB172540000004", TransactionReference("PCLCB172540000004")]

        assert ["PCLCB172540000004"] * 2 == [
            order(transaction_reference=each).transaction_reference for each in references
        ]

    def test_other_types(self) -> None:
        """The error names the field."""
        wrong = [
            ("transaction_reference", 4),
            ("transaction_reference", None),
            ("amount", 2000),
            ("amount", "20.00"),
            ("amount", None),
            ("return_url", None),
            ("notification_url", b"https://portal.example"),
        ]
        for field, value in wrong:
            with pytest.raises(InvalidValueError, match=f"expected {field} to be"):
                order(**{field: value})

    def test_splits_of_other_types(self) -> None:
        """A split maps references to amounts."""
        wrong: list[object] = [
            {str(numbered(1)): Euros(2000)},
            {numbered(1): 2000},
            {numbered(1): "20.00"},
            [(numbered(1), Euros(2000))],
            None,
        ]
        for notices in wrong:
            with pytest.raises(InvalidValueError):
                order(notices=notices)

    @given(splits)
    def test_takes_a_split_that_sums_to_the_amount(self, notices: dict[NoticeReference, Euros]) -> None:
        """The sum of the amounts of the notices is the amount."""
        amount = Euros(sum(part.cents for part in notices.values()))

        assert notices == order(amount=amount, notices=notices).notices

    @given(splits, st.sampled_from([-1, 1]))
    def test_refuses_a_split_that_differs_by_a_cent(
        self, notices: dict[NoticeReference, Euros], difference: int
    ) -> None:
        """There is no tolerance."""
        amount = Euros(sum(part.cents for part in notices.values()) + 1 + difference)
        notices = {**notices, NoticeReference("9999900099999999Z"): Euros(1)}

        with pytest.raises(InvalidAmountError):
            order(amount=amount, notices=notices)

    def test_needs_no_split(self) -> None:
        """An order without split is an order."""
        assert {} == order().notices

    def test_keeps_its_own_split(self) -> None:
        """A later change of the caller's mapping does not change the order."""
        notices = {numbered(1): Euros(2000)}
        made = order(notices=notices)
        notices.clear()

        assert {numbered(1): Euros(2000)} == made.notices

    def test_can_be_a_key(self) -> None:
        """Equal orders have equal hashes."""
        assert hash(order()) == hash(order())

    def test_copies(self) -> None:
        """A copy and an unpickled pickle equal the order."""
        made = order(notices={numbered(1): Euros(1500), numbered(2): Euros(500)})

        assert [made] * len(COPIES) == [travel(made) for travel in COPIES]


@pytest.mark.parametrize(
    "changes",
    [{"amount": Euros(0)}, {"notices": {NoticeReference("6311705400000001F"): Euros(1)}}],
    ids=["zero", "another sum"],
)
def test_amount_that_is_none_has_its_word(changes: dict[str, Any]) -> None:
    """An order of nothing, or of another sum than its notices receive, is refused by the word of R9."""
    order = {"amount": Euros(2000), "return_url": "a", "notification_url": "b", "transaction_reference": "REF1"}

    with pytest.raises(InvalidAmountError) as refused:
        PaymentOrder(**{**order, **changes})

    assert refused.value.code == "AMOUNT_BAD_FORMAT"
