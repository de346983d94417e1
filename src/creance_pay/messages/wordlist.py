"""The words that sentences may, must and must not use, read from ``words.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

import attrs

from .._toml import read_toml
from .message import Message, Money

_EXPRESSION = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)


@attrs.frozen
class Words:
    """The lists of one language; the file says what each is for."""

    synonyms: dict[str, str]
    nothing: tuple[str, ...]
    debited: tuple[str, ...]
    again: tuple[str, ...]
    banned: tuple[str, ...]
    imperatives: tuple[str, ...]


@cache
def words_of(lang: str) -> Words:
    """Give the lists of a language."""
    text = resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8")
    return read_toml(text, dict[str, Words], origin="words.toml")[lang]


def found(text: str, words: Iterable[str]) -> list[str]:
    """List those of some words, or beginnings of words, that stand in a text, whatever its spaces and capitals."""
    flat = " ".join(_EXPRESSION.sub(" ", text).split())
    return [word for word in words if re.search(rf"\b{re.escape(word)}", flat, re.IGNORECASE)]


def faults(text: str, kind: type[Message], lang: str) -> Iterator[str]:
    """Tell which words a sentence of a message must not use."""
    words = words_of(lang)
    for word in found(text, words.synonyms):
        yield f"« {word} » is a forbidden synonym of « {words.synonyms[word]} »"
    if kind.money is not Money.NO:
        yield from (f"« {word} » where that is not known" for word in found(text, words.nothing))
    if kind.money is Money.UNKNOWN:
        yield from (f"« {word} » where nobody knows whether money moved" for word in found(text, words.debited))
        yield from (f"« {word} » invites a second payment" for word in found(text, words.again))
