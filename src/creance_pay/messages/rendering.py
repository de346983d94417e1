"""From a message to sentences, in the language and for the medium where they are read."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

import attrs
from jinja2.utils import concat
from markupsafe import Markup, escape

from ..errors import MessageError
from .catalogue import Letter
from .message import Message, Severity
from .sentences import Overrides, Wording, sentences_of
from .sms import SmsText
from .templates import environment, placeholders

_NONE = Overrides()
_Writer = Callable[[dict[str, object]], str]


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


def _writer(text: str, lang: str, *, html: bool) -> _Writer:
    """Prepare a sentence: what has no placeholder is written now, once for all."""
    template = environment(lang, html=html).from_string(text)
    mark = Markup if html else str  # type: ignore[truthy-function]
    if not placeholders(text, lang):
        constant = mark(template.render())
        return lambda _: constant
    write, context = template.root_render_func, template.new_context
    return lambda values: mark(concat(write(context(values, shared=True))))  # render() without its copy of the values


@lru_cache(maxsize=16384)
def _writers(
    key: str, lang: str, wording: Wording, overrides: Overrides, *, html: bool
) -> tuple[tuple[str, _Writer], ...]:
    """Prepare the sentences of a message; a caisse pays only for those that it uses."""
    slots = attrs.asdict(sentences_of(lang, wording, overrides)[key])
    return tuple((slot, _writer(text, lang, html=html)) for slot, text in slots.items() if text is not None)


@lru_cache(maxsize=256)
def _names(kind: type[Message]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind))


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
    medium, values = Medium(medium), {name: getattr(message, name) for name in _names(type(message))}
    writers = _writers(message.key, lang, Wording(wording), overrides or _NONE, html=medium is Medium.HTML)
    slots = {slot: write(values) for slot, write in writers}
    made = Rendered(
        **slots,  # type: ignore[arg-type]
        role=message.severity.role,
        lang=lang,
        code=message.code,
        field=message.field,
        severity=message.severity,
    )
    if medium is Medium.SMS:
        return _as_sms(made)
    return _as_letter(made, overrides, wording) if medium is Medium.LETTER else made


def _as_sms(made: Rendered) -> Rendered:
    """Make every sentence plain, and refuse a short one that has become long."""
    sms = SmsText.of(made.short or made.body)
    if made.short and sms.segments > 1:
        raise MessageError(f"{made.code.lower()}: the SMS takes {sms.segments} messages in place of one")
    slots = {name: getattr(made, name) for name in ("title", "body", "action", "help", "sender")}
    plain = {name: SmsText.of(text).text for name, text in slots.items() if text is not None}
    return attrs.evolve(made, **plain, short=sms.text, segments=sms.segments)


def _as_letter(made: Rendered, overrides: Overrides | None, wording: Wording) -> Rendered:
    """Put greeting and signature around the sentences, unless they have their own."""
    text = "\n\n".join(filter(None, (made.body, made.action, made.help)))
    if made.sender:
        return attrs.evolve(made, body=text)
    frame = render(Letter(text=text), lang=made.lang, overrides=overrides, wording=wording)
    return attrs.evolve(made, body=frame.body, sender=frame.sender)
