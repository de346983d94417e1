"""``creance-pay reference TEXT``: parse a notice reference as a person types it (rules R1 to R3)."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from ..errors import InvalidReferenceError
from ..references import NoticeReference
from .arguments import add_json
from .output import print_values


def declare(command: ArgumentParser) -> None:
    """Declare the arguments."""
    command.add_argument("text", help="the reference as typed, in quotation marks if it has spaces")
    add_json(command)
    command.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Print the parts of a reference; for another text, the problem and the probable reference, with status 1."""
    try:
        reference = NoticeReference.parse(options.text)
    except InvalidReferenceError as error:
        print_values(options, {"code": error.code, "problem": error, "suggestion": error.suggestion})
        return 1
    print_values(
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
