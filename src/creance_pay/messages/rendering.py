"""Write the sentences of a message, in a language and for a medium."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

import attrs
from jinja2 import Template
from markupsafe import Markup, escape

from ..errors import MessageError
from .catalogue import Email, Letter
from .formats import check_language
from .message import Message, Severity
from .sentences import Overrides, Wording, sentences_of, texts_of
from .sms import SmsText, plain
from .templates import DETAILS, environment, markup

_Choice = TypeVar("_Choice", bound=StrEnum)

_NO_OVERRIDES = Overrides()


class Medium(StrEnum):
    """The medium in which a message is read."""

    #: Plain text.
    TEXT = "text"
    #: A part of a page: every value and every sentence is escaped.
    HTML = "html"
    #: A text message by telephone, priced by its length and alphabet.
    SMS = "sms"
    #: An e-mail: the body has everything, from the greeting to the signature.
    EMAIL = "email"
    #: A letter on paper: the body has everything, from the greeting to the signature.
    LETTER = "letter"
    #: The text of a PDF file: a line that begins with a number sign and a space is a heading.
    PDF = "pdf"


@attrs.frozen(kw_only=True)
class Rendered:
    """The sentences of a message in one language, for one medium.

    ``{{ rendered }}`` shows the same in a Django and in a Jinja2 template, and ``str(rendered)`` returns it:

    * for HTML one element with the role, the language and the identifier of the message, which no engine escapes again;
    * for an SMS the short sentence;
    * for a letter and an e-mail the title and the body;
    * for plain text the title, the body, the action and the help, a paragraph each.

    Attributes:
        title: The subject.
        body: The facts.
        action: The next step of the person.
        help: The place where the person can ask or look, or ``None``.
        short: The whole message in one SMS; ``None`` where the message has no such sentence.
        sender: The signature; ``None`` except for a letter or an e-mail.
        role: The ARIA role of the element that shows the message (RGAA 7.5).
        lang: The language of the sentences; mark it where the page has another language (RGAA 8.7).
        code: The stable word that a person can quote by telephone.
        field: The name of the form field that the message is about, or ``None``.
        severity: The weight of the message.
        medium: The medium for which the sentences are written.
        segments: The number of messages that the SMS costs; ``None`` for another medium.
    """

    title: str
    body: str
    action: str
    help: str | None = None
    short: str | None = None
    sender: str | None = None
    role: str
    lang: str
    code: str
    field: str | None
    severity: Severity
    medium: Medium
    segments: int | None = None

    @property
    def element_id(self) -> str | None:
        """The identifier for ``aria-describedby``: ``amount-hint`` or ``amount-error``; ``None`` without a field."""
        part = "hint" if self.severity is Severity.INFO else "error"
        return f"{self.field}-{part}" if self.field else None

    def __str__(self) -> str:
        """Return the text to show or send: for HTML as ``Markup``, since Django calls ``str()`` before it escapes."""
        if self.medium is Medium.HTML:
            return self._element()
        if self.medium is Medium.SMS:
            return str(self.short)
        if self.medium in {Medium.LETTER, Medium.EMAIL}:
            return f"{self.title}\n\n{self.body}"
        return "\n\n".join(filter(None, (self.title, self.body, self.action, self.help)))

    def __html__(self) -> Markup:
        """Return the same as ``str()``, escaped unless the medium is HTML; Jinja2 calls this."""
        return escape(str(self))

    def _element(self) -> Markup:
        identifier = Markup(' id="{}"').format(self.element_id) if self.element_id else Markup("")
        head = Markup('<div class="message message-{}" role="{}" lang="{}"{}>').format(
            self.severity.value, self.role, self.lang, identifier
        )
        blocks = [Markup('<p class="message-title"><strong>{}</strong></p>').format(self.title), paragraphs(self.body)]
        blocks += [
            Markup('<p class="message-{}">{}</p>').format(name, text)
            for name, text in (("action", self.action), ("help", self.help))
            if text
        ]
        return head + Markup("").join(blocks) + Markup("</div>")


def paragraphs(text: str) -> Markup:
    """Convert the paragraphs of a text to HTML: headings, and paragraphs with a ``<br>`` between their lines."""
    return Markup("").join(
        Markup("<h2>{}</h2>").format(part.removeprefix(HEADING))
        if part.startswith(HEADING)
        else Markup("<p>{}</p>").format(Markup("<br>").join(part.split("\n")))
        for part in escape(text).split("\n\n")
    )


#: The beginning of a paragraph of one line that is a heading.
HEADING = "# "
_HEADING = re.compile(f"^{HEADING}", re.MULTILINE)
#: The media that show headings.
_WITH_HEADINGS = {Medium.HTML, Medium.PDF}

#: The last step after a template is filled, by medium.
_FINISH: dict[Medium, Callable[[str], str]] = {Medium.HTML: markup, Medium.SMS: plain}


def _member(kind: type[_Choice], value: str) -> _Choice:
    """Convert an argument to a member of an enumeration, or refuse it."""
    try:
        return kind(value)
    except ValueError:
        pass
    raise MessageError(f"expected {kind.__name__.lower()} to be one of {', '.join(kind)}, got {str(value)[:40]!r}")


@lru_cache(maxsize=16384)
def _prepare(
    kind: type[Message], lang: str, medium: Medium, wording: Wording, overrides: Overrides
) -> tuple[dict[str, str | Template], tuple[str, ...]]:
    """Return the sentences of a message, as templates where they have placeholders, and the names of its fields."""
    sentences = sentences_of(lang, wording, overrides).get(getattr(kind, "key", ""))
    if sentences is None:
        raise MessageError(f"expected a message of the catalogue, got {kind.__name__}")
    prepared: dict[str, str | Template] = {}
    for slot, text in texts_of(sentences).items():
        marked = text if medium in _WITH_HEADINGS else _HEADING.sub("", text)
        template = environment(lang, html=medium is Medium.HTML).from_string(marked)
        prepared[slot] = template if "{" in text else _FINISH.get(medium, str)(template.render())
    return prepared, tuple(field.name for field in attrs.fields(kind))


def _fill(
    message: Message, medium: Medium, lang: str, overrides: Overrides, wording: Wording, *, details: bool = True
) -> dict[str, str]:
    """Fill the sentences of a message with its values."""
    prepared, names = _prepare(type(message), lang, medium, wording, overrides)  # type: ignore[arg-type]
    values: dict[str, object] = {name: getattr(message, name) for name in names}
    values[DETAILS] = details
    finish = _FINISH.get(medium, str)
    return {slot: text if isinstance(text, str) else finish(text.render(values)) for slot, text in prepared.items()}


def render(
    message: Message,
    *,
    medium: Medium = Medium.TEXT,
    lang: str = "fr",
    overrides: Overrides | None = None,
    wording: Wording = Wording.GUIDE,
    details: bool = False,
) -> Rendered:
    """Write the sentences of a message.

    Args:
        message: A message of the catalogue.
        medium: The medium; it decides escaping and typography.
        lang: The language, ``fr`` or ``en``.
        overrides: The caisse's own sentences, from :func:`~creance_pay.messages.read_overrides`.
        wording: The shipped wording; the overrides replace its sentences.
        details: Whether an SMS or an e-mail shows amounts of the person and references.  By default it leaves them out,
            and refers to the account, where the person reads them.  The other media always show them.

    Raises:
        MessageError: for an unknown message, medium, language or wording, for a value that is ``None``, when the SMS
            costs more than one message, or for an e-mail of a message without a short sentence.

    >>> from creance_pay import Euros
    >>> from creance_pay.messages import message_for
    >>> from creance_pay.rules import check_amount, policy_named
    >>> verdict = check_amount("1", total=Euros(6000), policy=policy_named("ameli-2019-11"))
    >>> render(message_for(verdict), medium=Medium.SMS).short
    'Montant hors limites : saisissez entre 16 € et 50 €.'
    """
    check_language(lang)
    medium, wording, overrides = _member(Medium, medium), _member(Wording, wording), overrides or _NO_OVERRIDES
    if not isinstance(overrides, Overrides):
        raise MessageError(f"expected overrides to come from read_overrides, got {type(overrides).__name__}")
    shown = details or medium not in {Medium.SMS, Medium.EMAIL}
    texts, segments = _fill(message, medium, lang, overrides, wording, details=shown), None
    if medium is Medium.SMS:
        texts, segments = _as_sms(message, texts)
    if medium is Medium.LETTER:
        texts = _as_letter(texts, lang, overrides, wording)
    if medium is Medium.EMAIL:
        if not details and "short" not in texts:
            raise MessageError(f"{message.key}: expected a message with a short sentence for an e-mail")
        texts = _as_email(texts, lang, overrides, wording, details=details)
    return Rendered(
        **texts,
        role=message.severity.role,
        lang=lang,
        code=message.code,
        field=message.field,
        severity=message.severity,
        medium=medium,
        segments=segments,
    )


def _as_sms(message: Message, texts: dict[str, str]) -> tuple[dict[str, str], int]:
    """Return the texts with the one to send as ``short``, and its price in segments.  Refuse a ``short`` of several."""
    sms = SmsText.of(texts.get("short", texts["body"]))
    if "short" in texts and sms.segments > 1:
        raise MessageError(f"{message.key}: expected an SMS of one segment, got {sms.segments}")
    return {**texts, "short": sms.text}, sms.segments


def _as_letter(texts: dict[str, str], lang: str, overrides: Overrides, wording: Wording) -> dict[str, str]:
    """Return the texts with greeting and signature in the body, unless the message is a letter of its own."""
    text = "\n\n".join(texts[slot] for slot in ("body", "action", "help") if slot in texts)
    if "sender" in texts:
        return {**texts, "body": text}
    frame = _fill(Letter(text=text), Medium.TEXT, lang, overrides, wording)
    return {**texts, "body": frame["body"], "sender": frame["sender"]}


def _as_email(
    texts: dict[str, str], lang: str, overrides: Overrides, wording: Wording, *, details: bool
) -> dict[str, str]:
    """Return the texts of an e-mail: its subject, and the short sentence or the whole message in the frame."""
    if details and "sender" in texts:
        return _as_letter(texts, lang, overrides, wording)
    text = "\n\n".join(texts[slot] for slot in (("body", "action", "help") if details else ("short",)) if slot in texts)
    return {**_fill(Email(text=text), Medium.TEXT, lang, overrides, wording, details=details), "title": texts["title"]}
