"""What HTML needs beside single messages: the summary of a page's errors, and a page to print or keep."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from .catalogue import ErrorSummary
from .message import Message
from .rendering import Medium, Rendered, paragraphs, render
from .sentences import Overrides, Wording
from .templates import markup

_SUMMARY = Markup(
    '<div id="error-summary" class="error-summary" role="{}" lang="{}" tabindex="-1" autofocus><h2>{}</h2><ul>'
)


@cache
def _page() -> Template:
    text = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(text)


def _link(error: Rendered) -> Markup:
    """Lead to the field of an error, where it has one."""
    link = Markup('<li><a href="#{}">{}</a></li>').format(error.field, error.title)
    return link if error.field else Markup("<li>{}</li>").format(error.title)


def error_summary(
    errors: Iterable[Rendered], *, overrides: Overrides | None = None, wording: Wording = Wording.GUIDE
) -> Markup:
    """Sum up the errors of a page, with a link to the field of each (RGAA 11.10, 11.11).

    It belongs at the top of the page; move the focus to it, since not every screen reader announces an alert that
    was there when the page was loaded.

    Args:
        errors: The errors, rendered in one language; the identifier of each form field is the error's ``field``.
        overrides: The caisse's own sentences.
        wording: Which of the shipped wordings lies beneath.

    Returns:
        An element that is safe to put into a page; nothing at all where there is no error.
    """
    shown = list(errors)
    if not shown:
        return Markup("")
    head = render(
        ErrorSummary(count=len(shown)),
        medium=Medium.HTML,
        lang=shown[0].lang,
        overrides=overrides,
        wording=wording,
    )
    links = Markup("").join(map(_link, shown))
    return _SUMMARY.format(head.role, head.lang, head.title) + links + Markup("</ul></div>")


def printable_page(
    message: Message,
    *,
    lang: str = "fr",
    overrides: Overrides | None = None,
    wording: Wording = Wording.GUIDE,
    nonce: str = "",
) -> Markup:
    """Write a message as a whole page, with a style for the screen and one for paper.

    Args:
        message: The message, such as an acknowledgement.
        lang: The language.
        overrides: The caisse's own sentences.
        wording: Which of the shipped wordings lies beneath.
        nonce: What a content security policy asks of the style, if anything.

    Returns:
        The page, which needs nothing from elsewhere.
    """
    made = render(message, medium=Medium.HTML, lang=lang, overrides=overrides, wording=wording)
    return markup(
        _page().render(
            title=made.title,
            sender=made.sender,
            body=paragraphs(made.body),
            action=made.action,
            lang=made.lang,
            nonce=nonce,
        )
    )
