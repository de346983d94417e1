"""Policies: the values that the rules depend on, each with its day and its source.

A rule receives its policy as an argument.  Only this module reads the files of the policies.

The guide omits the first day of effect.  The days of the shipped policy are therefore unknown, and the caller has to
accept the latest documented one: see :func:`policy_on`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib import resources
from itertools import combinations, pairwise
from typing import Any, Literal

import attrs

from .._toml import read_toml, read_toml_value
from .._validators import describe, of_type
from ..debts import DebtKind
from ..errors import ConfigurationError, InvalidValueError, NoPolicyError
from ..money import Euros
from .choices import BandCheck, DisplayCount, MaxBasis, MinBasis, RetentionCount, Stranding, TotalBasis
from .citations import Citation, Document, cited, source_of, sources
from .dates import months_later, require_date


@attrs.frozen(kw_only=True)
class Statement:
    """One value of a policy file, with the facts that let a reader check it.

    Attributes:
        value: The value, in its unit.
        unit: The unit; :class:`Policy` refuses a value without the unit of its field.
        source: The id of the source, such as ``guide.minimum``.
        note: The words or the figures of the source that the value follows from.
        since: The first day of effect.  Either this or ``documented_on`` is given.
        documented_on: The day of the document.
        seen_on: The last day on which a person confirmed that the value is unchanged.
        seen_in: The id of the source of that confirmation, where a caisse's own policy confirms a value.

    Raises:
        ConfigurationError: for an empty source, or for both days or none of them.
    """

    value: Any  # the field of Policy checks its type
    unit: str = ""
    source: str
    note: str = ""
    since: date | None = None
    documented_on: date | None = None
    seen_on: date | None = None
    seen_in: str | None = None

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
# The unit in the file; "read" converts from it, and "shown" is the unit of the converted value where a person reads it.
_CENTS = {"unit": "cents", "read": Euros, "shown": "EUR"}
_HOURS, _MONTHS, _DAYS = ({"unit": unit, "shown": unit} for unit in ("hours", "months", "days"))
_CHOICE = {"unit": "choice"}
_CODES = {"unit": "codes of IR_NDT_V"}
_WORDS = {"unit": "words"}


#: The tests of the amounts of a policy against each other.  The proofs hold for each policy that passes them.
CONSISTENCY: Mapping[str, Callable[[Policy], bool]] = {
    "the band from notice_band_min to notice_band_max is empty": lambda policy: (
        policy.notice_band_min.cents + (0 if policy.band_inclusive else 2) <= policy.notice_band_max.cents
    ),
    "the range from online_min to online_max_per_payment is empty": lambda policy: (
        (policy.online_min.cents > 0) & (policy.online_min.cents <= policy.online_max_per_payment.cents)
    ),
    "online_max_per_payment is below twice online_min: a remainder too small to be paid could not be avoided": (
        lambda policy: 2 * policy.online_min.cents <= policy.online_max_per_payment.cents + 1
    ),
}


def _shown(value: object, field: attrs.Attribute[Any]) -> str:
    """Format a value with its unit, for a person."""
    text = ", ".join(value) if isinstance(value, list | tuple) else str(value)
    return f"{text} {field.metadata['shown']}" if "shown" in field.metadata else text


@attrs.frozen(kw_only=True)
class Policy:
    """The values of one policy.  ``attrs.evolve`` builds a variant and checks it again.

    Attributes:
        name: The name of the policy.
        documented_on: The day of the document that describes the policy.
        longest_unseen_months: The number of months after its last confirmation from which a value is overdue.
        valid_from: The first day of effect, or ``None`` if it is unknown.
        valid_to: The last day of effect, or ``None``.
        documented: ``False`` where :func:`policy_on` returned the policy for a day outside its known days.
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
        schedule_max_months: The largest number of monthly payments of a schedule (R12).
        cents_typed: Whether the form accepts cents (Q13).
        pending_subtracted: Whether payments that wait for their display are subtracted (Q22).
        open_debt_kinds: The kinds of debt that are payable online (R21).
        display_delay_hours: The number of hours until the account displays a payment (R17).
        display_counted_in: The unit of that delay (Q16).
        mailbox_retention_months: The number of months after which the acknowledgement is deleted (R19).
        mailbox_retention_days: The number of days after which it is deleted, under the other reading.
        retention_counted_in: The reading that applies (Q17).
        acknowledgement_version: The version of the acknowledgement's text (R18), for the letter only.
        channels: The channels of the service (R26), for information only.
        payment_means: The means of payment, for information only.
        sources: The value of each field in the file, with its unit, its source and its day.
        citations: The sources that the file of the policy defines, by id.
        based_on: The name of the policy that the file names as the base of this one.

    Raises:
        ConfigurationError: when a value has another type, or two values contradict each other.

    >>> attrs.evolve(policy_named("ameli-2019-11"), online_min=Euros(5001))
    Traceback (most recent call last):
    creance_pay.errors.ConfigurationError: the range from online_min to online_max_per_payment is empty
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
    schedule_max_months: int = attrs.field(validator=[_typed(int), _validate_positive], metadata={"unit": "months"})
    cents_typed: bool = attrs.field(validator=_typed(bool), metadata=_CHOICE)
    pending_subtracted: bool = attrs.field(validator=_typed(bool), metadata=_CHOICE)
    open_debt_kinds: tuple[DebtKind, ...] = attrs.field(converter=_debt_kinds, metadata=_CODES)
    display_delay_hours: int = attrs.field(validator=[_typed(int), _validate_positive], metadata=_HOURS)
    display_counted_in: DisplayCount = attrs.field(converter=DisplayCount, metadata=_CHOICE)
    mailbox_retention_months: int = attrs.field(validator=[_typed(int), _validate_positive], metadata=_MONTHS)
    mailbox_retention_days: int = attrs.field(validator=[_typed(int), _validate_positive], metadata=_DAYS)
    retention_counted_in: RetentionCount = attrs.field(converter=RetentionCount, metadata=_CHOICE)
    acknowledgement_version: str = attrs.field(validator=_typed(str), metadata={"unit": "word"})
    channels: tuple[str, ...] = attrs.field(converter=_words, metadata=_WORDS)
    payment_means: tuple[str, ...] = attrs.field(converter=_words, metadata=_WORDS)
    sources: Mapping[str, Statement] = attrs.field(factory=dict, repr=False, eq=False)
    citations: Mapping[str, Citation] = attrs.field(factory=dict, repr=False, eq=False)
    based_on: str | None = attrs.field(default=None, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Validate the values against each other."""
        for message, consistent in CONSISTENCY.items():
            if not consistent(self):
                raise ConfigurationError(message)
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ConfigurationError("the last day comes before the first")

    def applies_on(self, day: date) -> bool:
        """Return whether the policy is known to apply on a day.  Without a first day it applies on none.

        >>> policy_named("ameli-2019-11").applies_on(date(2019, 11, 4))  # the guide gives no first day
        False
        """
        return self.valid_from is not None and self.valid_from <= day <= (self.valid_to or date.max)

    def overdue(self, day: date) -> tuple[str, ...]:
        """Return the names of the values whose last confirmation is older than ``longest_unseen_months``.

        Args:
            day: The day to count to.

        >>> "online_min" in policy_named("ameli-2019-11").overdue(date(2026, 11, 23))
        True
        """
        return tuple(name for name in self.sources if self.confirm_by(name) < day)

    def confirm_by(self, name: str) -> date:
        """Return the last day before a value of the file is overdue.

        Args:
            name: The name of a value of the file.

        >>> policy_named("ameli-2019-11").confirm_by("online_min")  # documented in November 2019
        datetime.date(2021, 11, 1)
        """
        return months_later(self.sources[name].last_seen, self.longest_unseen_months)

    def shown(self, name: str) -> str:
        """Return a value with its unit, as text for a person.

        >>> policy_named("ameli-2019-11").shown("online_min")
        '16.00 EUR'
        """
        return _shown(getattr(self, name), _valued_fields()[name])

    def account_for(self, name: str, *, on: date | None = None) -> str:
        """Return one line with a value, its unit, its day and its source.

        A value that the caller has changed is without a source.

        Args:
            name: The name of a field that has a unit.
            on: A day: the line of a value that is overdue on it ends with the last day on which it was confirmed.

        >>> policy = attrs.evolve(policy_named("ameli-2019-11"), online_min=Euros(1000))
        >>> policy.account_for("online_min")
        'online_min = 10.00 EUR, set by the caller'
        """
        field, statement = _valued_fields()[name], self.sources.get(name)
        value = self.shown(name)
        if statement is None or value != _shown(_value(statement, field), field):
            return f"{name} = {value}, set by the caller"
        day = f"since {statement.since}" if statement.since else f"documented on {statement.documented_on}"
        seen = f", confirmed on {statement.seen_on}" if statement.seen_on else ""
        source = self.citations.get(statement.source) or sources()[statement.source]
        note = f": {statement.note}" if statement.note else ""
        overdue = f" (overdue: last confirmed on {statement.last_seen})" if on and self.confirm_by(name) < on else ""
        return f"{name} = {value}, {day}{seen}: {source}{note}{overdue}"


@attrs.frozen(kw_only=True)
class _Confirmed:
    """The values that a policy confirms without a change."""

    on: date
    source: str
    values: list[str]


@attrs.frozen(kw_only=True)
class _Entry:
    """A policy in the file."""

    title: str
    documented_on: date
    longest_unseen_months: int | None = None
    values: dict[str, Statement] = attrs.field(factory=dict)
    valid_from: date | None = None
    valid_to: date | None = None
    based_on: str | None = None
    confirmed: _Confirmed | None = None


def _valued_fields() -> dict[str, attrs.Attribute[Any]]:
    return {field.name: field for field in attrs.fields(Policy) if "unit" in field.metadata}


def _value(statement: Statement, field: attrs.Attribute[Any]) -> Any:  # noqa: ANN401 - of the field's own type
    """Convert the value of a statement to the type of its field, after a check of the unit."""
    if statement.unit != field.metadata["unit"]:
        found = repr(statement.unit) if statement.unit else "no unit"
        raise ConfigurationError(f"{field.name}: expected the unit {field.metadata['unit']!r}, got {found}")
    read: Any = field.metadata.get("read") or field.converter
    try:
        return read(statement.value) if read else statement.value
    except (InvalidValueError, ConfigurationError) as error:
        raise ConfigurationError(f"{field.name}: {error}") from error


def _statements(entry: _Entry, base: Policy | None) -> Mapping[str, Statement]:
    """Join the values of a policy with those of its base, and add its confirmations."""
    whole = {**(base.sources if base else {}), **entry.values}
    fields, confirmed = _valued_fields(), entry.confirmed
    for problem, wrong in (("unknown", whole.keys() - fields.keys()), ("missing", fields.keys() - whole.keys())):
        if wrong:
            raise ConfigurationError(
                f"{problem} values: {', '.join(sorted(wrong))}; `creance-pay policy` lists them all"
            )
    if confirmed is None:
        return whole
    if unknown := sorted({*confirmed.values} - whole.keys()):
        raise ConfigurationError(f"confirmed: unknown values: {', '.join(unknown)}")
    seen = {
        name: attrs.evolve(whole[name], seen_on=confirmed.on, seen_in=confirmed.source) for name in confirmed.values
    }
    return {**whole, **seen}


def _policy(name: str, entry: _Entry, known: Sequence[Policy], citations: Mapping[str, Citation]) -> Policy:
    """Build a policy of the file, on the base that it names."""
    base = None if entry.based_on is None else policy_named(entry.based_on, policies=known)
    months = entry.longest_unseen_months or (base.longest_unseen_months if base else None)
    if months is None:
        raise ConfigurationError("missing longest_unseen_months")
    fields, statements = _valued_fields(), _statements(entry, base)
    citations = {**(base.citations if base else {}), **citations}
    for each in statements.values():
        for cited_id in filter(None, (each.source, each.seen_in)):
            source_of(cited_id, {**sources(), **citations})
    return Policy(
        name=name,
        documented_on=entry.documented_on,
        longest_unseen_months=months,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
        sources=statements,
        citations=citations,
        based_on=entry.based_on,
        **{key: _value(statement, fields[key]) for key, statement in statements.items()},
    )


def load_policies(text: str, *, origin: str = "policy file") -> tuple[Policy, ...]:
    """Read a file of policies: that of the package, or one that a caisse wrote.

    A policy of the file states every value, or is based on another one (``based_on``) and states only what it changes.
    It may apply to some kinds of debt only: those of its ``open_debt_kinds``.  The file may define sources of its own,
    in the table ``sources``.

    Args:
        text: The content of the TOML file.
        origin: The name of the file in error texts.

    Returns:
        The policies, in the order of the file.

    Raises:
        ConfigurationError: for an unknown or missing key, a value of another type or unit, a value without a source,
            values that contradict each other, or policies that are out of order, or that apply to the same kind of
            debt on the same day.

    >>> text = '''
    ... [own-2027]
    ... title = "The values of the guide, in effect from 2027 on"
    ... based_on = "ameli-2019-11"
    ... documented_on = 2026-12-01
    ... valid_from = 2027-01-01
    ... '''
    >>> policy_on(date(2027, 1, 4), policies=load_policies(text)).name
    'own-2027'
    """
    if not isinstance(text, str) or text.endswith(".toml"):
        found = "the name of a file" if isinstance(text, str) else type(text).__name__
        raise ConfigurationError(f"{origin}: expected the text of a file, got {found}")
    return _load(text, origin, base=_shipped())


def _load(text: str, origin: str, *, base: Sequence[Policy] = ()) -> tuple[Policy, ...]:
    """Read a file whose policies may be based on others."""
    entries = read_toml(text, dict[str, Any], origin=origin)
    citations = cited(read_toml_value(entries.pop("sources", {}), dict[str, Document], origin=f"{origin}: sources"))
    policies: list[Policy] = []
    for name, entry in read_toml_value(entries, dict[str, _Entry], origin=origin).items():
        try:
            policies.append(_policy(name, entry, [*base, *policies], citations))
        except (ConfigurationError, NoPolicyError) as error:
            raise ConfigurationError(f"{origin}: policy {name}: {error}") from error
    _require_order(policies, origin)
    return tuple(policies)


def _require_order(policies: Sequence[Policy], origin: str) -> None:
    """Check that policies are in the order of their documents, and that no two decide a kind of debt on one day."""
    for earlier, later in pairwise(policies):
        if earlier.documented_on > later.documented_on:
            raise ConfigurationError(f"{origin}: policy {later.name}: documented before the one above it")
    for earlier, later in combinations(policies, 2):
        if {*earlier.open_debt_kinds} & {*later.open_debt_kinds} and _overlap(earlier, later):
            raise ConfigurationError(f"{origin}: policy {later.name}: it begins before {earlier.name} ends")


def _overlap(one: Policy, other: Policy) -> bool:
    """Return whether both policies are known to apply on one day."""
    firsts = [policy.valid_from for policy in (one, other)]
    return None not in firsts and any(
        one.applies_on(day) and other.applies_on(day) for day in firsts if day is not None
    )


@cache
def _shipped() -> tuple[Policy, ...]:
    folder = resources.files(__package__)
    policies: list[Policy] = []
    for name in _FILES:
        policies += _load(folder.joinpath(name).read_text(encoding="utf-8"), name, base=policies)
    return tuple(policies)


def policy_named(name: str, *, policies: Sequence[Policy] | None = None) -> Policy:
    """Return the policy of a name, such as ``ameli-2019-11``.

    Args:
        name: The name.
        policies: The policies to search; by default, those of this package.

    Raises:
        NoPolicyError: when no policy has the name.

    >>> policy = policy_named("ameli-2019-11")
    >>> policy.online_min, policy.online_max_per_payment
    (Euros(1600), Euros(5000))
    >>> policy.sources["display_delay_hours"].unit
    'hours'
    """
    known = _shipped() if policies is None else policies
    for policy in known:
        if policy.name == name:
            return policy
    raise NoPolicyError("no policy of that name; known: " + ", ".join(policy.name for policy in known))


def policy_on(
    day: date,
    *,
    kind: DebtKind | None = None,
    undocumented: Literal["raise", "latest"] = "raise",
    policies: Sequence[Policy] | None = None,
) -> Policy:
    """Return the policy that applies on a day to a kind of debt.

    Where no policy that applies on the day opens the kind, the first of them is returned: it refuses the kind.

    Args:
        day: The day on which the person pays.
        kind: The kind of the debt; ``None`` where one policy applies to all kinds.
        undocumented: The behaviour where no policy is known to apply: ``raise`` an error, or return the ``latest``
            documented policy with ``documented=False``, which adds a warning to every verdict.
        policies: The policies to search; by default, those of this package.

    Raises:
        NoPolicyError: when no policy is known to apply.
        InvalidValueError: for a value that is not a date, such as a datetime; and without ``kind``, when several
            policies apply on the day.

    >>> policy_on(date(2026, 11, 23))
    Traceback (most recent call last):
    creance_pay.errors.NoPolicyError: no policy is known to apply on 2026-11-23
    >>> policy_on(date(2026, 11, 23), undocumented="latest").documented
    False
    """
    require_date(day, "day")
    known = _shipped() if policies is None else policies
    if applying := [policy for policy in known if policy.applies_on(day)]:
        if kind is None and len(applying) > 1:
            names = ", ".join(policy.name for policy in applying)
            raise InvalidValueError(f"expected kind, since several policies apply on {day}: {names}")
        return _opening(applying, kind)
    if undocumented == "latest" and known:
        by_day = sorted(known, key=lambda policy: policy.documented_on, reverse=True)
        return attrs.evolve(_opening(by_day, kind), documented=False)
    raise NoPolicyError(f"no policy is known to apply on {day}")


def _opening(policies: Sequence[Policy], kind: DebtKind | None) -> Policy:
    """Return the first policy that opens a kind of debt, or else the first one."""
    return next((policy for policy in policies if kind in policy.open_debt_kinds), policies[0])
