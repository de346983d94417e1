"""Read and check the files of sentences, and replace shipped sentences by a caisse's own.

A *wording* is a layer of sentences that is shipped (``fr.plain.toml``); *overrides* are layers that a caisse writes.
The same code checks both when they are read: every sentence is complete, and no sentence claims more about money than
its message may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

import attrs

from .._toml import read_toml
from ..codes import Code
from ..errors import ConfigurationError
from ..payment import PaymentProgress, PaymentState
from .catalogue import MESSAGES
from .formats import FORMATS, LOCALES
from .message import Message, field_types, private_fields
from .samples import sample
from .sms import SmsText
from .templates import DETAILS, environment, placeholders
from .wordlist import word_faults

# French sets a no-break space before these signs, inside these quotes, and before a unit.
_NARROW = re.compile(" (?=[;!?])")
_WIDE = re.compile(r" (?=[:»])|(?<=«) |(?<=[0-9}]) (?=€|(?:h|heures?|mois|jours?|euros?)\b)")


#: The source of a sentence that no source has: this project proposes it.
PROPOSED = "project.proposed"


class Wording(StrEnum):
    """The shipped wordings.  English has one, whatever the wording."""

    #: The sentences of the service's own screens, word for word, where it has them.
    GUIDE = "guide"
    #: The same with their slips corrected.
    CORRECTED = "corrected"
    #: Shorter words and sentences.
    PLAIN = "plain"


@attrs.frozen(kw_only=True)
class Sentences:
    """The sentences of one message, as a file holds them.

    Attributes:
        title: The subject.
        body: The facts.
        action: The next step of the person.
        help: The place where the person can ask or look.
        short: The whole message in one SMS.
        sender: The signature; for a letter.
        source: The id of the source of the body, in ``creance_pay.rules.sources``; the name of a caisse's own file.
    """

    title: str
    body: str
    action: str
    help: str | None = None
    short: str | None = None
    sender: str | None = None
    source: str = PROPOSED


@attrs.frozen(kw_only=True)
class _Layer:
    """The sentences of one message that a layer replaces."""

    title: str | None = None
    body: str | None = None
    action: str | None = None
    help: str | None = None
    short: str | None = None
    sender: str | None = None
    source: str | None = None


@attrs.frozen(cache_hash=True)
class Overrides:
    """The layers of a caisse, read and checked by :func:`read_overrides`.

    Attributes:
        layers: The language, the origin and the text of each; a later one replaces sentences of an earlier one.
    """

    layers: tuple[tuple[str, str, str], ...] = attrs.field(default=(), repr=lambda layers: f"<{len(layers)} layers>")


def set_typography(text: str) -> str:
    """Replace the plain spaces of a French text by no-break spaces where French typography asks for them."""
    return _WIDE.sub("\u00a0", _NARROW.sub("\u202f", text))


def _fault(slot: str, text: str, kind: type[Message], lang: str) -> str | None:
    """Describe the first fault of one sentence; ``None`` without a fault."""
    if "'" in text:
        return "a straight apostrophe in place of ’"
    if slot in {"title", "short"} and "\n" in text.strip():
        return "more than one line in place of one"
    try:
        unknown = placeholders(text, lang) - attrs.fields_dict(kind).keys()
    except ValueError as error:
        return str(error)
    if unknown:
        return f"unknown placeholder {', '.join(sorted(unknown))}"
    return next(word_faults(text, kind, lang), None)


def texts_of(sentences: Sentences | _Layer) -> dict[str, str]:
    """Return the sentences by their slot, without the source."""
    return {slot: text for slot, text in attrs.asdict(sentences).items() if text is not None and slot != "source"}


def _message_faults(kind: type[Message], sentences: Sentences, lang: str) -> Iterator[str]:
    """Yield the faults of the sentences of a message taken together: dropped fields, an SMS of several segments."""
    texts = texts_of(sentences)
    used = set().union(*(placeholders(text, lang) for text in texts.values()))
    if dropped := attrs.fields_dict(kind).keys() - used:
        yield f"dropped placeholder {', '.join(sorted(dropped))}"
    usual, longest = (attrs.asdict(sample(kind, longest=each), recurse=False) for each in (False, True))
    for details in (False, True) if "short" in texts else ():
        text = SmsText.of(_filled(texts["short"], longest, lang, details=details))
        if text.segments > 1:
            yield f"short: expected one SMS, got {text.units} units of {text.alphabet} with the longest values"
    for slot in ("title", "short"):
        template = texts.get(slot, "")
        for name in private_fields(kind):
            other = {**usual, name: longest[name]}
            if len({_filled(template, values, lang, details=False) for values in (usual, other)}) > 1:
                yield f"{slot}: {name} outside {{% if details %}}: an SMS would show it to anybody"


def _filled(text: str, values: Mapping[str, object], lang: str, *, details: bool) -> str:
    """Fill a sentence with sample values."""
    return environment(lang, html=False).from_string(text).render({**values, DETAILS: details})


def _checked(kind: type[Message], sentences: Sentences, origin: str, lang: str) -> Sentences:
    """Check the sentences of a message against its fields, then set their typography."""
    place = f"{origin}: {kind.key}"
    if untyped := [name for name, accepted in field_types(kind).items() if not FORMATS.keys() & {*accepted}]:
        raise ConfigurationError(f"{place}: no format for the type of placeholder {', '.join(untyped)}")
    texts = texts_of(sentences)
    for slot, text in texts.items():
        if fault := _fault(slot, text, kind, lang):
            raise ConfigurationError(f"{place}.{slot}: {fault}")
    if fault := next(_message_faults(kind, sentences, lang), None):
        raise ConfigurationError(f"{place}: {fault}")
    set_ = set_typography if lang == "fr" else str
    return Sentences(**{slot: set_(text.strip()) for slot, text in texts.items()}, source=sentences.source)


def read_catalogue(text: str, *, origin: str, lang: str = "fr") -> dict[str, Sentences]:
    """Read and check a whole file of sentences.

    Args:
        text: The content of the file.
        origin: The name of the file, for errors.
        lang: Its language.

    Raises:
        ConfigurationError: for a message without sentences, sentences without a message, an unknown slot, an unknown
            or dropped placeholder, a broken template, a straight apostrophe, a forbidden word, a claim about money that
            the message may not make, a ``short`` of more than one SMS.  The error names the file and the key.
    """
    kinds = {kind.key: kind for kind in MESSAGES}
    read = read_toml(text, dict[str, Sentences], origin=origin)
    if wrong := kinds.keys() ^ read.keys():
        raise ConfigurationError(f"{origin}: missing or unknown messages: {', '.join(sorted(wrong))}")
    return {key: _checked(kinds[key], sentences, origin, lang) for key, sentences in read.items()}


def _replace(base: Mapping[str, Sentences], text: str, origin: str, lang: str, *, source: str) -> dict[str, Sentences]:
    """Replace sentences by those of a layer.  A new sentence uses at least the placeholders of the old one.

    A layer that names no source for a body has the source that is given.
    """
    layer = read_toml(text, dict[str, _Layer], origin=origin)
    if unknown := layer.keys() - base.keys():
        raise ConfigurationError(f"{origin}: unknown messages: {', '.join(sorted(unknown))}")
    kinds = {kind.key: kind for kind in MESSAGES}
    made = dict(base)
    for key, replaced in layer.items():
        old, new = texts_of(base[key]), texts_of(replaced)
        cited = replaced.source or (source if replaced.body else base[key].source)
        made[key] = _checked(kinds[key], Sentences(**{**old, **new}, source=cited), origin, lang)
        for slot in new.keys() & old.keys():
            if dropped := placeholders(old[slot], lang) - placeholders(new[slot], lang):
                raise ConfigurationError(f"{origin}: {key}.{slot}: dropped placeholder {', '.join(sorted(dropped))}")
    return made


def _shipped(name: str) -> str | None:
    file = resources.files(__package__).joinpath(name)
    return file.read_text(encoding="utf-8") if file.is_file() else None


def unanswered() -> list[str]:
    """List the public codes, the payment states and the facts of progress that no message answers."""
    public = {code for kind in Code.__subclasses__() for code in kind if code.public}
    return sorted({*public, *PaymentState, *PaymentProgress} - {word for kind in MESSAGES for word in kind.answers})


@cache
def _reference(lang: str) -> Mapping[str, Sentences]:
    """Read the shipped sentences of a language."""
    if missing := unanswered():
        raise ConfigurationError(f"{lang}.toml: no message answers {', '.join(missing)}")
    return read_catalogue(str(_shipped(f"{lang}.toml")), origin=f"{lang}.toml", lang=lang)


@lru_cache(maxsize=1024)
def sentences_of(lang: str, wording: Wording, overrides: Overrides) -> Mapping[str, Sentences]:
    """Return the sentences of a language: the shipped ones, replaced by those of a wording, then by a caisse's own.

    Raises:
        ConfigurationError: when a layer is refused.
    """
    made = _reference(lang)
    name = f"{lang}.{wording}.toml"
    if (text := _shipped(name)) is not None:
        made = _replace(made, text, name, lang, source=PROPOSED)
    for own, origin, text in overrides.layers:
        made = _replace(made, text, origin, lang, source=origin) if own == lang else made
    return made


def _files(source: Path | Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield the layers of a source: language, origin, text."""
    if isinstance(source, Mapping):
        yield from ((name.removesuffix(".toml"), name, text) for name, text in sorted(source.items()))
        return
    paths = sorted(source.glob("*.toml"))
    if not paths:
        raise ConfigurationError(f"{source}: expected a directory with fr.toml or en.toml, got none of them")
    for path in paths:
        try:
            yield path.stem, str(path), path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path}: not a readable text in UTF-8") from error


def read_overrides(*sources: Path | Mapping[str, str]) -> Overrides:
    """Read and check the sentences with which a caisse replaces shipped ones.

    Args:
        sources: Directories with files ``fr.toml`` and ``en.toml``, or mappings from ``"fr"`` and ``"en"`` to the
            texts of such files.  A later source replaces sentences of an earlier one.

    Returns:
        The argument ``overrides`` of :func:`~creance_pay.messages.render`.

    Raises:
        ConfigurationError: for a file or language that does not exist, an unknown message or slot, an unknown or
            dropped placeholder, a broken template, a straight apostrophe, a forbidden word, a claim about money that
            the message may not make, a ``short`` of more than one SMS.  The error names the file and the key.

    >>> from creance_pay.messages import ServiceUnavailable, render
    >>> ours = read_overrides({"fr": '''
    ... [service_unavailable]
    ... title = "Service arrêté jusqu’à demain"
    ... '''})
    >>> render(ServiceUnavailable(), overrides=ours).title
    'Service arrêté jusqu’à demain'
    """
    layers = [layer for source in sources for layer in _files(source)]
    for lang, origin, _ in layers:
        if lang not in LOCALES:
            raise ConfigurationError(f"{origin}: expected a file of {', '.join(LOCALES)}, got {lang}")
    made = Overrides(tuple(layers))
    for lang in LOCALES:
        for wording in Wording:
            sentences_of(lang, wording, made)
    return made
