"""Which message answers a verdict, an error or a result, filled from its values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any

from ..errors import MessageError
from ..references import NoticeReference
from .catalogue import ReferenceSuggested
from .message import Message, every_message


@cache
def _by_answer() -> Mapping[StrEnum, type[Message]]:
    return {word: kind for kind in every_message() for word in kind.answers}


def _kind_for(answer: object, word: object) -> type[Message] | None:
    """Find the message of a word, or of an error that has none."""
    if word is not None:
        return _by_answer().get(word) if isinstance(word, str) else None  # type: ignore[call-overload]
    return next((kind for kind in every_message() if isinstance(answer, kind.errors)), None)


def message_for(answer: Any, **values: object) -> Message:  # noqa: ANN401 - a verdict, an error or a result, known by its attributes
    """Choose the message for what a rule, a parser or the bank has answered, and fill it from there.

    Args:
        answer: A verdict or an error with a ``code``, a result with an ``outcome``, or an error of a gateway.
        values: What the answer does not know, such as ``minimum`` for an error of an amount that no rule has judged,
            or the ``display_delay_hours`` of an accepted payment.

    Returns:
        The message; nothing is left to copy by hand.

    Raises:
        MessageError: when no message answers that code, as for a yes, or a value that it needs is missing.
    """
    word = getattr(answer, "state", None) or getattr(answer, "code", None)
    if getattr(answer, "suggestion", None):
        return ReferenceSuggested(suggestion=NoticeReference(answer.suggestion))
    kind = _kind_for(answer, word)
    if kind is None:
        raise MessageError(f"no message answers {word}")
    return kind.of({**getattr(answer, "values", {}), **values})


def messages_for(verdict: Any, **values: object) -> tuple[Message, ...]:  # noqa: ANN401 - as above
    """Choose every message for a verdict: that of its answer, and those of its warnings.

    Args:
        verdict: A verdict, or whatever :func:`message_for` takes.
        values: What it does not know.

    Returns:
        The messages, that of the answer first; none for a yes without a warning that a person has to be told.
    """
    word = getattr(verdict, "state", None) or getattr(verdict, "code", None)
    told = [message_for(verdict, **values)] if _kind_for(verdict, word) or getattr(verdict, "suggestion", None) else []
    kinds = [_by_answer()[code] for code in getattr(verdict, "warnings", ()) if code in _by_answer()]
    return (*told, *(kind.of({**verdict.values, **values}) for kind in kinds))
