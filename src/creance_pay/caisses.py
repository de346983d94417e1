"""The directory of the caisses: which fund issued a notice (rule R3).

The table ``caisses.csv`` lists 133 codes as of December 2020, and its first lines say where they come from.
Changes since then are not in it: a code that it does not know deserves a warning, never a refusal.

>>> caisse = find_caisse("631")
>>> caisse.name, caisse.time_zone
('CPAM du Puy-de-Dôme', 'Europe/Paris')
>>> find_caisse("022").successor
'021'
>>> find_caisse("632") is None
True
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

import attrs

from .codes import CaisseStatus


@attrs.frozen(kw_only=True)
class Caisse:
    """One fund of the directory.

    Attributes:
        code: Three digits, the first three of a notice reference.
        name: The name in French, such as the screen shows it.
        department: The number of the department.
        kind: ``CPAM``, ``CGSS`` (overseas), ``CCSS`` (Lozère) or ``CSS`` (Mayotte).
        status: ``CAISSE_OK`` or ``CAISSE_ABSORBED``.
        successor: The code of the caisse that has taken it over, else ``None``.
        time_zone: The IANA name of the zone in which the caisse dates its letters.
        holiday_region: The subdivision of France whose public holidays it keeps, as the package ``holidays`` names
            them (``57`` and ``6AE`` for Moselle and Alsace, the department overseas), else ``None``.
    """

    code: str
    name: str
    department: str
    kind: str
    status: CaisseStatus
    successor: str | None
    time_zone: str
    holiday_region: str | None


def _caisse(row: dict[str, str]) -> Caisse:
    return Caisse(
        code=row["code"],
        name=row["name"],
        department=row["department"],
        kind=row["kind"],
        status=CaisseStatus(row["status"]),
        successor=row["successor"] or None,
        time_zone=row["time_zone"],
        holiday_region=row["holiday_region"] or None,
    )


@cache
def _directory() -> dict[str, Caisse]:
    """Read the table once, on first use."""
    lines = resources.files(__package__).joinpath("caisses.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {row["code"]: _caisse(row) for row in rows}


def find_caisse(code: str) -> Caisse | None:
    """Look up a caisse by the three digits of its code.

    Args:
        code: Three digits, as :attr:`NoticeReference.caisse_code <creance_pay.NoticeReference.caisse_code>` gives them.

    Returns:
        The caisse, absorbed ones included, or ``None`` when the table does not know the code: warn, never refuse.
    """
    return _directory().get(code)
