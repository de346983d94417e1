"""What every message knows about itself: whom it is for, how grave it is, and what is known about the money."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import ClassVar, Self

import attrs

from ..errors import CreancePayError, MessageError


class Severity(StrEnum):
    """How grave a message is; screen readers announce the graver ones at once."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"

    @property
    def role(self) -> str:
        """The ARIA role of the element that shows it (RGAA 7.5)."""
        return "status" if self in {Severity.INFO, Severity.SUCCESS} else "alert"


class Money(StrEnum):
    """Whether anything was debited, as far as is *known*."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class Retry(StrEnum):
    """Whether the person may try again; never where a second payment could be the result."""

    NOW = "now"
    LATER = "later"
    NO = "no"


class Audience(StrEnum):
    """Who reads a message."""

    #: The insured person.
    INSURED = "insured"
    #: Nobody by itself: it stands around other messages, as the greeting of a letter does.
    FRAME = "frame"


@attrs.frozen(kw_only=True)
class Message:
    """A message to the insured person; its subclasses have the fields, which are the placeholders of its sentences.

    A field with a default may be left out; its sentences say something sound without it.
    A value of another type than the field's is refused, since the type chooses how it is written: an ``int`` for an
    amount would lose its comma and its currency.

    Attributes:
        key: The name of its sentences.
        answers: The codes and outcomes that it answers.
        errors: The errors that it answers, where these have no code.
        severity: How grave it is.
        money: Whether anything was debited.
        retry: Whether the person may try again.
        field: The form's field that it is about, or ``None``.
        audience: Who reads it.

    Raises:
        MessageError: when a value has another type than its field.
    """

    key: ClassVar[str]
    answers: ClassVar[tuple[StrEnum, ...]] = ()
    errors: ClassVar[tuple[type[CreancePayError], ...]] = ()
    severity: ClassVar[Severity] = Severity.ERROR
    money: ClassVar[Money] = Money.NO
    retry: ClassVar[Retry] = Retry.NOW
    field: ClassVar[str | None] = None
    audience: ClassVar[Audience] = Audience.INSURED

    def __attrs_post_init__(self) -> None:
        """Refuse a value that would be written as something else."""
        for name, accepted in types_of(type(self)).items():
            value = getattr(self, name)
            if type(value) not in accepted and not (str in accepted and isinstance(value, str)):
                raise MessageError(f"{self.key}: {name} has a value of type {type(value).__name__}")

    @property
    def code(self) -> str:
        """The stable word that a person can quote by telephone, such as ``PAYMENT_PENDING``."""
        return self.key.upper()

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """Make the message from the values of what it answers, taking those that it needs.

        Raises:
            MessageError: when one is missing.
        """
        fields = attrs.fields(cls)
        needed = [field.name for field in fields if field.default is attrs.NOTHING]
        if missing := [name for name in needed if values.get(name) is None]:
            raise MessageError(f"{cls.key} needs {', '.join(missing)}")
        return cls(**{field.name: values[field.name] for field in fields if values.get(field.name) is not None})


def types_of(kind: type[Message]) -> Mapping[str, tuple[type, ...]]:
    """Give the types that each field of a message accepts: the bare ones, those of a choice in order."""
    return _types_of(kind)  # type: ignore[arg-type]


@cache
def _types_of(kind: typing.Any) -> Mapping[str, tuple[type, ...]]:  # noqa: ANN401 - mypy thinks that no class of ours has a hash
    hints = {name: hint for name, hint in typing.get_type_hints(kind).items() if name in attrs.fields_dict(kind)}
    return {name: tuple(typing.get_origin(each) or each for each in _choices(hint)) for name, hint in hints.items()}


def _choices(hint: typing.Any) -> tuple[typing.Any, ...]:  # noqa: ANN401 - annotations have no common type
    return typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)


def filled(message: Message, field: attrs.Attribute[str], text: object) -> None:
    """Refuse a mention without words: a validator for what the law requires.

    Raises:
        MessageError: for an empty or blank text.
    """
    if not str(text).strip():
        raise MessageError(f"{message.key} needs {field.name}")


def every_message() -> tuple[type[Message], ...]:
    """List the messages, in the order in which they are defined.

    To give a class slots, attrs builds a second one; the first, without fields, lives on until it is collected.
    """
    return tuple(kind for kind in Message.__subclasses__() if "__attrs_attrs__" in vars(kind))
