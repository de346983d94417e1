"""The directory of the caisses, by the code in a notice reference (rule R3).

The table ``caisses.csv`` lists 133 codes as of December 2020.  Its first lines give the sources.  It lacks later
changes, hence an unknown code leads only to a warning.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

import attrs

from .codes import CaisseStatus


@attrs.frozen(kw_only=True)
class Caisse:
    """A caisse of the directory.

    Attributes:
        code: Three digits, the first three of a notice reference.
        name: The name in French, as screens show it.
        department: The number of the department.
        kind: ``CPAM``, ``CGSS`` (overseas), ``CCSS`` (Lozère) or ``CSS`` (Mayotte).
        status: ``CAISSE_OK`` or ``CAISSE_ABSORBED``.
        successor: The code of the caisse that absorbed it, else ``None``.
        time_zone: The IANA name of its time zone.
        holiday_region: The subdivision of France whose public holidays apply, as the package ``holidays`` names it
            (``57`` for Moselle, ``6AE`` for Alsace, the number of an overseas department); ``None`` where the common
            holidays apply.
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
    """Read the table on first use."""
    lines = resources.files(__package__).joinpath("caisses.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {row["code"]: _caisse(row) for row in rows}


def find_caisse(code: str) -> Caisse | None:
    """Return the caisse of a code.

    Args:
        code: Three digits, as in :attr:`NoticeReference.caisse_code <creance_pay.NoticeReference.caisse_code>`.

    Returns:
        The caisse, which may be an absorbed one; ``None`` for a code that the table does not contain.

    >>> caisse = find_caisse("631")
    >>> caisse.name, caisse.time_zone
    ('CPAM du Puy-de-Dôme', 'Europe/Paris')
    >>> find_caisse("022").successor
    '021'
    >>> find_caisse("632") is None
    True
    """
    return _directory().get(code)


def successors() -> dict[str, str]:
    """Return the code of the successor of each absorbed caisse, by its own code."""
    return {code: caisse.successor for code, caisse in _directory().items() if caisse.successor}


def managing_caisse(code: str) -> str:
    """Return the code of the caisse that manages the notices of a caisse: the successor of an absorbed one, or itself.

    Args:
        code: Three digits.

    >>> managing_caisse("022"), managing_caisse("631"), managing_caisse("632")
    ('021', '631', '632')
    """
    caisse = find_caisse(code)
    return code if caisse is None else caisse.successor or code
