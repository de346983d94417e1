"""Describe each page, and complete the theme's HTML for people who use a keyboard or a screen reader.

Furo writes headings without a level, and boxes that scroll and cannot have the focus; axe reports both.  The build
replaces these pieces of HTML once it is finished.  A replacement leaves no text that it would replace again, so that a
second build changes nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.display import status_iterator

LONGEST_DESCRIPTION = 200
LABELS = {
    "en": ("Pages of the site", "Sections of this page", "Search"),
    "fr": ("Pages du site", "Sections de la page", "Recherche"),
}


def replacements(language: str) -> list[tuple[str, str]]:
    """Return the patterns of the theme's HTML and their replacements."""
    pages, sections, search = LABELS[language]
    return [
        (r'role="heading">', 'role="heading" aria-level="2">'),
        (r'<aside class="sidebar-drawer">', f'<aside class="sidebar-drawer" aria-label="{pages}">'),
        (r'<aside class="(toc-drawer[^"]*)">', rf'<aside class="\1" aria-label="{sections}">'),
        (r'<div class="(table-wrapper[^"]*)">', r'<div class="\1" tabindex="0">'),
        (r'(?<!</h1>)<div id="search-results">', f'<h1>{search}</h1><div id="search-results">'),
        (r"<pre>", '<pre tabindex="0">'),
        (r'<th class="head[^"]*"><p></p></th>|<th class="head[^"]*"></th>', "<td></td>"),
    ]


def labelled(table: re.Match[str]) -> str:
    """Return a table whose cells have the name of their column, which a narrow screen shows in front of them."""
    names = [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in re.findall(r"<th\b.*?</th>", table[0], re.DOTALL)]

    def row(match: re.Match[str]) -> str:
        columns = iter(names)
        return re.sub(r"<td(?=[ >])(?![^>]*data-label)", lambda _: f'<td data-label="{next(columns, "")}"', match[0])

    return re.sub(r"<tr\b.*?</tr>", row, table[0], flags=re.DOTALL)


def first_paragraph(doctree: nodes.document) -> str:
    """Return the first paragraph of a page as one line, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        if not any(isinstance(parent, nodes.table) for parent in ancestors(paragraph)):
            line = " ".join(paragraph.astext().split())
            return line if len(line) <= LONGEST_DESCRIPTION else line[:LONGEST_DESCRIPTION].rpartition(" ")[0] + " …"
    return ""


def ancestors(node: nodes.Node) -> list[nodes.Node]:
    """List the nodes around a node."""
    found: list[nodes.Node] = []
    while node.parent is not None:
        node = node.parent
        found.append(node)
    return found


def describe(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Add a description of the page, which search engines and link previews show: its first paragraph."""
    if doctree is not None and 'name="description"' not in context.get("metatags", ""):
        words = first_paragraph(doctree).replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
        context["metatags"] = context.get("metatags", "") + f'<meta name="description" content="{words}">'


def complete(app: Sphinx, error: Exception | None) -> None:
    """Replace the pieces in every page that was built."""
    if error is not None or app.builder.format != "html":
        return
    language = app.config.language if app.config.language in LABELS else "en"
    table = [(re.compile(pattern), new) for pattern, new in replacements(language)]
    pages = [app.builder.get_outfilename(name) for name in (*app.env.found_docs, "genindex", "search", "py-modindex")]
    for path in status_iterator(map(Path, pages), "completing pages... ", length=len(pages)):
        if path.exists():
            text = path.read_text(encoding="utf-8")
            for pattern, new in table:
                text = pattern.sub(new, text)
            text = re.sub(r"<table\b.*?</table>", labelled, text, flags=re.DOTALL)
            path.write_text(text, encoding="utf-8", newline="\n")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the handlers."""
    app.connect("html-page-context", describe)
    app.connect("build-finished", complete)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
