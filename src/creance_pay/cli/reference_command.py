"""``creance-pay reference TEXT``: parse a notice reference as a person types it (rules R1 to R3)."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from zoneinfo import ZoneInfo

from .._clock import utc_now
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
    """Print the parts of a reference; for another text, the problem and the probable references, with status 1."""
    today = utc_now().astimezone(ZoneInfo("Europe/Paris")).date()
    try:
        reference = NoticeReference.parse(options.text, today=today)
    except InvalidReferenceError as error:
        print_values(options, {"code": error.code, "problem": error, "suggestions": [*error.suggestions]})
        return 1
    suggestions = [str(each) for each in reference.suggestions(today=today)]
    print_values(
        options,
        {
            "code": "REFERENCE_OK",
            "reference": reference.grouped,
            "caisse": reference.caisse_code,
            "issued_on": reference.issued_on,
            "sequence": reference.sequence,
            "letter": reference.letter,
            **({"suggestions": suggestions} if suggestions else {}),
        },
    )
    return 0
