"""Sample values for the fields of a message: the values of the guide's screens, or the longest possible values."""

from __future__ import annotations

from datetime import date, time
from typing import TypeVar

from ..money import Euros
from ..references import NoticeReference
from .contact import ContactLine, contact_line
from .letters import CareYear, DueAmount
from .message import Message, field_types

_T = TypeVar("_T", bound=Message)

_DAY = date(2018, 7, 5)
_REFERENCE = NoticeReference("6311705400000344F")
#: The values of the guide's screens, by the name of the field.
_GUIDE: dict[str, object] = {
    "address": "https://caisse.example/contact",
    "appeal_address": "Commission de recours amiable, 1 rue de l’Exemple, 63000 Clermont-Ferrand",
    "band_max": Euros(15000),
    "band_min": Euros(5000),
    "caisse": "CPAM du Puy-de-Dôme",
    "delete_on": date(2019, 1, 5),
    "initial": Euros(6000),
    "instalments": (
        DueAmount(due_on=date(2018, 8, 6), amount=Euros(5000)),
        DueAmount(due_on=date(2018, 9, 5), amount=Euros(1600)),
    ),
    "missed": (DueAmount(due_on=date(2018, 8, 6), amount=Euros(5000)),),
    "next_on": date(2018, 9, 5),
    "notice_date": date(2018, 5, 4),
    "other_means": "chèque, avec la référence de l’avis au dos",
    "pay_by": date(2018, 8, 6),
    "reason": "le même avis a été payé deux fois",
    "remaining": Euros(4400),
    "acknowledge_by": date(2018, 7, 19),
    "maximum": Euros(5000),
    "minimum": Euros(1600),
    "refunded": Euros(800),
    "stranded": Euros(1000),
    "suggested_max": Euros(4400),
    "transaction_reference": "PCLCB172540000004",
    "years": (CareYear(year=2016, amount=Euros(2350)), CareYear(year=2017, amount=Euros(3650))),
}
#: The longest value of each type: a bank's amount of twelve digits, a date, a reference of 35 characters.
_LONGEST: dict[type, object] = {
    Euros: Euros(10**12 - 1),
    date: date(2018, 9, 30),
    time: time(8, 59),
    int: 9999,
    str: "W" * 35,
    NoticeReference: _REFERENCE,
    tuple: (_REFERENCE,) * 3,
    ContactLine: contact_line(_DAY),
}
#: The longest value of a field whose type does not show its parts.
_LONGEST_NAMED: dict[str, object] = {
    "instalments": (DueAmount(due_on=date(2018, 9, 30), amount=Euros(10**11)),) * 3,
    "missed": (DueAmount(due_on=date(2018, 9, 30), amount=Euros(10**11)),) * 3,
    "years": (CareYear(year=2018, amount=Euros(10**11)),) * 3,
}
_USUAL: dict[type, object] = {**_LONGEST, Euros: Euros(2000), date: _DAY, int: 24, str: "(texte)", tuple: (_REFERENCE,)}


def sample(kind: type[_T], *, longest: bool = False) -> _T:
    """Build a message with sample values.

    Args:
        kind: The class of the message.
        longest: Whether to use the longest values of each type, in place of the values of the guide's screens.

    Returns:
        The message, with all its optional fields.

    >>> from creance_pay.messages import Registration
    >>> sample(Registration).acknowledge_by
    datetime.date(2018, 7, 19)
    """
    named, typed = (_LONGEST_NAMED, _LONGEST) if longest else (_GUIDE, _USUAL)
    first = {name: accepted[0] for name, accepted in field_types(kind).items()}
    return kind.of({name: named.get(name, typed[type_]) for name, type_ in first.items()})
