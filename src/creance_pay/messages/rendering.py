"""From a message to sentences, in the language and for the medium where they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import lru_cache

import attrs
from jinja2 import Template
from jinja2.utils import concat
from markupsafe import Markup, escape

from ..errors import MessageError
from .catalogue import Letter
from .message import Message, Severity
from .sentences import Overrides, Wording, sentences_of
from .sms import SmsText, plain
from .templates import environment, markup, placeholders

_NONE = Overrides()


class Medium(StrEnum):
    """Where a message is read."""

    #: Plain text.
    TEXT = "text"
    #: A fragment of a page: every value and every sentence escaped.
    HTML = "html"
    #: A short message: what it costs depends on every character.
    SMS = "sms"
    #: A letter on paper: its body holds all there is to read, from the greeting to the signature.
    LETTER = "letter"


@attrs.frozen(kw_only=True)
class Rendered:
    """A message in words.

    In HTML the sentences are safe to put into a page as they are, and so is the whole: template engines that know
    ``__html__`` (Jinja2, Django) put ``{{ rendered }}`` in as one block, with its role, language and identifier.

    Attributes:
        title: What it is about.
        body: What has happened.
        action: What to do now.
        help: Where to ask or to look, or ``None``.
        short: All of it in one SMS; ``None`` where the message has no such sentence.
        sender: Who signs it; ``None`` but for a letter.
        role: The ARIA role of the element that shows it (RGAA 7.5).
        lang: The language of the sentences, to be marked where the page has another (RGAA 8.7).
        code: The stable word that a person can quote by telephone.
        field: The form's field that it is about, or ``None``.
        severity: How grave it is.
        segments: How many messages the SMS is paid as; ``None`` for the other media.
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
    segments: int | None = None

    @property
    def element_id(self) -> str | None:
        """What the field's ``aria-describedby`` names: ``amount-hint`` for a hint, else ``amount-error``."""
        part = "hint" if self.severity is Severity.INFO else "error"
        return f"{self.field}-{part}" if self.field else None

    def __html__(self) -> str:
        """Give the whole message as one element of a page."""
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
    """Put a text into paragraphs, its lines kept apart."""
    lines = (Markup("<br>").join(part.split("\n")) for part in escape(text).split("\n\n"))
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in lines)


#: What becomes of a sentence once it is written.
_FINISH: dict[Medium, Callable[[str], str]] = {Medium.HTML: markup, Medium.SMS: plain}


def _writer(text: str, lang: str, medium: Medium) -> str | Template:
    """Prepare a sentence: what has no placeholder is written now, once for all."""
    template = environment(lang, html=medium is Medium.HTML).from_string(text)
    return template if placeholders(text, lang) else _FINISH.get(medium, str)(template.render())


@lru_cache(maxsize=16384)
def _writers(
    kind: type[Message], lang: str, medium: Medium, wording: Wording, overrides: Overrides
) -> tuple[dict[str, str], tuple[tuple[str, Template], ...], tuple[str, ...]]:
    """Prepare the sentences of a message: those already written, those to write, and the fields that these take."""
    sentences = sentences_of(lang, Wording(wording), overrides).get(getattr(kind, "key", ""))
    if sentences is None:
        raise MessageError(f"expected a message of the catalogue, got {kind.__name__}")
    made = {slot: _writer(text, lang, medium) for slot, text in attrs.asdict(sentences).items() if text is not None}
    constant = {slot: text for slot, text in made.items() if isinstance(text, str)}
    varying = tuple((slot, text) for slot, text in made.items() if isinstance(text, Template))
    return constant, varying, tuple(field.name for field in attrs.fields(kind))


def _written(
    message: Message, varying: tuple[tuple[str, Template], ...], names: tuple[str, ...], medium: Medium
) -> Iterator[tuple[str, str]]:
    """Write the sentences that have placeholders, all from one context: ``Template.render`` would make one for each."""
    values = {name: getattr(message, name) for name in names}
    context, finish = varying[0][1].new_context(values, shared=True), _FINISH.get(medium, str)
    for slot, template in varying:
        yield slot, finish(concat(template.root_render_func(context)))


def render(
    message: Message,
    *,
    medium: Medium = Medium.TEXT,
    lang: str = "fr",
    overrides: Overrides | None = None,
    wording: Wording = Wording.GUIDE,
) -> Rendered:
    """Write a message.

    Args:
        message: The message, with its values.
        medium: Where it is read.
        lang: The language, ``fr`` or ``en``.
        overrides: The caisse's own sentences, from :func:`~creance_pay.messages.read_overrides`.
        wording: Which of the shipped wordings lies beneath.

    Raises:
        MessageError: when the language has no sentences, a value is ``None``, or the SMS takes more than one message.
    """
    medium = Medium(medium)
    constant, varying, names = _writers(type(message), lang, medium, wording, overrides or _NONE)  # type: ignore[arg-type]
    slots = {**constant, **dict(_written(message, varying, names, medium))} if varying else constant
    segments = None
    if medium is Medium.SMS:
        slots, segments = _as_sms(message, slots)
    if medium is Medium.LETTER:
        slots = _as_letter(slots, lang, overrides, wording)
    return Rendered(
        **slots,
        role=message.severity.role,
        lang=lang,
        code=message.code,
        field=message.field,
        severity=message.severity,
        segments=segments,
    )


def _as_sms(message: Message, slots: dict[str, str]) -> tuple[dict[str, str], int]:
    """Put in what is to be sent and its price, and refuse a short sentence that has become long."""
    sms = SmsText.of(slots.get("short", slots["body"]))
    if "short" in slots and sms.segments > 1:
        raise MessageError(f"{message.key}: the SMS takes {sms.segments} messages in place of one")
    return {**slots, "short": sms.text}, sms.segments


def _as_letter(slots: dict[str, str], lang: str, overrides: Overrides | None, wording: Wording) -> dict[str, str]:
    """Put greeting and signature around the sentences, unless they have their own."""
    text = "\n\n".join(slots[slot] for slot in ("body", "action", "help") if slot in slots)
    if "sender" in slots:
        return {**slots, "body": text}
    frame = render(Letter(text=text), lang=lang, overrides=overrides, wording=wording)
    return {**slots, "body": frame.body, "sender": str(frame.sender)}
