"""The words that sentences may, must and must not use, read from ``words.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

import attrs

from .._toml import read_toml
from .message import Message, Money

_PLACEHOLDER = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)


@attrs.frozen
class Words:
    """The word lists of one language; ``words.toml`` states the purpose of each."""

    synonyms: dict[str, str]
    legal: tuple[str, ...]
    nothing: tuple[str, ...]
    debited: tuple[str, ...]
    again: tuple[str, ...]
    banned: tuple[str, ...]
    imperatives: tuple[str, ...]


@cache
def words_of(lang: str) -> Words:
    """Return the word lists of a language."""
    text = resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8")
    return read_toml(text, dict[str, Words], origin="words.toml")[lang]


def find_words(text: str, words: Iterable[str]) -> list[str]:
    """List the words, or beginnings of words, that a sentence contains, whatever its spaces and capitals."""
    flat = " ".join(_PLACEHOLDER.sub(" ", text).split())
    return [word for word in words if re.search(rf"\b{re.escape(word)}", flat, re.IGNORECASE)]


def word_faults(text: str, kind: type[Message], lang: str) -> Iterator[str]:
    """Yield a description of each word that a sentence of a message must not use."""
    words = words_of(lang)
    ours = re.sub("|".join(words.legal), "", " ".join(text.split())) if words.legal else text
    for word in find_words(ours, words.synonyms):
        yield f"« {word} » is a forbidden synonym of « {words.synonyms[word]} »"
    if kind.money is not Money.NO:
        yield from (f"« {word} » denies a debit that may have happened" for word in find_words(text, words.nothing))
    if kind.money is Money.UNKNOWN:
        yield from (f"« {word} » mentions a debit that is not proved" for word in find_words(text, words.debited))
        yield from (f"« {word} » invites a second payment" for word in find_words(text, words.again))
