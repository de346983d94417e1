"""The law on one page: it is what the package says now, and it is short."""

import importlib.util
import re
import sys
from pathlib import Path

from creance_pay.rules.citations import rules
from creance_pay.rules.theorems import THEOREMS

ROOT = Path(__file__).resolve().parents[1]
_SPEC = importlib.util.spec_from_file_location("law", ROOT / "tools" / "law.py")
assert _SPEC is not None
assert _SPEC.loader is not None
law = importlib.util.module_from_spec(_SPEC)
sys.modules["law"] = law
_SPEC.loader.exec_module(law)
PAGE = law.PAGE.read_text(encoding="utf-8")


def test_current() -> None:
    """The page is the generated one; otherwise run ``python tools/law.py``."""
    assert law.page() == PAGE


def test_short() -> None:
    """The page has at most 400 lines."""
    assert len(PAGE.splitlines()) <= 400


def test_whole() -> None:
    """The page has each rule and each theorem once."""
    assert [*rules()] == re.findall(r"^## (R[0-9]+) ", PAGE, re.MULTILINE)
    assert sorted(theorem.name for theorem in THEOREMS) == sorted(re.findall(r"Theorem `(\w+)`", PAGE))
