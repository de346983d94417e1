"""A debt of an insured person to a caisse, and its kind.

The portal finds the debts of the person and passes them as :class:`Debt`.  Your system looks them up.

>>> from creance_pay import Euros, NoticeReference
>>> debt = Debt(
...     reference=NoticeReference("6311632600000408F"),
...     kind=DebtKind.FRANCHISE,
...     initial=Euros(700),
...     remaining=Euros(700),
...     issued_on=None,
...     open_online=True,
... )
>>> debt.kind
<DebtKind.FRR: 'FRR'>
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

import attrs

from ._validators import of_type
from .errors import InvalidValueError
from .money import Euros
from .references import NoticeReference

# The social security number (NIR): sex, year, month, department, commune, order, and optionally the key.
_NIR = re.compile(r"([1-478]\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d{2}|2[AB])\d{6})(\d{2})?", re.ASCII)
_SEPARATOR = re.compile(r"[\s.-]")
_CORSICA = {"2A": "19", "2B": "18"}
_NIR_MODULUS = 97


class DebtKind(StrEnum):
    """The kind of a debt, by its code in the CNAM's table IR_NDT_V.

    The policy lists the kinds that can be paid online.  The guide shows two.
    """

    #: *Participation forfaitaire à retenir*: a flat sum for each medical act (CSS L160-13, II).
    PFR = "PFR"
    PARTICIPATION_FORFAITAIRE = "PFR"
    #: *Franchise à récupérer*: a sum for each medicine, paramedical act and transport (CSS L160-13, III).
    FRR = "FRR"
    FRANCHISE = "FRR"
    #: *Récupération du forfait « 18 euros »*: another flat participation.
    FHR = "FHR"
    #: *Indu*: a benefit that was paid without being due.
    IND = "IND"
    #: *Indu, erreur de règlement*.
    ERR = "ERR"
    #: *Indu sur fraude*.
    FRA = "FRA"
    #: *Indemnité forfaitaire de frais de gestion*.
    IFR = "IFR"
    #: *Indu sur prestation invalidité*.
    ISI = "ISI"
    #: *Indu sur prestation rente*.
    ISR = "ISR"
    #: *Autre prestation à récupérer*.
    APR = "APR"
    #: *Pénalité financière assuré* (CSS L114-17-1).
    ASP = "ASP"
    #: *Majoration de pénalité financière assuré*.
    ASM = "ASM"
    #: *Pénalités et sanctions sur assuré* (CSS L323-6).
    PAS = "PAS"
    #: *Frais de contentieux à récupérer*.
    FCR = "FCR"
    #: *Admission en non-valeur*: a state rather than a kind, which the table lists as a kind.
    ANV = "ANV"


def _is_nir(text: str) -> bool:
    """Return whether a text has the shape of a social security number: 13 characters, or 15 with a valid key."""
    found = _NIR.fullmatch(_SEPARATOR.sub("", text).upper())
    if found is None or found[2] is None:
        return found is not None
    number = found[1][:5] + _CORSICA.get(found[1][5:7], found[1][5:7]) + found[1][7:]
    return _NIR_MODULUS - int(number) % _NIR_MODULUS == int(found[2])


def _validate_debtor(_: Debt, __: attrs.Attribute[str | None], debtor: str | None) -> None:
    if debtor is not None and _is_nir(debtor):
        raise InvalidValueError("expected debtor to be an opaque identifier, got a social security number")


@attrs.frozen(kw_only=True)
class Debt:
    """The debt of one notice.

    Args:
        reference: The reference of the notice.
        kind: The kind of the debt.
        initial: The amount of the notice.
        remaining: The amount that is still due.  It still contains the payments that wait for their display.
        issued_on: The day of the notice, or ``None`` if it is unknown.
        open_online: Whether the caisse has opened this reference to online payment.
        debtor: An opaque identifier, the same for all debts of one person; a social security number is refused.

    Raises:
        InvalidValueError: when a field has another type, or when ``debtor`` is a social security number.
    """

    reference: NoticeReference = attrs.field(validator=of_type(NoticeReference))
    kind: DebtKind = attrs.field(validator=of_type(DebtKind))
    initial: Euros = attrs.field(validator=of_type(Euros))
    remaining: Euros = attrs.field(validator=of_type(Euros))
    issued_on: date | None = attrs.field(validator=of_type(date, type(None)))
    open_online: bool = attrs.field(validator=of_type(bool))
    debtor: str | None = attrs.field(default=None, repr=False, validator=[of_type(str, type(None)), _validate_debtor])
