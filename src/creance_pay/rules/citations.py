"""The sources of the rules, as data: documents and the places in them, the rules by number, and the readings.

A rule, a reading, a value of a policy, a code and a sentence each name a source by its id.  This module reads the file
``law.toml``, which has them all.

>>> source = sources()["guide.minimum"]
>>> print(source)
guide, annex, screen of a debt of less than 16 EUR
>>> source.publisher, source.dated.isoformat()
("l'Assurance Maladie", '2019-11-01')
>>> print(sources()["Q7"], "is", sources()["Q7"].place)
reading Q7 is the remaining amount of the typed reference
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType

import attrs

from .._toml import read_toml
from ..errors import ConfigurationError

__all__ = ["Citation"]


@attrs.frozen(kw_only=True)
class Citation:
    """A place in a document, or a reading of it.

    Attributes:
        id: The id that a rule, a value, a code or a sentence names.
        document: The title of the document.
        publisher: The body that published it.
        place: The page, article or screen.
        seen_on: The day on which the text was last read, or the day of the version that was read.
        dated: The day of the document, where it has one.
        link: The address, where the document has one.
        reading_of: The id of the source that is read; for a reading.
    """

    id: str
    document: str
    publisher: str
    place: str
    seen_on: date
    dated: date | None = None
    link: str | None = None
    reading_of: str | None = None

    def __str__(self) -> str:
        """Return the short form, as explanations print it."""
        return f"reading {self.id}" if self.reading_of else f"{self.id.partition('.')[0]}, {self.place}"


@attrs.frozen(kw_only=True)
class Rule:
    """A rule by its number.

    Attributes:
        title: The title.
        sources: The ids of the sources.
        guide: The words of the guide, in French, where it has any.
    """

    title: str
    sources: list[str]
    guide: str | None = None


@attrs.frozen(kw_only=True)
class Reading:
    """A reading of a question that the sources leave open.

    Attributes:
        question: The question.
        reading: The reading of the shipped policy.
        source: The id of the source that was read.
        other: The value of a policy that selects the other reading, where there is one.
        policy: The shipped policy with the other reading, where there is one.
    """

    question: str
    reading: str
    source: str
    other: str | None = None
    policy: str | None = None


@attrs.frozen(kw_only=True)
class Document:
    """A document, as a file holds it, with the places that the rules cite."""

    document: str
    publisher: str
    seen_on: date
    places: dict[str, str]
    dated: date | None = None
    link: str | None = None


@attrs.frozen(kw_only=True)
class _Law:
    """The content of ``law.toml``."""

    sources: dict[str, Document]
    rules: dict[str, Rule]
    readings: dict[str, Reading]


@cache
def _law() -> _Law:
    text = resources.files(__package__).joinpath("law.toml").read_text(encoding="utf-8")
    return read_toml(text, _Law, origin="law.toml")


def cited(documents: Mapping[str, Document]) -> dict[str, Citation]:
    """Return the citation of each place of some documents, by its id."""
    return {
        f"{key}.{place}": Citation(
            id=f"{key}.{place}",
            document=each.document,
            publisher=each.publisher,
            place=text,
            seen_on=each.seen_on,
            dated=each.dated,
            link=each.link,
        )
        for key, each in documents.items()
        for place, text in each.places.items()
    }


@cache
def sources() -> Mapping[str, Citation]:
    """Return the sources of the rules, readings, values, codes and sentences, by id.

    The id of a place in a document is ``guide.minimum``; that of a reading is its number, ``Q7``.
    """
    places = cited(_law().sources)
    own = places["project.proposed"]
    read = {
        number: attrs.evolve(own, id=number, place=each.reading, reading_of=each.source)
        for number, each in _law().readings.items()
    }
    return MappingProxyType({**places, **read})


def rules() -> Mapping[str, Rule]:
    """Return the rules by number, in the order of the documentation."""
    return MappingProxyType(_law().rules)


def readings() -> Mapping[str, Reading]:
    """Return the readings by number."""
    return MappingProxyType(_law().readings)


def source_of(id_: str, known: Mapping[str, Citation]) -> Citation:
    """Return the citation of an id.

    Raises:
        ConfigurationError: for an unknown id.
    """
    if id_ not in known:
        raise ConfigurationError(f"unknown source {id_!r}")
    return known[id_]
