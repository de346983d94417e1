"""The bank's codes: what each means for the order, after group D of the hostile cases and the vendor's lists."""

import pytest

from creance_pay import PaymentState
from creance_pay.gateways import OperationOutcome
from creance_pay.gateways.sips.response_codes import (
    ACQUIRER_CODES,
    CAPTURES,
    COMPLEMENTARY_CODES,
    OPERATIONS,
    REDIRECTION_STATUSES,
    RESPONSES,
    STATUSES,
)

# The whole of group D.
GROUP_D = {
    PaymentState.PAID: {"00"},
    PaymentState.REFUSED: {"02", "05", "11", "14", "34", "51", "54", "55", "63", "75"},
    PaymentState.ERROR: {"03", "12", "30", "40"},
    PaymentState.CANCELLED: {"17"},
    PaymentState.PENDING: {"60", "62"},
    PaymentState.EXPIRED: {"97"},
    PaymentState.UNKNOWN: {"24", "25", "90", "94", "99"},
}


@pytest.mark.parametrize("outcome", PaymentState)
def test_outcomes(outcome: PaymentState) -> None:
    """The table gives an outcome to the codes of group D that have it, and to no other."""
    assert GROUP_D.get(outcome, set()) == {code for code, found in RESPONSES.items() if found is outcome}


def test_captures() -> None:
    """Money that is captured by itself is paid, money that waits for the merchant is authorised (C21, C22)."""
    assert {
        "AUTHOR_CAPTURE": PaymentState.PAID,
        "IMMEDIATE": PaymentState.PAID,
        "VALIDATION": PaymentState.AUTHORISED,
    } == CAPTURES


# Section 3.2 of the vendor's lists, and 3.3.
ACQUIRER = (
    "00 02 03 04 05 07 08 12 13 14 15 17 20 24 25 30 31 33 34 40 41 43 51 54 55 56 57 58 59 60 61 62 63 65 68 75 87 90"
    " 91 92 94 96 97 98 99 A1 A4 R1 R3"
)
COMPLEMENTARY = "00 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 20 21 22 99"


@pytest.mark.parametrize(
    ("codes", "table"),
    [(ACQUIRER, ACQUIRER_CODES), (COMPLEMENTARY, COMPLEMENTARY_CODES), ("00 03 12 30 34 94 99", REDIRECTION_STATUSES)],
)
def test_meanings(codes: str, table: dict[str, str]) -> None:
    """Each code of the vendor's list has a meaning, and no other code has."""
    assert (codes.split(), True) == (list(table), all(table.values()))


# Section 5: what moves, or has moved, money; every other state is neither.
MONEY = {
    PaymentState.PAID: {"TO_CAPTURE", "CAPTURED"},
    PaymentState.AUTHORISED: {"TO_VALIDATE", "TO_CHALLENGE"},
    PaymentState.REFUNDED: {"TO_CREDIT", "TO_CONFIRM_CREDIT", "CREDITED"},
    PaymentState.PENDING: {
        "TO_AUTHORIZE", "WAITING_AUTHOR", "TO_CONFIRM_AUTHOR", "TO_CONFIRM_CAPTURE", "TO_REPLAY", "REFERRAL", "PENDING",
    },
    PaymentState.CANCELLED: {"CANCELLED"},
    PaymentState.EXPIRED: {"EXPIRED"},
    PaymentState.REFUSED: {"REFUSED"},
}  # fmt: skip


@pytest.mark.parametrize("state", PaymentState)
def test_statuses(state: PaymentState) -> None:
    """The table gives a state to the bank's words that have it, and to no other."""
    assert MONEY.get(state, set()) == {word for word, found in STATUSES.items() if found is state}


# Only 00 is done; of those that are no clear refusal, nothing is known.
AFTER_OPERATIONS = {
    OperationOutcome.DONE: {"00"},
    OperationOutcome.IMPOSSIBLE: {"24"},
    OperationOutcome.NOT_FOUND: {"25"},
    OperationOutcome.REFUSED: {"02", "05", "14", "51", "54", "57", "63"},
    OperationOutcome.ERROR: {"03", "12", "30", "34", "40"},
    OperationOutcome.UNKNOWN: {"90", "94", "99"},
}


@pytest.mark.parametrize("outcome", OperationOutcome)
def test_operations(outcome: OperationOutcome) -> None:
    """The table gives an outcome to the codes of an operation that have it, and to no other (I6)."""
    assert AFTER_OPERATIONS[outcome] == {code for code, found in OPERATIONS.items() if found is outcome}
