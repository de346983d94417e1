"""Orders, outcomes and states."""

from collections.abc import Callable
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
    """Give an order that differs from a good one by what is changed."""
    values = {
        "transaction_reference": "PCLCB172540000004",
        "amount": Euros(2000),
        "return_url": "https://portal.example/return",
        "notification_url": "https://portal.example/notification",
    }
    return PaymentOrder(**{**values, **changes})  # type: ignore[arg-type]


class TestWords:
    """One list of states, for messages, ledger and sentences."""

    def test_states_are_closed(self) -> None:
        """The list is ours."""
        assert {
            "CREATED", "PENDING", "AUTHORISED", "PAID", "REFUSED", "CANCELLED", "EXPIRED", "ERROR", "UNKNOWN",
            "PARTIALLY_REFUNDED", "REFUNDED", "CHARGED_BACK",
        } == set(PaymentState)  # fmt: skip

    def test_sources_are_four(self) -> None:
        """A message comes one of four ways."""
        assert {"RETURN", "NOTIFICATION", "STATUS", "REPORT"} == set(Source)

    @pytest.mark.parametrize("word", [*PaymentState, *Source])
    def test_word_is_the_name(self, word: PaymentState | Source) -> None:
        """A word is spelt as its member is."""
        assert word.name == word.value


class TestOrder:
    """An order is checked when it is made, and not to be changed afterwards."""

    @pytest.mark.parametrize("reference", ["PCLCB172540000004", TransactionReference("PCLCB172540000004")])
    def test_takes_a_reference_as_text_or_as_value(self, reference: str | TransactionReference) -> None:
        """Both give the text."""
        assert "PCLCB172540000004" == order(transaction_reference=reference).transaction_reference

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("transaction_reference", 4),
            ("transaction_reference", None),
            ("amount", 2000),
            ("amount", "20.00"),
            ("amount", None),
            ("return_url", None),
            ("notification_url", b"https://portal.example"),
        ],
    )
    def test_refuses_a_field_of_another_type(self, field: str, value: object) -> None:
        """The error names the field."""
        with pytest.raises(InvalidValueError, match=f"expected {field} to be"):
            order(**{field: value})

    def test_refuses_nothing_to_pay(self) -> None:
        """Zero is no payment."""
        with pytest.raises(InvalidAmountError):
            order(amount=Euros(0))

    @pytest.mark.parametrize(
        "notices",
        [
            {str(numbered(1)): Euros(2000)},
            {numbered(1): 2000},
            {numbered(1): "20.00"},
            [(numbered(1), Euros(2000))],
            None,
        ],
    )
    def test_refuses_a_split_of_another_type(self, notices: object) -> None:
        """A split maps references to amounts."""
        with pytest.raises(InvalidValueError):
            order(notices=notices)

    @given(splits)
    def test_takes_a_split_that_sums_to_the_amount(self, notices: dict[NoticeReference, Euros]) -> None:
        """What the notices receive is the amount."""
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
        """What a caller changes afterwards is not the order's."""
        notices = {numbered(1): Euros(2000)}
        made = order(notices=notices)
        notices.clear()

        assert {numbered(1): Euros(2000)} == made.notices

    def test_can_be_a_key(self) -> None:
        """Equal orders have equal hashes."""
        assert hash(order()) == hash(order())

    @pytest.mark.parametrize("travel", COPIES)
    def test_survives_travel(self, travel: Callable[[PaymentOrder], PaymentOrder]) -> None:
        """A copy and a pickle are the same order."""
        made = order(notices={numbered(1): Euros(1500), numbered(2): Euros(500)})

        assert made == travel(made)


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
