"""From a verdict, an error or an outcome to sentences.

Templates are Jinja2 in a sandbox: an unknown placeholder is an error when the catalogue is loaded, a missing value an
error when the message is made; no sentence with a hole ever reaches a person.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import attrs
from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import SandboxedEnvironment

from ..edges import read_toml
from ..errors import ConfigurationError, MessageError
from ..references import NoticeReference
from .catalogue import Message, ReferenceSuggested, every_message
from .formats import bound, long_date, written


class Medium(StrEnum):
    """Where a message is read."""

    #: Plain text.
    TEXT = "text"
    #: A fragment of a page: every value escaped.
    HTML = "html"


@attrs.frozen(kw_only=True)
class Sentences:
    """The sentences of one message, as the file holds them, or rendered."""

    title: str
    body: str
    action: str
    sender: str | None = None


@attrs.frozen(kw_only=True)
class Rendered:
    """A message in words.

    Attributes:
        title: What it is about.
        body: What has happened.
        action: What to do now.
        sender: Who signs it; ``None`` but for a letter.
        role: The ARIA role of the element that shows it (RGAA 7.5).
        lang: The language of the sentences, to be marked where the page has another (RGAA 8.7).
    """

    title: str
    body: str
    action: str
    sender: str | None
    role: str
    lang: str


# A plain space before these signs, or inside these quotes, becomes the no-break space of French typography.
_NARROW = re.compile(" (?=[;!?])")
_WIDE = re.compile(" (?=[:»])|(?<=«) ")


def french(text: str) -> str:
    """Put the no-break spaces of French typography where plain ones were typed."""
    return _WIDE.sub("\u00a0", _NARROW.sub("\u202f", text))


def _environment(*, autoescape: bool) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(autoescape=autoescape, undefined=StrictUndefined, finalize=written)
    environment.filters |= {"bound": bound, "long": long_date}
    return environment


_ENVIRONMENTS = {Medium.TEXT: _environment(autoescape=False), Medium.HTML: _environment(autoescape=True)}


def _fault(text: str, fields: set[str]) -> str | None:
    """Tell what is wrong with a sentence: an apostrophe, the template itself, a placeholder that is not a field."""
    if "'" in text:
        return "a straight apostrophe"
    environment = _ENVIRONMENTS[Medium.TEXT]
    try:
        environment.from_string(text)  # unlike the parser, the compiler knows the filters
    except TemplateError as error:
        return f"not a template: {error.message}"
    unknown = meta.find_undeclared_variables(environment.parse(text)) - fields
    return f"unknown placeholder {', '.join(sorted(unknown))}" if unknown else None


def _checked(kind: type[Message], sentences: Sentences, origin: str) -> Sentences:
    """Refuse sentences that cannot be written with the fields of their message; then set the typography."""
    fields = {field.name for field in attrs.fields(kind)}
    texts = {slot: text for slot, text in attrs.asdict(sentences).items() if text is not None}
    for slot, text in texts.items():
        if fault := _fault(text, fields):
            raise ConfigurationError(f"{origin}: {kind.key}.{slot}: {fault}")
    return Sentences(**{slot: french(text.strip()) for slot, text in texts.items()})


def read_catalogue(text: str, *, origin: str) -> dict[str, Sentences]:
    """Read and check a file of sentences.

    Raises:
        ConfigurationError: for a message without sentences, sentences without message, an unknown slot, an unknown
            placeholder, a broken template, or a straight apostrophe; with the file and the key.
    """
    kinds = {kind.key: kind for kind in every_message()}
    found = read_toml(text, dict[str, Sentences], origin=origin)
    if wrong := kinds.keys() ^ found.keys():
        raise ConfigurationError(f"{origin}: missing or unknown messages: {', '.join(sorted(wrong))}")
    return {key: _checked(kinds[key], sentences, origin) for key, sentences in found.items()}


@cache
def _catalogue(lang: str) -> dict[str, Sentences]:
    if lang != "fr":
        raise MessageError("the sentences are in French")
    text = resources.files(__package__).joinpath("fr.toml").read_text(encoding="utf-8")
    return read_catalogue(text, origin="fr.toml")


def message_for(answer: Any) -> Message:  # noqa: ANN401 - a verdict, an error or a result, known by its attributes
    """Choose the message for what a rule, a parser or the bank has answered, and fill it from there.

    Args:
        answer: A verdict or an error with a ``code``, or a result with an ``outcome``.

    Returns:
        The message; nothing is left to copy by hand.

    Raises:
        MessageError: when no message answers that code, as for a yes, or a value that it needs is missing.
    """
    word = getattr(answer, "outcome", None) or getattr(answer, "code", None)
    if getattr(answer, "suggestion", None):
        return ReferenceSuggested(suggestion=NoticeReference(answer.suggestion))
    for kind in every_message():
        if word in kind.answers:
            return kind.of(getattr(answer, "values", {}))
    raise MessageError(f"no message answers {word}")


def render(message: Message, *, medium: Medium = Medium.TEXT, lang: str = "fr") -> Rendered:
    """Write a message.

    Args:
        message: The message, with its values.
        medium: Where it is read.
        lang: The language.

    Raises:
        MessageError: when the language has no sentences, or a value is ``None``.
    """
    sentences, environment = _catalogue(lang)[message.key], _ENVIRONMENTS[Medium(medium)]
    values = {field.name: getattr(message, field.name) for field in attrs.fields(type(message))}
    written_slots = {
        slot: text and environment.from_string(text).render(values) for slot, text in attrs.asdict(sentences).items()
    }
    return Rendered(**written_slots, role=message.severity.role, lang=lang)
