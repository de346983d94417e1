"""Bad input to the ledger and the payment service: an error of this package, on every ledger, and nothing recorded."""

from collections.abc import Callable
from typing import Any

import pytest

from creance_pay import PaymentState
from creance_pay.errors import InvalidValueError
from creance_pay.ledger import Effect


class TestEffectStates:
    """The states that call for an effect are states: an effect of another word would never run."""

    @pytest.mark.parametrize("on", ["PAID", PaymentState.PAID, ["PAIED"], [None], None, 1])
    def test_refused(self, on: Any) -> None:  # noqa: ANN401 - of any type
        """A text is not a list of states, and a word that names no state is refused."""
        with pytest.raises(InvalidValueError, match="expected on to be a list of states"):
            Effect(name="acknowledgement", run=print, on=on)

    @pytest.mark.parametrize("listed", [list, set, iter])
    def test_words(self, listed: Callable[[list[str]], Any]) -> None:
        """Words that name states become these states."""
        effect = Effect(name="refund", run=print, on=listed(["REFUNDED", "PAID"]))

        assert frozenset({PaymentState.REFUNDED, PaymentState.PAID}) == effect.on
