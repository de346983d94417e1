"""Policies: the values that the rules depend on, each with its day and its source.

A rule receives its policy as an argument.  Only this module reads the files of the policies.

>>> policy = policy_named("ameli-2019-11")
>>> policy.online_min, policy.online_max_per_payment
(Euros(1600), Euros(5000))
>>> policy.sources["display_delay_hours"].unit
'hours'

The guide gives no first day of effect.  The shipped policy therefore applies on no day, unless the caller accepts the
latest documented one:

>>> from datetime import date
>>> policy_on(date(2026, 11, 23))
Traceback (most recent call last):
creance_pay.errors.NoPolicyError: no policy is known to apply on 2026-11-23
>>> policy_on(date(2026, 11, 23), undocumented="latest").documented
False
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any, Literal

import attrs

from .._toml import read_toml
from .._validators import describe, of_type
from ..debts import DebtKind
from ..errors import ConfigurationError, InvalidValueError, NoPolicyError
from ..money import Euros
from .choices import BandCheck, DisplayCount, MaxBasis, MinBasis, RetentionCount, Stranding, TotalBasis
from .dates import months_later, require_date


@attrs.frozen(kw_only=True)
class Statement:
    """One value of a policy file, with the facts that let a reader check it.

    Attributes:
        value: The value, in its unit.
        unit: The unit.
        source: The document, and the place in it.
        since: The first day of effect.  Either this or ``documented_on`` is given.
        documented_on: The day of the document.
        seen_on: The last day on which a person checked that the value is unchanged.

    Raises:
        ConfigurationError: for an empty source, or for both days or none of them.
    """

    value: Any  # the field of Policy checks its type
    unit: str
    source: str
    since: date | None = None
    documented_on: date | None = None
    seen_on: date | None = None

    @property
    def last_seen(self) -> date:
        """The latest of the days on which the value is known to have been in effect."""
        return max(day for day in (self.since, self.documented_on, self.seen_on) if day)

    def __attrs_post_init__(self) -> None:
        """Check that the value has a source and one day."""
        if (self.since is None) == (self.documented_on is None) or not self.source.strip():
            raise ConfigurationError("a value needs a source, and either since or documented_on")


def _words(words: Sequence[str]) -> tuple[str, ...]:
    """Convert a list of words.  A single text is a sequence to Python, and a mistake here."""
    if isinstance(words, list | tuple) and all(isinstance(word, str) for word in words):
        return tuple(words)
    raise ConfigurationError(f"expected a list of words, got {describe(words)}")


def _debt_kinds(codes: Sequence[str]) -> tuple[DebtKind, ...]:
    words = _words(codes)
    if unknown := sorted({*words} - {*DebtKind}):
        raise ConfigurationError(f"expected kinds among {', '.join(DebtKind)}, got {', '.join(unknown)}")
    return tuple(DebtKind(word) for word in words)


def _validate_positive(_: Policy, attribute: attrs.Attribute[int], value: int) -> None:
    if value <= 0:
        raise ConfigurationError(f"expected {attribute.name} to be above zero, got {value}")


def _typed(*kinds: type) -> Any:  # noqa: ANN401 - a validator of any field
    return of_type(*kinds, error=ConfigurationError)


#: The policies of this package; the first one is the default of every choice by day.
_FILES = ("policy.toml", "policy_selection.toml")
_CENTS = {"unit": "cents", "read": Euros}
_CHOICE = {"unit": "choice"}
_CODES = {"unit": "codes of IR_NDT_V"}
_WORDS = {"unit": "words"}


#: The tests of the amounts of a policy against each other.  The proofs hold for each policy that passes them.
CONSISTENCY: Mapping[str, Callable[[Policy], bool]] = {
    "the band is empty": lambda policy: (
        policy.notice_band_min.cents + (0 if policy.band_inclusive else 2) <= policy.notice_band_max.cents
    ),
    "the range of online payments is empty": lambda policy: (
        (policy.online_min.cents > 0) & (policy.online_min.cents <= policy.online_max_per_payment.cents)
    ),
    "a remainder too small to be paid online could not be avoided": lambda policy: (
        2 * policy.online_min.cents <= policy.online_max_per_payment.cents + 1
    ),
}


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


@attrs.frozen(kw_only=True)
class Policy:
    """The values of one policy.  ``attrs.evolve`` builds a variant and checks it again.

    Attributes:
        name: The name of the policy.
        documented_on: The day of the document that describes the policy.
        longest_unseen_months: The number of months after which a value that nobody has checked is overdue.
        valid_from: The first day of effect, or ``None`` if it is unknown.
        valid_to: The last day of effect, or ``None``.
        documented: ``False`` where :func:`policy_on` returned the policy for a day on which it is not known to apply.
        notice_band_min: The smallest balance for which a notice is sent (R6).
        notice_band_max: The largest balance for which a notice is sent (R6).
        band_inclusive: Whether both bounds are inside the band (Q1).
        band_checked_at: The moment at which the band is tested (Q3).
        online_min: The smallest online payment, and the smallest debt payable online (R7, R10).
        online_max_per_payment: The largest online payment (R10).
        min_basis: The amount that is compared with the minimum (Q7).
        several_references: Whether several notices can be paid together (Q8).
        several_caisses: Whether one payment can be for notices of several caisses (Q23).
        total_basis: The references that the total includes (Q9).
        max_basis: The upper bound of a payment (Q10).
        several_payments: Whether a notice can be paid in several payments (Q11).
        stranding: The treatment of an amount that strands a remainder (Q12).
        cents_typed: Whether the form accepts cents (Q13).
        pending_subtracted: Whether payments that are not displayed yet are subtracted (Q22).
        open_debt_kinds: The kinds of debt that are payable online (R21).
        display_delay_hours: The number of hours until the account displays a payment (R17).
        display_counted_in: The unit of that delay (Q16).
        mailbox_retention_months: The number of months after which the acknowledgement is deleted (R19).
        mailbox_retention_days: The number of days after which it is deleted, under the other reading.
        retention_counted_in: The reading that applies (Q17).
        acknowledgement_version: The version of the acknowledgement's text (R18).  No rule reads it.
        channels: The channels of the service (R26).  No rule reads them.
        payment_means: The means of payment.  No rule reads them.
        sources: The value of each field in the file, with its unit, its source and its day.

    Raises:
        ConfigurationError: when a value has another type, or two values contradict each other.
    """

    name: str = attrs.field(validator=_typed(str))
    documented_on: date = attrs.field(validator=_typed(date))
    longest_unseen_months: int = attrs.field(validator=[_typed(int), _validate_positive])
    valid_from: date | None = attrs.field(default=None, validator=_typed(date, type(None)))
    valid_to: date | None = attrs.field(default=None, validator=_typed(date, type(None)))
    documented: bool = attrs.field(default=True, validator=_typed(bool))
    notice_band_min: Euros = attrs.field(validator=_typed(Euros), metadata=_CENTS)
    notice_band_max: Euros = attrs.field(validator=_typed(Euros), metadata=_CENTS)
    band_inclusive: bool = attrs.field(validator=_typed(bool), metadata=_CHOICE)
    band_checked_at: BandCheck = attrs.field(converter=BandCheck, metadata=_CHOICE)
    online_min: Euros = attrs.field(validator=_typed(Euros), metadata=_CENTS)
    online_max_per_payment: Euros = attrs.field(validator=_typed(Euros), metadata=_CENTS)
    min_basis: MinBasis = attrs.field(converter=MinBasis, metadata=_CHOICE)
    several_references: bool = attrs.field(validator=_typed(bool), metadata=_CHOICE)
    several_caisses: bool = attrs.field(validator=_typed(bool), metadata=_CHOICE)
    total_basis: TotalBasis = attrs.field(converter=TotalBasis, metadata=_CHOICE)
    max_basis: MaxBasis = attrs.field(converter=MaxBasis, metadata=_CHOICE)
    several_payments: bool = attrs.field(validator=_typed(bool), metadata=_CHOICE)
    stranding: Stranding = attrs.field(converter=Stranding, metadata=_CHOICE)
    cents_typed: bool = attrs.field(validator=_typed(bool), metadata=_CHOICE)
    pending_subtracted: bool = attrs.field(validator=_typed(bool), metadata=_CHOICE)
    open_debt_kinds: tuple[DebtKind, ...] = attrs.field(converter=_debt_kinds, metadata=_CODES)
    display_delay_hours: int = attrs.field(validator=[_typed(int), _validate_positive], metadata={"unit": "hours"})
    display_counted_in: DisplayCount = attrs.field(converter=DisplayCount, metadata=_CHOICE)
    mailbox_retention_months: int = attrs.field(
        validator=[_typed(int), _validate_positive], metadata={"unit": "months"}
    )
    mailbox_retention_days: int = attrs.field(validator=[_typed(int), _validate_positive], metadata={"unit": "days"})
    retention_counted_in: RetentionCount = attrs.field(converter=RetentionCount, metadata=_CHOICE)
    acknowledgement_version: str = attrs.field(validator=_typed(str), metadata={"unit": "word"})
    channels: tuple[str, ...] = attrs.field(converter=_words, metadata=_WORDS)
    payment_means: tuple[str, ...] = attrs.field(converter=_words, metadata=_WORDS)
    sources: Mapping[str, Statement] = attrs.field(factory=dict, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Validate the values against each other."""
        for message, consistent in CONSISTENCY.items():
            if not consistent(self):
                raise ConfigurationError(message)
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ConfigurationError("the last day comes before the first")

    def applies_on(self, day: date) -> bool:
        """Return whether the policy is known to apply on a day.  Without a first day it applies on none."""
        return self.valid_from is not None and self.valid_from <= day <= (self.valid_to or date.max)

    def overdue(self, day: date) -> tuple[str, ...]:
        """Return the names of the values that nobody has checked for longer than ``longest_unseen_months``.

        Args:
            day: The day to count to.
        """
        allowed = self.longest_unseen_months
        return tuple(
            name for name, statement in self.sources.items() if months_later(statement.last_seen, allowed) < day
        )

    def account_for(self, name: str) -> str:
        """Return one line with a value, its unit, its day and its source.

        A value that the caller has changed has no source.

        Args:
            name: The name of a field that has a unit.
        """
        field, statement, value = _valued_fields()[name], self.sources.get(name), getattr(self, name)
        line = f"{name} = {_shown(value)} ({field.metadata['unit']})"
        if statement is None or _shown(value) != _shown(_value(statement, field)):
            return f"{line}, set by the caller"
        day = f"since {statement.since}" if statement.since else f"documented on {statement.documented_on}"
        return f"{line}, {day}: {statement.source}"


@attrs.frozen(kw_only=True)
class _Entry:
    """A policy in the file."""

    title: str
    documented_on: date
    longest_unseen_months: int
    values: dict[str, Statement]
    valid_from: date | None = None
    valid_to: date | None = None


def _valued_fields() -> dict[str, attrs.Attribute[Any]]:
    return {field.name: field for field in attrs.fields(Policy) if "unit" in field.metadata}


def _value(statement: Statement, field: attrs.Attribute[Any]) -> Any:  # noqa: ANN401 - of the field's own type
    """Convert the value of a statement to the type of its field, after a check of the unit."""
    if statement.unit != field.metadata["unit"]:
        raise ConfigurationError(f"expected {field.name} in {field.metadata['unit']}, got {statement.unit!r}")
    try:
        return field.metadata["read"](statement.value) if "read" in field.metadata else statement.value
    except InvalidValueError as error:
        raise ConfigurationError(f"{field.name}: {error}") from error


def _policy(name: str, entry: _Entry) -> Policy:
    fields = _valued_fields()
    if wrong := fields.keys() ^ entry.values.keys():
        raise ConfigurationError(f"missing or unknown values: {', '.join(sorted(wrong))}")
    return Policy(
        name=name,
        documented_on=entry.documented_on,
        longest_unseen_months=entry.longest_unseen_months,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
        sources=entry.values,
        **{key: _value(statement, fields[key]) for key, statement in entry.values.items()},
    )


def load_policies(text: str, *, origin: str = "policy file") -> tuple[Policy, ...]:
    """Read a file of policies: that of the package, or one that a caisse wrote.

    Args:
        text: The content of the TOML file.
        origin: The name of the file in error texts.

    Returns:
        The policies, in the order of the file.

    Raises:
        ConfigurationError: for an unknown or missing key, a value of another type or unit, a value without a source,
            values that contradict each other, or policies that are out of order or overlap.
    """
    entries = read_toml(text, dict[str, _Entry], origin=origin)
    policies = []
    for name, entry in entries.items():
        try:
            policies.append(_policy(name, entry))
        except ConfigurationError as error:
            raise ConfigurationError(f"{origin}: policy {name}: {error}") from error
    _require_order(policies, origin)
    return tuple(policies)


def _require_order(policies: Sequence[Policy], origin: str) -> None:
    """Check that policies are in the order of their documents, and that no two apply on the same day."""
    for earlier, later in pairwise(policies):
        if earlier.documented_on > later.documented_on:
            raise ConfigurationError(f"{origin}: policy {later.name}: documented before the one above it")
    for earlier, later in pairwise(policy for policy in policies if policy.valid_from):
        if (earlier.valid_to or date.max) >= (later.valid_from or date.min):
            raise ConfigurationError(f"{origin}: policy {later.name}: it begins before {earlier.name} ends")


@cache
def _shipped() -> tuple[Policy, ...]:
    folder = resources.files(__package__)
    texts = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in _FILES}
    return tuple(policy for name, text in texts.items() for policy in load_policies(text, origin=name))


def policy_named(name: str, *, policies: Sequence[Policy] | None = None) -> Policy:
    """Return the policy of a name, such as ``ameli-2019-11``.

    Args:
        name: The name.
        policies: The policies to search; by default, those of this package.

    Raises:
        NoPolicyError: when no policy has the name.
    """
    known = _shipped() if policies is None else policies
    for policy in known:
        if policy.name == name:
            return policy
    raise NoPolicyError("no policy of that name; known: " + ", ".join(policy.name for policy in known))


def policy_on(
    day: date, *, undocumented: Literal["raise", "latest"] = "raise", policies: Sequence[Policy] | None = None
) -> Policy:
    """Return the policy that applies on a day.

    Args:
        day: The day on which the person pays.
        undocumented: The behaviour where no policy is known to apply: ``raise`` an error, or return the ``latest``
            documented policy with ``documented=False``, which adds a warning to every verdict.
        policies: The policies to search; by default, those of this package.

    Raises:
        NoPolicyError: when no policy is known to apply.
        InvalidValueError: for a value that is not a date; a datetime is none.
    """
    require_date(day, "day")
    known = _shipped() if policies is None else policies
    for policy in known:
        if policy.applies_on(day):
            return policy
    if undocumented == "latest" and known:
        return attrs.evolve(max(known, key=lambda policy: policy.documented_on), documented=False)
    raise NoPolicyError(f"no policy is known to apply on {day}")
