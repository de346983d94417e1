"""The table of findings in the documentation names tests that exist, and each finding of both reviews."""

import ast
import csv
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROWS = list(csv.DictReader((ROOT / "docs/findings.csv").read_text(encoding="utf-8").splitlines()))
CASES = {
    "01", "01d", "02", "03", "04", "05", "06", "07", "08", "11", "14b", "14c", "15", "16", "17", "18", "19", "25",
}  # fmt: skip


def exists(test: str) -> bool:
    """Return whether a file defines a test, alone or in a class."""
    file, *names = test.split("::")
    body: list[ast.stmt] = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    for name in names:
        found = [each for each in body if isinstance(each, ast.ClassDef | ast.FunctionDef) and each.name == name]
        body = found[0].body if found else []
    return bool(body)


def test_tests() -> None:
    """Each named test exists."""
    assert [] == [test for row in ROWS for test in row["test"].split() if not exists(test)]


def test_findings() -> None:
    """Each finding has a row."""
    text = " ".join(re.findall(r"\(([^()]*)\)", " ".join(row["finding"] for row in ROWS)))

    assert {f"F{number}" for number in range(1, 19)} == set(re.findall(r"F\d+", text))
    assert CASES == set(re.findall(r"\b\d{2}[a-d]?\b", text))


def test_absent() -> None:
    """A test that was renamed is noticed."""
    assert [False, False, True] == [
        exists(f"tests/test_findings.py::{name}") for name in ("test_none", "TestNone::test_tests", "test_tests")
    ]
