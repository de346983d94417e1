"""The table of extras, from ``pyproject.toml`` and the installed packages: brings, size, licence, use.

A package that is not installed has no size.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tables import Row, code, table, text

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
USES = {
    "": "rules, gateways, messages, a ledger in memory",
    "ledger": "a ledger in SQLite",
    "postgresql": "a ledger in PostgreSQL",
    "batch": "rules over columns, files of debts",
    "spark": "the same on Spark, which also needs Java",
    "pdf": "letters as PDF files",
    "proofs": "the proofs of creance-pay policy check",
    "django": "the Django application, with its ledger",
    "demo": "the bank's page and the office's pages on your machine",
    "telemetry": "spans and counters of OpenTelemetry",
}
MEGABYTE = 1_000_000
# Packages whose code is in another distribution, and that distribution.
PARTS = {"polars": ["polars-runtime-32"], "psycopg": ["psycopg-binary"]}


def names(requirements: list[str]) -> list[str]:
    """Return the names of packages without their versions."""
    return [re.split(r"[\[<>=;, ]", each, maxsplit=1)[0] for each in requirements]


def size(name: str) -> int:
    """Return the size of an installed package in bytes, with its parts; 0 when it is not installed."""
    total = 0
    for each in (name, *PARTS.get(name, [])):
        try:
            files = distribution(each).files or []
        except PackageNotFoundError:
            continue
        total += sum(file.size or 0 for file in files)
    return total


def licence(name: str) -> str:
    """Return the short name of a package's licence."""
    try:
        found = distribution(name).metadata
    except PackageNotFoundError:
        return ""
    words = found.get("License-Expression") or found.get("License") or ""
    if not words or len(words) > 60 or "\n" in words:  # noqa: PLR2004 - a whole licence text
        words = "MIT" if "Permission is hereby granted" in words else "BSD" if "Redistribution" in words else words
        classes = [each for each in found.get_all("Classifier", []) if "License ::" in each]
        words = classes[0].rpartition(":: ")[2].replace(" License", "") if classes else words[:20]
    return words.replace(" License", "").replace("-3-Clause", "").replace("-only", "")


class ExtrasTable(SphinxDirective):
    """The extras of the package."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        self.env.note_dependency(str(PROJECT))
        project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
        extras = {"": project["dependencies"], **project["optional-dependencies"]}
        if wrong := extras.keys() ^ USES.keys():
            raise self.error(f"extras of the project and of this table differ: {', '.join(sorted(wrong))}")
        rows = [self._row(name, names(extras[name])) for name in USES]
        return [table(("Extra", "Brings, with its licence", "Size", "For"), rows, (14, 46, 12, 28))]

    def _row(self, extra: str, packages: list[str]) -> Row:
        kept = [name for name in packages if name not in {"tzdata", "backports-zstd"}]
        brings = ", ".join(f"{name} ({words})" if (words := licence(name)) else name for name in kept)
        megabytes = sum(map(size, kept)) / MEGABYTE
        shown = f"{megabytes:.0f} MB" if megabytes >= 1 else "under 1 MB"
        return code(extra) if extra else text("none"), text(brings), text(shown), text(USES[extra])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("extras-table", ExtrasTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
