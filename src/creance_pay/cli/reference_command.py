"""``creance-pay reference TEXT``: read a notice reference as a person types it (rules R1 to R3)."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..errors import InvalidReferenceError
from ..references import NoticeReference
from .output import answer

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser("reference", help="read a notice reference")
    command.add_argument("text", help="what was typed, quoted if it has spaces")
    command.add_argument("--json", action="store_true", help="answer in JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the parts of a reference, or what is wrong with it and what may have been meant."""
    try:
        reference = NoticeReference.parse(options.text)
    except InvalidReferenceError as error:
        answer(options, {"code": error.code, "problem": error, "suggestion": error.suggestion})
        return 1
    answer(
        options,
        {
            "code": "REFERENCE_OK",
            "reference": reference.grouped,
            "caisse": reference.caisse_code,
            "issued_on": reference.issued_on,
            "sequence": reference.sequence,
            "letter": reference.letter,
        },
    )
    return 0
