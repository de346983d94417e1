"""The errors: their family, and the attributes that they carry."""

from creance_pay.codes import ReferenceCode, VerdictCode
from creance_pay.errors import (
    ConfigurationError,
    ConflictError,
    CreancePayError,
    GatewayUnavailableError,
    InvalidAmountError,
    InvalidReferenceError,
    InvalidValueError,
    MalformedResponseError,
    MessageError,
    MissingExtraError,
    NoPolicyError,
    NothingToRecordError,
    OrderMismatchError,
    PaymentInProgressError,
    ReferenceUsedError,
    ResponseRefusedError,
    SealMismatchError,
    UnknownKeyError,
    UnsupportedError,
)
from samples import COPIES

PLAIN = [
    ConfigurationError,
    ConflictError,
    CreancePayError,
    MalformedResponseError,
    MessageError,
    NoPolicyError,
    NothingToRecordError,
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
        suggestions=("6311705409000001F",),
        character=":",
        digits=15,
    ),
    OrderMismatchError("another order", fields=("amount", "currencyCode")),
    PaymentInProgressError("another payment is open", references=("PCLCB172540000004",)),
    GatewayUnavailableError("no answer", retryable=True),
    ReferenceUsedError("the reference was used before"),
    ConflictError("rolled back", retryable=True),
    MissingExtraError("polars is missing", extra="batch"),
]
BASES = [
    (InvalidValueError, ValueError),
    (InvalidAmountError, InvalidValueError),
    (InvalidReferenceError, InvalidValueError),
    (NoPolicyError, LookupError),
    (MalformedResponseError, ResponseRefusedError),
    (SealMismatchError, ResponseRefusedError),
    (UnknownKeyError, ResponseRefusedError),
    (MissingExtraError, ImportError),
    (ReferenceUsedError, GatewayUnavailableError),
    (ConflictError, GatewayUnavailableError),
]


def family(kind: type[Exception]) -> set[type[Exception]]:
    """Return a class of errors with all its subclasses."""
    return {kind}.union(*map(family, kind.__subclasses__()))


def everything_of(error: Exception) -> tuple[object, ...]:
    """Return all that a caller can read from an error."""
    return type(error), str(error), error.args, vars(error)


def test_copies() -> None:
    """A copy and an unpickled pickle have the type, the text and the attributes of the error."""
    assert [] == [
        (error, travel) for error in ERRORS for travel in COPIES if everything_of(error) != everything_of(travel(error))
    ]


def test_family() -> None:
    """The tests above cover every error, each has one base class, and each can be raised without an argument."""
    shared = {kind for kind in family(CreancePayError) if kind.__module__ == CreancePayError.__module__}

    assert shared == {type(error) for error in ERRORS}
    assert {""} == {str(type(error)()) for error in ERRORS}


def test_other_bases() -> None:
    """An error is caught as each class that it also is."""
    assert [] == [(kind, base) for kind, base in BASES if not issubclass(kind, base)]


def test_http_status() -> None:
    """A message that is not authentic is answered by 400, one that matches no order by 200."""
    assert {400} == {kind.http_status for kind in family(ResponseRefusedError)}  # type: ignore[attr-defined]
    assert 200 == OrderMismatchError.http_status


def test_attributes() -> None:
    """An attribute is the given one, and empty or false by default."""
    found = [
        (OrderMismatchError("", fields=("amount",)).fields, OrderMismatchError("").fields),
        (GatewayUnavailableError("", retryable=True).retryable, GatewayUnavailableError("").retryable),
        (MissingExtraError("", extra="batch").extra, MissingExtraError("").extra),
        (PaymentInProgressError("", references=("A",)).references, PaymentInProgressError("").references),
    ]

    assert [(("amount",), ()), (True, False), ("batch", ""), (("A",), ())] == found
    assert "" == ResponseRefusedError("").unverified_reference
