"""Template tags: ``{% load creance_pay %}``.

``{% message m %}`` writes a message, ``{{ amount|euros }}`` an amount, ``{% bank_form started %}`` the form that brings
the browser to the bank.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from ...gateways import FormPost
from ...messages import Medium, Message, format_euros, render
from ...money import Euros
from ...payments import StartedPayment

register = template.Library()


@register.simple_tag
def message(shown: Message | None, lang: str = "fr") -> SafeString:
    """Write a message as an element with its role and language; nothing for ``None``.

    Args:
        shown: The message.
        lang: The language, ``fr`` or ``en``.
    """
    return mark_safe(str(render(shown, medium=Medium.HTML, lang=lang)) if shown else "")  # noqa: S308 - it is escaped


@register.filter
def euros(amount: Euros) -> str:
    """Write an amount as a French reader expects it, such as ``20,00 €``."""
    return format_euros(amount)


@register.simple_tag(takes_context=True)
def bank_form(context: Any, started: StartedPayment, button: str = "Payer") -> SafeString:  # noqa: ANN401 - Django's own
    """Write the form that posts to the bank, or a link to it; both work without a script.

    With a nonce for scripts, the form is submitted at once.  The nonce is ``csp_nonce`` of the context or of the
    request, as of Django 6 and of django-csp.  The policy of the page must allow ``form-action`` to the bank.

    Args:
        context: The context of the template.
        started: The started payment.
        button: The label.
    """
    if isinstance(started.form, FormPost):
        nonce = context.get("csp_nonce") or getattr(context.get("request"), "csp_nonce", None)
        return mark_safe(started.form.as_html(nonce=str(nonce) if nonce else None, button=button))  # noqa: S308 - escaped
    return template.Template('<a href="{{ url }}" rel="noreferrer">{{ button }}</a>').render(
        template.Context({"url": started.form.url, "button": button})
    )
