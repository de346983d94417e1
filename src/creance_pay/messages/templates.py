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
from markupsafe import escape

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
    made.tests = {"one": partial(is_one, lang=lang)}
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
        _check(node, reader)
    return {name.name for name in tree.find_all(nodes.Name)}


def _check(node: nodes.Node, reader: SandboxedEnvironment) -> None:
    """Refuse a part of a template that a sentence may not have."""
    if not isinstance(node, _ALLOWED):
        raise ValueError(f"not a template: {type(node).__name__.lower()} is not for sentences")  # noqa: TRY004 - it is the text that is wrong
    known = {nodes.Filter: reader.filters, nodes.Test: reader.tests}.get(type(node))
    if known is not None and (node.name not in known or node.args or node.kwargs):  # type: ignore[attr-defined]
        raise ValueError(f"not a template: no such filter or test, {node.name}")  # type: ignore[attr-defined]
