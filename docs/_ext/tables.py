"""Tables built from the code: codes, values of a policy, messages, the bank's codes.

Each directive builds docutils nodes, which work in Markdown and reStructuredText.  A rule, a code or a message in a
table is a cross-reference: a missing target fails the build.

=====================  =======================================================================
``code-tables``        the members of each :class:`creance_pay.codes.Code`, one table a class
``policy-table``       the values of the named policy
``message-table``      the messages, with their sentences for sample values
``bank-code-table``    the response codes of Sips, with the state of the payment
``capture-table``      the capture modes of Sips, with the state after an acceptance
``status-table``       the bank's states of a transaction, with ours
``operation-table``    the response codes of an operation, with its outcome
``meaning-table``      a named table of codes, such as ``ACQUIRER_CODES``, with their meanings
``host-table``         the hosts of the brands of Sips
``rule``               a rule by its number: the target of the role of the same name
=====================  =======================================================================
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar

import attrs
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id

from creance_pay import codes, messages, rules
from creance_pay.codes import Code, Reason
from creance_pay.gateways.sips import hosts as sips_hosts
from creance_pay.gateways.sips import response_codes as sips_codes
from creance_pay.rules import citations

Cell = Sequence[nodes.Node]
Row = Sequence[Cell]


def text(words: object) -> Cell:
    """Build a cell of text."""
    return [nodes.Text(str(words))]


def code(words: object) -> Cell:
    """Build a cell of code."""
    return [nodes.literal("", str(words))]


def joined(cells: Iterable[Cell]) -> list[nodes.Node]:
    """Join several cells with commas."""
    flat = [node for cell in cells for node in (*cell, nodes.Text(", "))]
    return flat[:-1]


def table(headers: Sequence[str], rows: Iterable[Row], widths: Sequence[int]) -> nodes.Node:
    """Build a table."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in widths), cols=len(headers))
    group += nodes.thead("", _row(text(header) for header in headers))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group, classes=["colwidths-given"])


def _row(cells: Iterable[Cell]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", *_blocks(cell)) for cell in cells))


def _blocks(cell: Cell) -> list[nodes.Node]:
    """Wrap inline nodes into a paragraph; return blocks unchanged."""
    if any(isinstance(node, nodes.paragraph | nodes.line_block) for node in cell):
        return list(cell)
    return [nodes.paragraph("", "", *cell)]


class CodeTable(SphinxDirective):
    """The base of the directives: cross-references, and the files that a page depends on."""

    sources: ClassVar[tuple[Any, ...]] = ()

    def run(self) -> list[nodes.Node]:
        """Register the sources, then build the nodes."""
        for module in self.sources:
            self.env.note_dependency(inspect.getfile(module))
        return self.build()

    def build(self) -> list[nodes.Node]:
        """Build the nodes."""
        raise NotImplementedError

    def link(self, domain: str, role: str, target: str, shown: str, *, as_code: bool = True) -> Cell:
        """Build a cross-reference; a missing target is a warning, which fails the build."""
        content = (nodes.literal if as_code else nodes.inline)("", shown)
        return [
            addnodes.pending_xref(
                "", content, refdomain=domain, reftype=role, reftarget=target, refdoc=self.env.docname,
                refexplicit=True, refwarn=True,
            )
        ]  # fmt: skip

    def member(self, member: StrEnum) -> Cell:
        """Build a cross-reference to a member of an enumeration."""
        module = "creance_pay.codes" if isinstance(member, Code) else "creance_pay"
        return self.link("py", "attr", f"{module}.{type(member).__name__}.{member.name}", member.name)

    def rule(self, number: str) -> Cell:
        """Build a cross-reference to a rule."""
        return self.link("std", "rule", number, number, as_code=False)

    def message(self, key: str) -> Cell:
        """Build a cross-reference to a message."""
        return self.link("std", "message", key, key)

    def node_id(self, *words: str) -> str:
        """Build an identifier that is unique on the page."""
        return make_id(self.env, self.state.document, "", "-".join(words))


def messages_by_answer() -> Mapping[StrEnum, type[messages.Message]]:
    """Return the message of each code and payment state."""
    return {answer: kind for kind in messages.MESSAGES for answer in kind.answers}


class CodeTables(CodeTable):
    """The members of each enumeration of codes."""

    sources = (codes,)

    def build(self) -> list[nodes.Node]:
        """Build a titled table for each enumeration."""
        return [node for kind in Code.__subclasses__() for node in self._of(kind)]

    def _of(self, kind: type[Code]) -> list[nodes.Node]:
        name = self.link("py", "class", f"creance_pay.codes.{kind.__name__}", kind.__name__)
        headers = ("Code", "Rule", "Meaning, and source", "Shown to the insured person")
        rows = [self._row_of(member) for member in kind]
        return [nodes.rubric("", "", *name), table(headers, rows, (30, 6, 42, 22))]

    def _row_of(self, member: Code) -> Row:
        cell = [nodes.paragraph("", "", self._target(member))]
        if member.name in Reason.__members__:
            cell.append(nodes.paragraph("", f"flag {Reason[member.name].value}"))
        source = nodes.paragraph("", "", nodes.emphasis("", str(rules.sources()[member.source])))
        return cell, self.rule(member.rule), [nodes.paragraph("", member.meaning), source], self._shown(member)

    def _target(self, member: Code) -> nodes.Node:
        """Show the code, and register it as the target of cross-references to the member."""
        kind = type(member).__name__
        shown = nodes.literal("", member.value, ids=[self.node_id("word", kind, member.name)])
        python = self.env.domains["py"]
        if isinstance(python, PythonDomain):
            python.note_object(f"creance_pay.codes.{kind}.{member.name}", "attribute", shown["ids"][0], location=shown)
        return shown

    def _shown(self, member: Code) -> Cell:
        kind = messages_by_answer().get(member)
        if kind is not None:
            return self.message(kind.key)
        return text("yes" if member.public else "no")


class PolicyTable(CodeTable):
    """The values of a policy, as in its file."""

    required_arguments = 1
    sources = (rules.Policy,)

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        policy = rules.policy_named(self.arguments[0])
        rows = [self._row_of(policy, name, statement) for name, statement in policy.sources.items()]
        return [table(("Name", "Value", "Unit", "Day, and overdue after", "Source"), rows, (26, 12, 12, 16, 34))]

    def _row_of(self, policy: rules.Policy, name: str, statement: rules.Statement) -> Row:
        value = ", ".join(statement.value) if isinstance(statement.value, list) else str(statement.value)
        day, known = (statement.since, "first day") if statement.since else (statement.documented_on, "documented")
        when = [*code(day), nodes.Text(f" {known}, overdue after "), *code(policy.confirm_by(name))]
        source = f"{rules.sources()[statement.source]}: {statement.note}"
        value = value.lower() if isinstance(statement.value, bool) else value  # as TOML writes it
        return code(name), code(value), self._unit(name, statement), when, text(source)

    def _unit(self, name: str, statement: rules.Statement) -> Cell:
        """Name the unit; of a choice, the values that it can have."""
        if statement.unit != "choice":
            return text(statement.unit)
        words = attrs.fields_dict(rules.Policy)[name].converter or ("true", "false")
        return [nodes.Text("choice: "), *joined(code(word) for word in words)]


class ReadingTable(CodeTable):
    """The readings of the questions that the sources leave open."""

    sources = (citations.Reading,)

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        rows = [
            (text(number), text(each.question), text(each.reading), self._other(each),
             text(str(rules.sources()[each.source])))
            for number, each in citations.readings().items()
        ]  # fmt: skip
        return [table(("", "Question", "Reading", "Other reading", "Source"), rows, (6, 28, 28, 18, 20))]

    def _other(self, each: citations.Reading) -> Cell:
        """Name the value, and the shipped policy that has it."""
        value = code(each.other) if each.other else []
        return [*value, nodes.Text(", policy "), *code(each.policy)] if each.policy else value


class SourceTable(CodeTable):
    """The documents that the rules cite."""

    sources = (citations.Citation,)

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        rows = [self._row_of(each) for each in rules.sources().values() if not each.reading_of]
        return [table(("Id", "Document", "Place", "Dated, and read on"), rows, (18, 38, 24, 20))]

    def _row_of(self, each: citations.Citation) -> Row:
        link = [nodes.reference("", each.document, refuri=each.link)] if each.link else text(each.document)
        document = nodes.paragraph("", "", *link, nodes.Text(f", {each.publisher}"))
        days = [*code(each.dated), nodes.Text(", ")] if each.dated else []
        return code(each.id), [document], text(each.place), [*days, *code(each.seen_on)]


class MessageTable(CodeTable):
    """The messages: the states and codes that each answers, and its sentences."""

    sources = (messages.Message,)

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        rows = [(self._properties(kind), self._sentences(kind)) for kind in messages.MESSAGES]
        return [table(("Message", "Shown to the insured person"), rows, (44, 56))]

    def _properties(self, kind: type[messages.Message]) -> Cell:
        """List the properties of a message, one a line."""
        target = nodes.literal("", kind.key, ids=[self.node_id("message", kind.key)])
        self.env.domains.standard_domain.note_object("message", kind.key, target["ids"][0], location=target)
        properties: list[tuple[str, Cell]] = [
            ("severity", text(f"{kind.severity} (role {kind.severity.role})")),
            ("debited", text(kind.money)),
            ("again", text(kind.retry)),
        ]
        if kind.answers:
            properties.insert(0, ("answers", joined(map(self.member, kind.answers))))
        if kind.field:
            properties.append(("field", code(kind.field)))
        if needs := [field.name for field in attrs.fields(kind)]:
            properties.append(("needs", joined(map(code, needs))))
        lines = (nodes.line("", "", nodes.emphasis("", label), nodes.Text(" "), *cell) for label, cell in properties)
        meaning = nodes.paragraph("", inspect.getdoc(kind).partition("\n")[0])  # type: ignore[union-attr]
        return [nodes.paragraph("", "", target), meaning, nodes.line_block("", *lines)]

    def _sentences(self, kind: type[messages.Message]) -> Cell:
        """Write the sentences in each language, then those of the other wordings that differ."""
        blocks = self._blocks(messages.render(messages.sample(kind)))
        blocks += self._blocks(messages.render(messages.sample(kind), lang="en"))
        for wording in messages.Wording:
            blocks += self._differing(kind, wording)
        return blocks

    def _blocks(self, rendered: messages.Rendered) -> list[nodes.Node]:
        """Build the blocks of one language, marked for screen readers."""
        name = nodes.paragraph("", "", nodes.emphasis("", {"fr": "French", "en": "English"}[rendered.lang]))
        title = nodes.paragraph("", "", nodes.strong("", rendered.title))
        body = [nodes.paragraph("", "", *_lines(part)) for part in rendered.body.split("\n\n")]
        blocks = [title, *body, nodes.paragraph("", "", nodes.emphasis("", rendered.action))]
        blocks += [nodes.paragraph("", label + words) for label, words in _optional_parts(rendered) if words]
        for block in blocks:
            block["classes"].append(f"language-{rendered.lang}")
        return [name, *blocks]

    def _differing(self, kind: type[messages.Message], wording: messages.Wording) -> list[nodes.Node]:
        """Return the body of a French wording, when it differs from the guide's."""
        guide, other = (
            messages.render(messages.sample(kind), wording=each) for each in (messages.Wording.GUIDE, wording)
        )
        if guide.body == other.body:
            return []
        name = nodes.paragraph("", "", nodes.emphasis("", f"French, {wording}"))
        body = [nodes.paragraph("", "", *_lines(part)) for part in other.body.split("\n\n")]
        for block in body:
            block["classes"].append("language-fr")
        return [name, *body]


def _optional_parts(rendered: messages.Rendered) -> list[tuple[str, str | None]]:
    """List the optional parts of a message, with their labels."""
    return [("", rendered.help), ("SMS: ", rendered.short), ("", rendered.sender)]


def _lines(paragraph: str) -> list[nodes.Node]:
    """Separate the lines of a paragraph by line breaks."""
    flat: list[nodes.Node] = []
    for line in paragraph.splitlines():
        flat += [nodes.Text(line), nodes.raw("", "<br>", format="html")]
    return flat[:-1]


class BankCodeTable(CodeTable):
    """The bank's response codes, with the state of the payment."""

    sources = (sips_codes,)

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        answers = messages_by_answer()
        rows = [
            (code(number), self.member(state), text(answers[state].money), self.message(answers[state].key))
            for number, state in sips_codes.RESPONSES.items()
        ]
        return [table(("Response code", "PaymentState", "Debited", "Message"), rows, (20, 25, 20, 35))]


class CaptureTable(CodeTable):
    """The state after an acceptance, by the capture mode of the message."""

    sources = (sips_codes,)

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        rows = [(code(mode), self.member(state)) for mode, state in sips_codes.CAPTURES.items()]
        return [table(("Capture mode", "PaymentState"), rows, (50, 50))]


class StatusTable(CodeTable):
    """The bank's states of a transaction, with ours."""

    sources = (sips_codes,)

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        rows = [(code(status), self.member(state)) for status, state in sips_codes.STATUSES.items()]
        return [table(("State at the bank", "PaymentState"), rows, (50, 50))]


class OperationTable(CodeTable):
    """The outcome of an operation, by its response code."""

    sources = (sips_codes,)

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        rows = [
            (
                code(number),
                self.link("py", "attr", f"creance_pay.gateways.OperationOutcome.{outcome.name}", outcome.name),
            )
            for number, outcome in sips_codes.OPERATIONS.items()
        ]
        return [table(("Response code", "OperationOutcome"), rows, (50, 50))]


class MeaningTable(CodeTable):
    """Codes that explain a result to a person, and decide nothing."""

    required_arguments = 1
    sources = (sips_codes,)

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        rows = [(code(number), text(meaning)) for number, meaning in getattr(sips_codes, self.arguments[0]).items()]
        return [table(("Code", "Meaning"), rows, (20, 80))]


class HostTable(CodeTable):
    """The addresses of each brand."""

    sources = (sips_hosts,)

    def build(self) -> list[nodes.Node]:
        """Build the table."""
        rows = [
            (code(name), code(host.base), code(host.office) if host.office else text("none, or unknown"))
            for name, host in sips_hosts.KNOWN.items()
        ]
        return [table(("Attribute of SipsHost", "Payment page", "Office"), rows, (26, 40, 34))]


def name_rule(_env: BuildEnvironment, signature: str, node: addnodes.desc_signature) -> str:
    """Show the number and the title of a rule, and return the number as its name."""
    number, _blank, title = signature.partition(" ")
    node += addnodes.desc_name(number, number)
    node += addnodes.desc_annotation("", f" {title}")
    return number


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_object_type("rule", "rule", objname="rule", parse_node=name_rule)
    app.add_object_type("message", "message", objname="message")
    for name, directive in {
        "code-tables": CodeTables,
        "policy-table": PolicyTable,
        "reading-table": ReadingTable,
        "source-table": SourceTable,
        "message-table": MessageTable,
        "bank-code-table": BankCodeTable,
        "capture-table": CaptureTable,
        "status-table": StatusTable,
        "operation-table": OperationTable,
        "meaning-table": MeaningTable,
        "host-table": HostTable,
    }.items():
        app.add_directive(name, directive)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
