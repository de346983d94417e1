"""``creance-pay caisse CODE``: look up a caisse (rule R3)."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import attrs

from ..caisses import find_caisse
from ..codes import CaisseStatus
from .output import answer

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser("caisse", help="look up a caisse by its code")
    command.add_argument("code", help="three digits")
    command.add_argument("--json", action="store_true", help="answer in JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a caisse; an unknown code is a no, though never a reason to refuse a payment."""
    caisse = find_caisse(options.code)
    answer(options, attrs.asdict(caisse) if caisse else {"code": options.code, "status": CaisseStatus.CAISSE_UNKNOWN})
    return 0 if caisse else 1
