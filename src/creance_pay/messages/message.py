"""The base class of messages, and the facts that each message states: severity, money, retry."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import ClassVar, Self

import attrs

from ..errors import CreancePayError, MessageError
from ..money import Euros
from ..references import NoticeReference


class Severity(StrEnum):
    """The weight of a message; it chooses the ARIA role."""

    #: Information: the person can go on.
    INFO = "info"
    #: The person's request succeeded.
    SUCCESS = "success"
    #: The person has to know something before the next step.
    WARNING = "warning"
    #: The request was refused, or failed.
    ERROR = "error"

    @property
    def role(self) -> str:
        """The ARIA role of the element that shows the message (RGAA 7.5): ``status`` or ``alert``."""
        return "status" if self in {Severity.INFO, Severity.SUCCESS} else "alert"


class Money(StrEnum):
    """The fact about money: a debit of the person, as far as the bank's answers prove it."""

    #: Nothing was debited.
    NO = "no"
    #: The amount was or will be debited; a refund or a chargeback may have returned it since.
    YES = "yes"
    #: Unknown: the sentences leave open whether there was a debit.
    UNKNOWN = "unknown"


class Retry(StrEnum):
    """The permission to try again.  It is NO wherever another try could be a second payment."""

    #: At once, with corrected input or another card.
    NOW = "now"
    #: After something has changed, such as a new notice.
    LATER = "later"
    #: Not online.
    NO = "no"


#: The amounts that are the same for every person: values of the policy.
_BOUNDS = {"band_max", "band_min", "maximum", "minimum"}


@attrs.frozen(kw_only=True)
class Message:
    """The base class of messages to the insured person.

    The fields of a subclass are the placeholders of its sentences.  A field with a default is optional: the sentences
    are complete without it.  The type of a field chooses its format, so that a value of another type is refused: an
    ``int`` in place of an amount would lose its comma and its currency.

    Attributes:
        key: The name of the message in the files of sentences.
        answers: The codes and payment states that the message answers.
        errors: The types of errors that the message answers, where they have no code.
        sources: The ids of the sources that require its mentions, in ``creance_pay.rules.sources``.
        severity: The weight of the message.
        money: Whether the person's account was debited.
        retry: Whether the person may try again.
        field: The name of the form field that the message is about, or ``None``.

    Raises:
        MessageError: when a value has another type than its field.
    """

    key: ClassVar[str]
    answers: ClassVar[tuple[StrEnum, ...]] = ()
    errors: ClassVar[tuple[type[CreancePayError], ...]] = ()
    sources: ClassVar[tuple[str, ...]] = ()
    severity: ClassVar[Severity] = Severity.ERROR
    money: ClassVar[Money] = Money.NO
    retry: ClassVar[Retry] = Retry.NOW
    field: ClassVar[str | None] = None

    def __attrs_post_init__(self) -> None:
        """Check the type of each value."""
        for name, accepted in field_types(type(self)).items():
            value = getattr(self, name)
            if type(value) not in accepted and not (str in accepted and isinstance(value, str)):
                expected, came = " or ".join(each.__name__ for each in accepted), type(value).__name__
                raise MessageError(f"{self.key}: expected {name} to be {expected}, got {came}")
        for name, item in _item_types(type(self)).items():  # type: ignore[arg-type]
            if others := [each for each in getattr(self, name) if not isinstance(each, item)]:
                came = type(others[0]).__name__
                raise MessageError(f"{self.key}: expected each of {name} to be {item.__name__}, got {came}")

    @property
    def code(self) -> str:
        """The stable word that a person can quote by telephone, such as ``PAYMENT_PENDING``."""
        return self.key.upper()

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """Build the message from a mapping that has at least its required fields.  Other values are ignored.

        Raises:
            MessageError: when a required value is missing or ``None``.
        """
        fields = [field for field in attrs.fields(cls) if field.init]
        given = {name: value for name, value in values.items() if value is not None}
        if missing := [each.name for each in fields if each.default is attrs.NOTHING and each.name not in given]:
            raise MessageError(f"{cls.key} needs {', '.join(missing)}; got {', '.join(given) or 'no values'}")
        return cls(**{each.name: given[each.name] for each in fields if each.name in given})


def field_types(kind: type[Message]) -> Mapping[str, tuple[type, ...]]:
    """Return the types that each field of a message accepts, in the order of its annotation."""
    return _field_types(kind)  # type: ignore[arg-type]


def private_fields(kind: type[Message]) -> list[str]:
    """List the fields that an SMS and an e-mail leave out by default: amounts of the person, and references.

    A tuple contains either of them.
    """
    return [
        name
        for name, accepted in field_types(kind).items()
        if ({Euros, NoticeReference, tuple} & {*accepted} and name not in _BOUNDS) or name == "transaction_reference"
    ]


@cache
def _field_types(kind: typing.Any) -> Mapping[str, tuple[type, ...]]:  # noqa: ANN401 - mypy denies a hash to our classes
    hints = typing.get_type_hints(kind)
    return {field.name: tuple(_plain_types(hints[field.name])) for field in attrs.fields(kind)}


@cache
def _item_types(kind: typing.Any) -> Mapping[str, type]:  # noqa: ANN401 - the same
    """Return the types of the items of the fields that are tuples: a text in place of one has its letters as items."""
    hints = typing.get_type_hints(kind)
    tuples = {
        each.name: hints[each.name] for each in attrs.fields(kind) if typing.get_origin(hints[each.name]) is tuple
    }
    return {name: typing.get_args(hint)[0] for name, hint in tuples.items()}


def _plain_types(hint: typing.Any) -> Iterator[type]:  # noqa: ANN401 - annotations have no common type
    for each in typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,):
        yield typing.get_origin(each) or each


def validate_not_blank(message: Message, field: attrs.Attribute[str], text: object) -> None:
    """Check that a mention required by law has words; a validator for attrs.

    Raises:
        MessageError: for an empty or blank text.
    """
    if not str(text).strip():
        raise MessageError(f"{message.key} needs {field.name}; got a blank text")
