"""Choose the message for a payment state, a code or an error, and fill it with the values of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..codes import Code
from ..errors import InvalidReferenceError, MessageError
from ..payment import PaymentProgress, PaymentState
from ..references import NoticeReference
from .catalogue import MESSAGES, ReferenceSuggested
from .message import Message

_EXPECTED = "expected an object with a PaymentState in .state, a public code in .code, or an error that has a message"


@cache
def _by_word() -> Mapping[str, type[Message]]:
    return {word: kind for kind in MESSAGES for word in kind.answers}


def _word_of(answer: object) -> object:
    """Return the state of a payment, else the code of a verdict or an error, else ``None``."""
    state = getattr(answer, "state", None)
    return state if isinstance(state, PaymentState) else getattr(answer, "code", None)


def _kind_for(answer: object) -> type[Message] | None:
    """Find the message of an answer; ``None`` where the catalogue has none."""
    if isinstance(answer, InvalidReferenceError) and answer.suggestions:
        return ReferenceSuggested
    word = _word_of(answer)
    if isinstance(word, str):
        return _by_word().get(word)
    return next((kind for kind in MESSAGES if isinstance(answer, kind.errors)), None)


def _values_of(answer: object) -> dict[str, object]:
    """Return the values that an answer carries for its sentences."""
    if isinstance(answer, InvalidReferenceError) and answer.suggestions:
        return {"suggestions": tuple(map(NoticeReference, answer.suggestions))}
    values = getattr(answer, "values", None)
    return dict(values) if isinstance(values, Mapping) else {}


def _describe(answer: object) -> str:
    """Name the type of an answer, and its state or code where it has one of ours."""
    name = type(answer).__name__
    for attribute in ("state", "code"):
        value = getattr(answer, attribute, None)
        if isinstance(value, Code):
            return f"{name} with {attribute} {value}"
        if value is not None:
            return f"{name} with {attribute} of type {type(value).__name__}"
    return name


def message_for(answer: Any, **values: object) -> Message:  # noqa: ANN401 - known by its attributes, not by its type
    """Choose the message for a payment, a verdict or an error.

    >>> from creance_pay import Euros
    >>> from creance_pay.rules import check_amount, policy_named
    >>> verdict = check_amount("15,99", total=Euros(6000), policy=policy_named("ameli-2019-11"))
    >>> message_for(verdict)
    AmountOutOfRange(minimum=Euros(1600), maximum=Euros(5000))

    Args:
        answer: An object with a :class:`~creance_pay.PaymentState` in ``.state``, such as a
            :class:`~creance_pay.VerifiedPayment` or a payment of the ledger; a verdict; or an error of this package.
        values: Values that the answer lacks, by the name of the message's field: ``display_delay_hours`` for an
            accepted payment, ``refunded`` for a partial refund, ``minimum`` for an error of an amount; and
            ``progress``, a :class:`~creance_pay.PaymentProgress` whose message replaces that of the state.

    Returns:
        The message, with every value that its sentences need.

    Raises:
        MessageError: when the object has no message, as a verdict that accepts, or when a value is missing.
    """
    progress = values.pop("progress", None)
    kind = _by_word()[progress] if isinstance(progress, PaymentProgress) else _kind_for(answer)
    if kind is None:
        cause = answer if isinstance(answer, BaseException) else None
        raise MessageError(f"no message answers {_describe(answer)}: {_EXPECTED}") from cause
    return kind.of({**_values_of(answer), **values})


def messages_for(answer: Any, **values: object) -> tuple[Message, ...]:  # noqa: ANN401 - as above
    """Choose every message for a verdict: the message of its code, then those of its warnings.

    Args:
        answer: A verdict, or any other argument of :func:`message_for`.
        values: Values that the answer lacks, by the name of the message's field.

    Returns:
        The messages; an empty tuple for a verdict that accepts and has no public warning.

    Raises:
        MessageError: when the argument is neither a verdict nor an answer with a message, or when a value is missing.

    >>> from creance_pay import Euros
    >>> from creance_pay.rules import check_amount, policy_named
    >>> verdict = check_amount("50 €", total=Euros(6000), policy=policy_named("ameli-2019-11"))
    >>> messages_for(verdict)
    (StrandedRemainder(stranded=Euros(1000), suggested_max=Euros(4400)),)
    """
    is_verdict = isinstance(_word_of(answer), Code) and not isinstance(answer, BaseException)
    first = () if is_verdict and _kind_for(answer) is None else (message_for(answer, **values),)
    warnings = [_by_word()[code] for code in getattr(answer, "warnings", ()) if code in _by_word()]
    return (*first, *(kind.of({**_values_of(answer), **values}) for kind in warnings))
