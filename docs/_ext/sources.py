"""Link to a source by its id: ``{source}`guide.minimum` ``, as ``{rule}`R7` `` links to a rule.

The directive ``source-list`` lists every source of :func:`creance_pay.rules.sources` with its document, its place, its
publisher and the address where it can be read.  A role with an unknown id is a broken reference and fails the build.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id
from tables import Cell, Row, code, table, text

from creance_pay import rules
from creance_pay.rules import citations


class SourceList(SphinxDirective):
    """The sources: one table a document, one row a place."""

    def run(self) -> list[nodes.Node]:
        """Build a section for each document."""
        self.env.note_dependency(inspect.getfile(citations))
        documents: dict[str, list[citations.Citation]] = {}
        for each in rules.sources().values():
            if not each.reading_of:
                documents.setdefault(each.id.partition(".")[0], []).append(each)
        found: list[nodes.Node] = []
        for places in documents.values():
            first = places[0]
            link = [nodes.reference("", first.document, refuri=first.link)] if first.link else text(first.document)
            days = f"; dated {first.dated}" if first.dated else ""
            found += [
                nodes.paragraph("", "", nodes.strong("", "", *link)),
                nodes.paragraph("", f"{first.publisher}{days}; read on {first.seen_on}."),
                table(("Id", "Place"), [self._row(each) for each in places], (34, 66)),
            ]
        readings = [self._row(each) for each in rules.sources().values() if each.reading_of]
        found += [
            nodes.paragraph("", "", nodes.strong("", "Readings")),
            nodes.paragraph("", "A reading of a place that can be read in two ways; see the rules by number."),
            table(("Id", "Reading"), readings, (34, 66)),
        ]
        return found

    def _row(self, each: citations.Citation) -> Row:
        place: Cell = text(each.place)
        if each.reading_of:
            place = [nodes.Text(f"{each.place} ("), *code(each.reading_of), nodes.Text(")")]
        return self._target(each.id), place

    def _target(self, id_: str) -> Sequence[nodes.Node]:
        """Show the id, and register it as the target of the role."""
        shown = nodes.literal("", id_, ids=[make_id(self.env, self.state.document, "source", id_)])
        self.env.domains.standard_domain.note_object("source", id_, shown["ids"][0], location=shown)
        return [shown]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the role and the directive."""
    app.add_object_type("source", "source", objname="source")
    app.add_directive("source-list", SourceList)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
