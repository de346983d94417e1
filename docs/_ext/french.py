"""French tables, from the same objects as the English ones, with the words of ``docs/fr/titres.toml``.

==================  ================================================================
``table-regles``    the rules by number
``table-lectures``  the readings of the open questions
``table-valeurs``   the values of the named policy
``table-codes``     the codes of the verdicts, with the message of each
``table-etats``     the states of a payment, with the message of each
``table-messages``  the messages to the insured person, in French
``table-incidents`` the kinds of incidents, and the act of the operator
``table-sources``   the documents that the rules cite
==================  ================================================================

A word that is absent from the file stops the build.
"""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tables import Cell, Row, code, messages_by_answer, table, text

from creance_pay import Euros, PaymentState, messages, rules
from creance_pay.codes import Code
from creance_pay.ledger import IncidentKind
from creance_pay.rules import citations

FILE = Path(__file__).resolve().parents[1] / "fr" / "titres.toml"
KNOWN = {"True": "oui", "False": "non", "no": "non", "yes": "oui", "unknown": "inconnu"}


@cache
def words() -> dict[str, Any]:
    """Read the French words."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def place_of(source: str) -> str:
    """Return the short form of a source in French."""
    citation = rules.sources()[source]
    if citation.reading_of:
        return f"lecture {source}"
    return f"{source.partition('.')[0]}, {words()['lieux'][source]}"


class FrenchTable(SphinxDirective):
    """The base of the tables: it notes the file that the page depends on."""

    headers: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        self.env.note_dependency(str(FILE))
        return [table(self.headers, self.rows(), self.widths)]

    def rows(self) -> list[Row]:
        """Build the rows."""
        raise NotImplementedError

    def anchored(self, key: str, shown: str) -> Cell:
        """Show a text as code, and make it a place that a link can lead to."""
        node = nodes.literal("", shown, ids=[key.lower().replace("_", "-")])
        return [node]


class RuleTable(FrenchTable):
    """The rules by number."""

    headers = ("Règle", "Contenu", "Sources")
    widths = (10, 60, 30)

    def rows(self) -> list[Row]:
        """Build a row for each rule: number, title and summary, sources."""
        return [
            (
                self.anchored(number, number),
                [nodes.paragraph("", "", nodes.strong("", words()["regles"][number][0])),
                 nodes.paragraph("", words()["regles"][number][1]),
                 *([nodes.paragraph("", "", nodes.emphasis("", rule.guide))] if rule.guide else [])],
                text("\N{NO-BREAK SPACE}; ".join(map(place_of, rule.sources))),
            )
            for number, rule in citations.rules().items()
        ]  # fmt: skip


class ReadingTable(FrenchTable):
    """The readings of the questions that the sources leave open."""

    headers = ("", "Question ouverte", "Lecture retenue", "Autre lecture (valeur)")
    widths = (8, 34, 34, 24)

    def rows(self) -> list[Row]:
        """Build a row for each reading."""
        return [
            (
                self.anchored(number, number), *map(text, words()["lectures"][number]),
                code(each.other) if each.other else text("aucune"),
            )
            for number, each in citations.readings().items()
        ]  # fmt: skip


class ValueTable(FrenchTable):
    """The values of a policy."""

    required_arguments = 1
    headers = ("Valeur", "Nom dans le fichier", "Valeur livrée", "Source")
    widths = (34, 24, 18, 24)

    def rows(self) -> list[Row]:
        """Build a row for each value."""
        policy = rules.policy_named(self.arguments[0])
        return [
            (text(words()["valeurs"][name]), code(name), text(shown(each)), text(place_of(each.source)))
            for name, each in policy.sources.items()
        ]


def shown(statement: rules.Statement) -> str:
    """Return a value and its unit in French; an amount is in euros."""
    value = statement.value
    if statement.unit == "cents":
        return messages.format_euros(Euros(value))
    text_ = ", ".join(value) if isinstance(value, list) else KNOWN.get(str(value), str(value))
    unit = words()["unites"][statement.unit]
    return text_ if unit in {"choix", "mot", "mots", "codes IR_NDT_V"} else f"{text_} {unit}"


def message_title(answer: StrEnum) -> str:
    """Return the title of the message about a code or a state."""
    kind = messages_by_answer().get(answer)
    return messages.render(messages.sample(kind)).title if kind else "aucun"


class CodesTable(FrenchTable):
    """The codes."""

    headers = ("Code", "Sens", "Règle", "Message affiché")
    widths = (34, 32, 8, 26)

    def rows(self) -> list[Row]:
        """Build a row for each code."""
        members = [member for kind in Code.__subclasses__() for member in kind]
        return [
            (self.anchored(each.name, each.value), text(words()["codes"][each.name]), text(each.rule),
             text(message_title(each)))
            for each in members
        ]  # fmt: skip


class StateTable(FrenchTable):
    """The states of a payment."""

    headers = ("État", "Sens", "Message affiché", "Débité")
    widths = (24, 40, 24, 12)

    def rows(self) -> list[Row]:
        """Build a row for each state."""
        answers = messages_by_answer()
        return [
            (
                [nodes.paragraph("", words()["etats"][state.name][0]), nodes.paragraph("", "", *code(state.name))],
                text(words()["etats"][state.name][1]), text(message_title(state)),
                text(KNOWN[str(answers[state].money)]),
            )
            for state in PaymentState
        ]  # fmt: skip


class MessageTable(FrenchTable):
    """The messages to the insured person."""

    headers = ("Message", "Texte affiché", "Débité")
    widths = (26, 62, 12)

    def rows(self) -> list[Row]:
        """Build a row for each message, with sample values."""
        return [self._row(kind) for kind in messages.MESSAGES]

    def _row(self, kind: type[messages.Message]) -> Row:
        rendered = messages.render(messages.sample(kind))
        body = " ".join(rendered.body.split("\n\n")[:1])
        cell = [nodes.paragraph("", "", nodes.strong("", rendered.title)), nodes.paragraph("", body)]
        cell.append(nodes.paragraph("", "", nodes.emphasis("", rendered.action)))
        if rendered.short:
            cell.append(nodes.paragraph("", f"SMS : {rendered.short}"))
        return self.anchored(kind.key, kind.key), cell, text(KNOWN[str(kind.money)])


class IncidentTable(FrenchTable):
    """The kinds of incidents."""

    headers = ("Incident", "Que faire")
    widths = (42, 58)

    def rows(self) -> list[Row]:
        """Build a row for each kind."""
        return [
            (
                [nodes.paragraph("", words()["incidents"][kind.name][0]),
                 nodes.paragraph("", "", *self.anchored(kind.name, kind.value))],
                text(words()["incidents"][kind.name][1].replace("`", "")),
            )
            for kind in IncidentKind
        ]  # fmt: skip


class SourceTable(FrenchTable):
    """The documents that the rules cite."""

    headers = ("Document", "Endroits cités", "Lu le")
    widths = (48, 34, 18)

    def rows(self) -> list[Row]:
        """Build a row for each document."""
        places: dict[str, list[citations.Citation]] = {}
        for each in rules.sources().values():
            if not each.reading_of:
                places.setdefault(each.document, []).append(each)
        return [self._row(name, each) for name, each in places.items()]

    def _row(self, name: str, cited: list[citations.Citation]) -> Row:
        first = cited[0]
        link = [nodes.reference("", name, refuri=first.link)] if first.link else text(name)
        document = nodes.paragraph("", "", *link, nodes.Text(f", {first.publisher}"))
        return [document], text(" ; ".join(words()["lieux"][each.id] for each in cited)), code(first.seen_on)


def set_spaces(app: Sphinx, doctree: nodes.document) -> None:
    """Set the no-break spaces of French typography in the texts of a page, and leave code unchanged."""
    if app.config.language != "fr":
        return
    for node in list(doctree.findall(nodes.Text)):
        if not isinstance(node.parent, nodes.literal | nodes.literal_block | nodes.raw | nodes.comment):
            spaced = re.sub(r"(?<=«) | (?=[»:])", "\N{NO-BREAK SPACE}", str(node))
            spaced = re.sub(r" (?=[;?!])", "\N{NARROW NO-BREAK SPACE}", spaced)
            spaced = re.sub(r"(?<=\d) (?=[€%])", "\N{NO-BREAK SPACE}", spaced)
            if spaced != node:
                node.parent.replace(node, nodes.Text(spaced))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives, and the setting of spaces."""
    app.connect("doctree-read", set_spaces)
    for name, directive in {
        "table-regles": RuleTable,
        "table-lectures": ReadingTable,
        "table-valeurs": ValueTable,
        "table-codes": CodesTable,
        "table-etats": StateTable,
        "table-messages": MessageTable,
        "table-incidents": IncidentTable,
        "table-sources": SourceTable,
    }.items():
        app.add_directive(name, directive)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
