"""Response codes: what each means for the order, after group D of the hostile cases."""

import pytest

from creance_pay import Outcome
from creance_pay.gateways.sips.codes import CAPTURES, OUTCOMES

# The whole of group D.
GROUP_D = {
    Outcome.PAID: {"00"},
    Outcome.REFUSED: {"02", "05", "11", "14", "34", "51", "54", "55", "63", "75"},
    Outcome.ERROR: {"03", "12", "30", "40"},
    Outcome.CANCELLED: {"17"},
    Outcome.PENDING: {"60", "62"},
    Outcome.EXPIRED: {"97"},
    Outcome.UNKNOWN: {"24", "25", "90", "94", "99"},
}


@pytest.mark.parametrize("outcome", Outcome)
def test_outcomes(outcome: Outcome) -> None:
    """The table gives an outcome to the codes of group D that have it, and to no other."""
    assert GROUP_D.get(outcome, set()) == {code for code, found in OUTCOMES.items() if found is outcome}


def test_captures() -> None:
    """Money that is captured by itself is paid, money that waits for the merchant is authorised (C21, C22)."""
    assert {
        "AUTHOR_CAPTURE": Outcome.PAID,
        "IMMEDIATE": Outcome.PAID,
        "VALIDATION": Outcome.AUTHORISED,
    } == CAPTURES
