"""Write the files for programs beside the English pages.

=====================  =========================================================================
``creance-pay.json``   rules, readings, sources, codes, messages, states, incidents and policies
``llms.txt``           the pages with their descriptions, in the form of llmstxt.org
``404.html``           the page for an address that does not exist, in both languages
=====================  =========================================================================

The JSON is for programs in other languages: a code there is the code in a verdict.
"""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import attrs
from accessible import first_paragraph
from french import words
from sphinx.application import Sphinx

from creance_pay import PaymentState, messages, rules
from creance_pay.codes import Code
from creance_pay.ledger import IncidentKind
from creance_pay.rules import citations

POLICIES = ("ameli-2019-11", "ameli-2019-11-selection")
MISSING = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Page not found - creance-pay</title>
<style>body{{font:1.1rem/1.6 system-ui,sans-serif;margin:10vh auto;max-width:36rem;padding:0 1rem}}</style>
</head>
<body>
<main>
<h1>Page not found</h1>
<p>This page does not exist. Go to the <a href="{root}index.html">first page</a> or to the
<a href="{root}search.html">search</a>.</p>
<p lang="fr">Cette page n’existe pas. Allez à la <a href="{root}fr/index.html" hreflang="fr">première page</a> ou à la
<a href="{root}fr/search.html" hreflang="fr">recherche</a>.</p>
</main>
</body>
</html>
"""


def message_data(kind: type[messages.Message]) -> dict[str, Any]:
    """Return a message with its sentences for sample values, in each language."""
    sentences = {lang: messages.render(messages.sample(kind), lang=lang) for lang in ("fr", "en")}
    return {
        "answers": [str(answer) for answer in kind.answers],
        "severity": kind.severity,
        "debited": kind.money,
        "again": kind.retry,
        "needs": [field.name for field in attrs.fields(kind)],
        **{
            lang: {"title": each.title, "body": each.body, "action": each.action, "short": each.short}
            for lang, each in sentences.items()
        },
    }


def policy_data(name: str) -> dict[str, Any]:
    """Return the values of a policy, each with its unit and its source."""
    found = rules.policy_named(name)
    return {
        key: {"value": each.value, "unit": each.unit, "source": each.source, "since": each.since,
              "documented_on": each.documented_on}
        for key, each in found.sources.items()
    }  # fmt: skip


def data() -> dict[str, Any]:
    """Return the content of ``creance-pay.json``."""
    french = words()
    return {
        "rules": {
            key: {"title": each.title, "title_fr": french["regles"][key][0], "sources": each.sources,
                  "guide": each.guide}
            for key, each in citations.rules().items()
        },
        "readings": {
            key: {"question": each.question, "reading": each.reading, "question_fr": french["lectures"][key][0],
                  "reading_fr": french["lectures"][key][1], "source": each.source, "other": each.other}
            for key, each in citations.readings().items()
        },
        "sources": {
            key: {"document": each.document, "publisher": each.publisher, "place": each.place, "link": each.link,
                  "dated": each.dated, "seen_on": each.seen_on}
            for key, each in rules.sources().items()
        },
        "codes": {
            member.value: {"kind": kind.__name__, "rule": member.rule, "meaning": member.meaning,
                           "meaning_fr": french["codes"][member.name], "source": member.source,
                           "public": member.public}
            for kind in Code.__subclasses__() for member in kind
        },
        "states": {state.value: {"title_fr": french["etats"][state.name][0]} for state in PaymentState},
        "incidents": {kind.value: {"title_fr": french["incidents"][kind.name][0]} for kind in IncidentKind},
        "messages": {kind.key: message_data(kind) for kind in messages.MESSAGES},
        "policies": {name: policy_data(name) for name in POLICIES},
    }  # fmt: skip


def plain(value: object) -> str:
    """Return a day as text; refuse any other type that JSON does not know."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"expected a day, got a {type(value).__name__}")


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the files."""
    if error is not None or app.builder.format != "html" or app.config.language != "en":
        return
    folder = Path(app.outdir)
    text = json.dumps(data(), ensure_ascii=False, indent=1, default=plain)
    (folder / "creance-pay.json").write_text(text + "\n", encoding="utf-8")
    root = os.environ.get("DOCS_ROOT", "/")
    (folder / "404.html").write_text(MISSING.format(root=root), encoding="utf-8")
    titles = app.env.titles
    summaries = {page: first_paragraph(app.env.get_doctree(page)) for page in titles}
    lines = [
        "# creance-pay", "",
        "> A Python library to let an insured person pay online what they owe to a French health insurance fund.", "",
        "The rules, codes, messages and policies are also in [creance-pay.json](creance-pay.json).", "", "## Pages", "",
        *(f"- [{titles[page].astext()}]({page}.html): {summaries[page]}" for page in sorted(titles)), "",
        "## Pages en français", "", "- [Présentation](fr/index.html)", "",
    ]  # fmt: skip
    (folder / "llms.txt").write_text("\n".join(lines), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the handler."""
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
