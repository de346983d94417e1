"""Compile sentences with Jinja2, in a sandbox, and restrict what a sentence may use.

A sentence may hold a field (``{{ amount }}``), choose another format for it (``{{ minimum|bound }}``), and depend on a
field (``{% if count is one %}``) or on whether details may be shown (``{% if details %}``).  Calls, attributes, loops
and assignments are refused when a catalogue is read: the sandbox is a second defence.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from .formats import filters, format_value, is_singular

#: The name by which a sentence asks whether it may show amounts of the person and references.
DETAILS = "details"

_ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Filter, nodes.If, nodes.Test, nodes.Not)


class _EscapedText(Extension):
    """Escape the sentences themselves for HTML: a caisse writes words, never markup."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Yield the tokens, the text around the placeholders escaped."""
        for token in stream:
            yield Token(token.lineno, "data", str(escape(token.value))) if token.type == "data" else token


@cache
def environment(lang: str, *, html: bool) -> SandboxedEnvironment:
    """Return the Jinja2 environment of a language, for text or for HTML."""
    made = SandboxedEnvironment(
        autoescape=html,
        undefined=StrictUndefined,
        finalize=partial(format_value, lang=lang),
        extensions=[_EscapedText] if html else [],
    )
    made.filters = filters(lang)
    made.tests.clear()
    made.tests["one"] = partial(is_singular, lang=lang)  # type: ignore[assignment]
    return made


def placeholders(text: str, lang: str) -> set[str]:
    """List the fields that a sentence uses.

    Raises:
        ValueError: when the text is not a template, or uses more than a sentence may.
    """
    known = environment(lang, html=False)
    try:
        tree = known.parse(text)
    except TemplateError as error:
        raise ValueError(f"not a template: {error.message}") from error
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            fault = f"a sentence may not use {type(node).__name__.lower()}"
            raise ValueError(fault)  # noqa: TRY004 - the text is wrong, not a type
    for called in tree.find_all((nodes.Filter, nodes.Test)):
        if called.name not in {**known.filters, **known.tests} or called.args or called.kwargs:
            raise ValueError(f"not a template: no filter or test named {called.name}")
    return {name.name for name in tree.find_all(nodes.Name)} - {DETAILS}


def markup(written_for_html: str) -> Markup:
    """Mark the output of an environment for HTML as safe: the environment has escaped every value and sentence."""
    return Markup(written_for_html)  # noqa: S704 - nothing else comes here
