"""``creance-pay caisse CODE``: look up a caisse (rule R3)."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

import attrs

from ..caisses import find_caisse
from ..codes import CaisseStatus
from .arguments import add_json
from .output import print_values


def declare(command: ArgumentParser) -> None:
    """Declare the arguments."""
    command.add_argument("code", help="the code of the caisse, three digits")
    add_json(command)
    command.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Print a caisse; return 1 for an unknown code.  The rules do not refuse a payment to an unknown caisse."""
    caisse = find_caisse(options.code)
    unknown = {"code": options.code, "status": CaisseStatus.CAISSE_UNKNOWN}
    print_values(options, attrs.asdict(caisse) if caisse else unknown)
    return 0 if caisse else 1
