"""Parts of a page around its messages: the summary of its errors, and a whole page to print or save."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from ..errors import MessageError
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


def _item(error: Rendered) -> Markup:
    """Build the list item of an error, with a link to its field where it has one."""
    link = Markup('<li><a href="#{}">{}</a></li>').format(error.field, error.title)
    return link if error.field else Markup("<li>{}</li>").format(error.title)


def error_summary(
    errors: Iterable[Rendered], *, overrides: Overrides | None = None, wording: Wording = Wording.GUIDE
) -> Markup:
    """Build the summary of the errors of a page, with a link to the field of each (RGAA 11.10, 11.11).

    Put it at the top of the page and move the focus to it: some screen readers pass over an alert that is there when
    the page is loaded.

    Args:
        errors: The errors, rendered in one language.  Each form field has the ``field`` of its error as identifier.
        overrides: The caisse's own sentences.
        wording: The shipped wording; the overrides replace its sentences.

    Returns:
        An element that is safe in a page; an empty text without errors.

    Raises:
        MessageError: for an error that is not rendered.

    >>> from creance_pay import Euros
    >>> from creance_pay.messages import message_for
    >>> from creance_pay.rules import check_amount, policy_named
    >>> verdict = check_amount("1", total=Euros(6000), policy=policy_named("ameli-2019-11"))
    >>> '<a href="#amount">' in error_summary([render(message_for(verdict), medium=Medium.HTML)])
    True
    """
    shown = list(errors)
    if not shown:
        return Markup("")
    if others := [error for error in shown if not isinstance(error, Rendered)]:
        raise MessageError(f"expected errors to be Rendered, got {type(others[0]).__name__}")
    head = render(
        ErrorSummary(count=len(shown)),
        medium=Medium.HTML,
        lang=shown[0].lang,
        overrides=overrides,
        wording=wording,
    )
    return (
        _SUMMARY.format(head.role, head.lang, head.title) + Markup("").join(map(_item, shown)) + Markup("</ul></div>")
    )


def printable_page(
    message: Message,
    *,
    lang: str = "fr",
    overrides: Overrides | None = None,
    wording: Wording = Wording.GUIDE,
    nonce: str = "",
) -> Markup:
    """Build a whole page from a message, with a style for the screen and a style for paper.

    Args:
        message: The message, such as an acknowledgement.
        lang: The language, ``fr`` or ``en``.
        overrides: The caisse's own sentences.
        wording: The shipped wording; the overrides replace its sentences.
        nonce: The nonce that your content security policy asks for the style.

    Returns:
        The page.  It is complete in one file.

    >>> from creance_pay.messages import Acknowledgement, sample
    >>> page = printable_page(sample(Acknowledgement), nonce="r4nd0m")
    >>> '<style nonce="r4nd0m">' in page
    True
    """
    rendered = render(message, medium=Medium.HTML, lang=lang, overrides=overrides, wording=wording)
    return markup(
        _page().render(
            title=rendered.title,
            sender=rendered.sender,
            body=paragraphs(rendered.body),
            action=rendered.action,
            lang=rendered.lang,
            nonce=nonce,
        )
    )
