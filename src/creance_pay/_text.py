"""Texts from a bank or a file, made harmless for a terminal and for a spreadsheet."""

from __future__ import annotations

import json

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # as OWASP lists them


def printable(text: str) -> str:
    r"""Return a text with its characters that are not printable as escapes of JSON: some control a terminal.

    >>> printable("REF\x1b[2J")
    'REF\\u001b[2J'
    """
    return text if text.isprintable() else "".join(each if each.isprintable() else _escape(each) for each in text)


def _escape(character: str) -> str:
    return json.dumps(character)[1:-1]


def inert_cell(text: str) -> str:
    """Return a cell with an apostrophe before its text where a spreadsheet would take it for a formula.

    >>> inert_cell("=1+1"), inert_cell("1+1")
    ("'=1+1", '1+1')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text
