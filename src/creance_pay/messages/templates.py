"""Sentences as Jinja2 templates, in a sandbox, of which a sentence may use very little.

A template can hold a field (``{{ amount }}``), ask for another form of it (``{{ minimum|bound }}``), and leave out or
choose words (``{% if count is one %}``).  Calls, attributes, loops and assignments are refused when a catalogue is
loaded, so that the sandbox never has anything to stop.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from .formats import filters, is_one, written

_ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Filter, nodes.If, nodes.Test, nodes.Not)


class _EscapedText(Extension):
    """Escape the sentences themselves in HTML: what a caisse writes is words, never markup."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Escape what stands around the placeholders."""
        for token in stream:
            yield Token(token.lineno, "data", str(escape(token.value))) if token.type == "data" else token


@cache
def environment(lang: str, *, html: bool) -> SandboxedEnvironment:
    """Give the environment that writes a language, for text or for HTML."""
    made = SandboxedEnvironment(
        autoescape=html,
        undefined=StrictUndefined,
        finalize=partial(written, lang=lang),
        extensions=[_EscapedText] if html else [],
    )
    made.filters = filters(lang)
    made.tests.clear()
    made.tests["one"] = partial(is_one, lang=lang)  # type: ignore[assignment]
    return made


def placeholders(text: str, lang: str) -> set[str]:
    """List the fields that a sentence uses.

    Raises:
        ValueError: when it is no template, or asks for more than a sentence may.
    """
    reader = environment(lang, html=False)
    try:
        tree = reader.parse(text)
    except TemplateError as error:
        raise ValueError(f"not a template: {error.message}") from error
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            raise ValueError(f"not a template: {type(node).__name__.lower()} is not for sentences")  # noqa: TRY004 - the text is wrong
    for called in tree.find_all((nodes.Filter, nodes.Test)):
        if called.name not in {**reader.filters, **reader.tests} or called.args or called.kwargs:
            raise ValueError(f"not a template: no such filter or test, {called.name}")
    return {name.name for name in tree.find_all(nodes.Name)}


def markup(written_by_a_template: str) -> Markup:
    """Mark what an environment for HTML has written: all that is not ours is escaped in it."""
    return Markup(written_by_a_template)  # noqa: S704 - of that alone
