"""The family of errors: who is at fault, and what travels with an error."""

from collections.abc import Callable

import pytest

from creance_pay.codes import ReferenceCode, VerdictCode
from creance_pay.errors import (
    ConfigurationError,
    CreancePayError,
    GatewayUnavailableError,
    InvalidAmountError,
    InvalidReferenceError,
    InvalidValueError,
    MalformedResponseError,
    MessageError,
    MissingExtraError,
    NoPolicyError,
    OrderMismatchError,
    PaymentInProgressError,
    ResponseRefusedError,
    SealMismatchError,
    UnknownKeyError,
    UnsupportedError,
)
from samples import COPIES

PLAIN = [
    ConfigurationError,
    CreancePayError,
    MalformedResponseError,
    MessageError,
    NoPolicyError,
    ResponseRefusedError,
    SealMismatchError,
    UnknownKeyError,
    UnsupportedError,
]
ERRORS = [
    *(kind("expected something") for kind in PLAIN),
    InvalidValueError("expected a value", code="A_WORD"),
    InvalidAmountError("expected an amount", code=VerdictCode.AMOUNT_REQUIRED),
    InvalidReferenceError(
        "expected a reference",
        code=ReferenceCode.REFERENCE_BAD_LENGTH,
        suggestion="6311705409000001F",
        character=":",
        digits=15,
    ),
    OrderMismatchError("another order", fields=("amount", "currencyCode")),
    PaymentInProgressError("another payment is open", references=("PCLCB172540000004",)),
    GatewayUnavailableError("no answer", retryable=True),
    MissingExtraError("polars is missing", extra="batch"),
]
GRANDPARENTS = [
    (InvalidValueError, ValueError),
    (InvalidAmountError, InvalidValueError),
    (InvalidReferenceError, InvalidValueError),
    (NoPolicyError, LookupError),
    (MalformedResponseError, ResponseRefusedError),
    (SealMismatchError, ResponseRefusedError),
    (UnknownKeyError, ResponseRefusedError),
    (MissingExtraError, ImportError),
]


def family(kind: type[Exception]) -> set[type[Exception]]:
    """Give a class of errors with all that derive from it."""
    return {kind}.union(*map(family, kind.__subclasses__()))


def everything_of(error: Exception) -> tuple[object, ...]:
    """Give all that a caller can see of an error."""
    return type(error), str(error), error.args, vars(error)


class TestTravel:
    """An error keeps what it knows from one process to another."""

    @pytest.mark.parametrize("travel", COPIES)
    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
    def test_keeps_every_attribute(self, travel: Callable[[Exception], Exception], error: Exception) -> None:
        """A copy and a pickle have the type, the text and the attributes."""
        assert everything_of(error) == everything_of(travel(error))

    def test_every_error_travels_here(self) -> None:
        """No member of the family is left out of these tests."""
        assert family(CreancePayError) == {type(error) for error in ERRORS}


class TestFamily:
    """One root catches all; Python's own names catch what they mean."""

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
    def test_has_one_root(self, error: Exception) -> None:
        """The root is enough to catch it."""
        assert isinstance(error, CreancePayError)

    @pytest.mark.parametrize(("kind", "parent"), GRANDPARENTS)
    def test_is_what_it_means(self, kind: type[Exception], parent: type[Exception]) -> None:
        """An error can be caught as what it also is."""
        assert issubclass(kind, parent)

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
    def test_needs_no_argument(self, error: Exception) -> None:
        """Every class can be raised bare, as tests of callers do."""
        assert "" == str(type(error)())


class TestAnswers:
    """The type says what to answer."""

    def test_what_is_not_authentic_is_answered_400(self) -> None:
        """The sender learns nothing more."""
        assert {400} == {kind.http_status for kind in family(ResponseRefusedError)}  # type: ignore[attr-defined]

    def test_what_is_authentic_is_answered_200(self) -> None:
        """Sending it again would change nothing."""
        assert 200 == OrderMismatchError.http_status

    def test_a_call_is_not_to_be_repeated_blindly(self) -> None:
        """Unless somebody says so, a call may have moved money."""
        assert not GatewayUnavailableError("no answer").retryable


def test_what_an_error_carries() -> None:
    """What helps the caller is kept as it was given, and is empty when nothing was."""
    carried = [
        (OrderMismatchError("", fields=("amount",)).fields, OrderMismatchError("").fields),
        (GatewayUnavailableError("", retryable=True).retryable, GatewayUnavailableError("").retryable),
        (MissingExtraError("", extra="batch").extra, MissingExtraError("").extra),
    ]

    assert [(("amount",), ()), (True, False), ("batch", "")] == carried
