"""Policies: the values that the rules depend on, each with its day and its source.

Every rule takes the policy that it applies as an argument; this module alone reads the file ``policy.toml``.

>>> policy = policy_named("ameli-2019-11")
>>> policy.online_min, policy.online_max_per_payment
(Euros(1600), Euros(5000))
>>> policy.sources["display_delay_hours"].unit
'hours'

The guide gives no first day of effect.  A day is hence in no policy, unless the caller accepts a documented one:

>>> from datetime import date
>>> policy_on(date(2026, 11, 23))
Traceback (most recent call last):
creance_pay.errors.NoPolicyError: no policy is known to apply on 2026-11-23
>>> policy_on(date(2026, 11, 23), undocumented="latest").documented
False
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any, Literal

import attrs

from .._toml import read_toml
from .._validators import of_type
from ..debts import DebtKind
from ..errors import ConfigurationError, InvalidValueError, NoPolicyError
from ..money import Euros
from .choices import BandCheck, DisplayCount, MaxBasis, MinBasis, RetentionCount, Stranding, TotalBasis
from .dates import months_later, require_date


@attrs.frozen(kw_only=True)
class Statement:
    """One value as the file states it, and what lets a reader check it.

    Exactly one of ``since`` (first day of effect) and ``documented_on`` (day of the document) is given; ``seen_on`` is
    the day on which someone last looked and saw it unchanged.
    """

    value: Any  # the field of Policy that takes it checks its type
    unit: str
    source: str
    since: date | None = None
    documented_on: date | None = None
    seen_on: date | None = None

    @property
    def last_seen(self) -> date:
        """The last day on which someone is known to have seen the value in force."""
        return max(day for day in (self.since, self.documented_on, self.seen_on) if day)

    def __attrs_post_init__(self) -> None:
        """Refuse a value that nobody could check."""
        if (self.since is None) == (self.documented_on is None) or not self.source.strip():
            raise ConfigurationError("a value needs a source, and either since or documented_on")


def _words(words: Sequence[str]) -> tuple[str, ...]:
    """Take a list of words; one text, though a sequence too, is a mistake."""
    if isinstance(words, list | tuple) and all(isinstance(word, str) for word in words):
        return tuple(words)
    raise ConfigurationError("expected a list of words")


def _debt_kinds(codes: Sequence[str]) -> tuple[DebtKind, ...]:
    try:
        return tuple(DebtKind(code) for code in _words(codes))
    except ValueError:
        raise ConfigurationError(f"expected kinds among {', '.join(DebtKind)}") from None


def _above_zero(_: Policy, attribute: attrs.Attribute[int], value: int) -> None:
    if value <= 0:
        raise ConfigurationError(f"{attribute.name} has to be above zero")


def _plain(*kinds: type) -> Any:  # noqa: ANN401 - a validator of any field
    return of_type(*kinds, error=ConfigurationError)


_CENTS = {"unit": "cents", "read": Euros}
_CHOICE = {"unit": "choice"}
_CODES = {"unit": "codes of IR_NDT_V"}
_WORDS = {"unit": "words"}


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


@attrs.frozen(kw_only=True)
class Policy:
    """The values of one policy; ``attrs.evolve`` makes a variant, checked again.

    Attributes:
        name: The name to ask for it.
        documented_on: The day of the document that describes it.
        longest_unseen_months: After how many months without being seen in force a value has to be looked up again.
        valid_from: Its first day of effect, or ``None`` when it is not known.
        valid_to: Its last day, or ``None``.
        documented: ``False`` when :func:`policy_on` gave it for a day on which it is not known to apply.
        notice_band_min: The smallest balance for which a notice is sent (R6).
        notice_band_max: The largest one (R6).
        band_inclusive: Whether both bounds are inside the band (Q1).
        band_checked_at: When the band is tested (Q3).
        online_min: The smallest online payment, and the smallest debt payable online (R7, R10).
        online_max_per_payment: The largest online payment (R10).
        min_basis: What the minimum is compared with (Q7).
        several_references: Whether several notices can be paid together (Q8).
        total_basis: What the total includes (Q9).
        max_basis: What a payment may not exceed (Q10).
        several_payments: Whether a notice can be paid in several payments (Q11).
        stranding: What becomes of an amount that strands a remainder (Q12).
        cents_typed: Whether the form takes cents (Q13).
        pending_subtracted: Whether payments that are not displayed yet are deducted (Q22).
        open_debt_kinds: The kinds of debt that are payable online (R21).
        display_delay_hours: Within how many hours a payment shows in the account (R17).
        display_counted_in: How that delay is counted (Q16).
        mailbox_retention_months: After how many months the acknowledgement is deleted (R19).
        mailbox_retention_days: After how many days, under the other reading.
        retention_counted_in: Which of the two applies (Q17).
        acknowledgement_version: The version of the acknowledgement's text (R18); information.
        channels: Where the service exists; information, never a reason to refuse (R26).
        payment_means: How one pays; information.
        sources: Each value as the file states it, with its unit, its source and its day.

    Raises:
        ConfigurationError: when the values contradict one another or are of another type.
    """

    name: str = attrs.field(validator=_plain(str))
    documented_on: date = attrs.field(validator=_plain(date))
    longest_unseen_months: int = attrs.field(validator=[_plain(int), _above_zero])
    valid_from: date | None = attrs.field(default=None, validator=_plain(date, type(None)))
    valid_to: date | None = attrs.field(default=None, validator=_plain(date, type(None)))
    documented: bool = attrs.field(default=True, validator=_plain(bool))
    notice_band_min: Euros = attrs.field(validator=_plain(Euros), metadata=_CENTS)
    notice_band_max: Euros = attrs.field(validator=_plain(Euros), metadata=_CENTS)
    band_inclusive: bool = attrs.field(validator=_plain(bool), metadata=_CHOICE)
    band_checked_at: BandCheck = attrs.field(converter=BandCheck, metadata=_CHOICE)
    online_min: Euros = attrs.field(validator=_plain(Euros), metadata=_CENTS)
    online_max_per_payment: Euros = attrs.field(validator=_plain(Euros), metadata=_CENTS)
    min_basis: MinBasis = attrs.field(converter=MinBasis, metadata=_CHOICE)
    several_references: bool = attrs.field(validator=_plain(bool), metadata=_CHOICE)
    total_basis: TotalBasis = attrs.field(converter=TotalBasis, metadata=_CHOICE)
    max_basis: MaxBasis = attrs.field(converter=MaxBasis, metadata=_CHOICE)
    several_payments: bool = attrs.field(validator=_plain(bool), metadata=_CHOICE)
    stranding: Stranding = attrs.field(converter=Stranding, metadata=_CHOICE)
    cents_typed: bool = attrs.field(validator=_plain(bool), metadata=_CHOICE)
    pending_subtracted: bool = attrs.field(validator=_plain(bool), metadata=_CHOICE)
    open_debt_kinds: tuple[DebtKind, ...] = attrs.field(converter=_debt_kinds, metadata=_CODES)
    display_delay_hours: int = attrs.field(validator=[_plain(int), _above_zero], metadata={"unit": "hours"})
    display_counted_in: DisplayCount = attrs.field(converter=DisplayCount, metadata=_CHOICE)
    mailbox_retention_months: int = attrs.field(validator=[_plain(int), _above_zero], metadata={"unit": "months"})
    mailbox_retention_days: int = attrs.field(validator=[_plain(int), _above_zero], metadata={"unit": "days"})
    retention_counted_in: RetentionCount = attrs.field(converter=RetentionCount, metadata=_CHOICE)
    acknowledgement_version: str = attrs.field(validator=_plain(str), metadata={"unit": "word"})
    channels: tuple[str, ...] = attrs.field(converter=_words, metadata=_WORDS)
    payment_means: tuple[str, ...] = attrs.field(converter=_words, metadata=_WORDS)
    sources: Mapping[str, Statement] = attrs.field(factory=dict, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Refuse values that could not be lived with together."""
        least, most = self.online_min.cents, self.online_max_per_payment.cents
        for sound, message in (
            (self.notice_band_min <= self.notice_band_max, "the band is empty"),
            (0 < least <= most, "the range of online payments is empty"),
            (2 * least <= most + 1, "a remainder too small to be paid online could not be avoided"),
            (self._days_in_order(), "the last day comes before the first"),
        ):
            if not sound:
                raise ConfigurationError(message)

    def _days_in_order(self) -> bool:
        return self.valid_from is None or self.valid_to is None or self.valid_from <= self.valid_to

    def applies_on(self, day: date) -> bool:
        """Tell whether the policy is known to apply on a day; without a first day, on none."""
        return self.valid_from is not None and self.valid_from <= day <= (self.valid_to or date.max)

    def overdue(self, day: date) -> tuple[str, ...]:
        """Name the values that nobody has seen in force for longer than the file allows, on a day."""
        allowed = self.longest_unseen_months
        return tuple(
            name for name, statement in self.sources.items() if months_later(statement.last_seen, allowed) < day
        )

    def account_for(self, name: str) -> str:
        """Say in one line what a value is and where it comes from; a caller's own value has no source of ours."""
        field, statement, value = _valued_fields()[name], self.sources.get(name), getattr(self, name)
        line = f"{name} = {_shown(value)} ({field.metadata['unit']})"
        if statement is None or _shown(value) != _shown(_value(statement, field)):
            return f"{line}, set by the caller"
        day = f"since {statement.since}" if statement.since else f"documented on {statement.documented_on}"
        return f"{line}, {day}: {statement.source}"


@attrs.frozen(kw_only=True)
class _Entry:
    """A policy as the file holds it."""

    title: str
    documented_on: date
    longest_unseen_months: int
    values: dict[str, Statement]
    valid_from: date | None = None
    valid_to: date | None = None


def _valued_fields() -> dict[str, attrs.Attribute[Any]]:
    return {field.name: field for field in attrs.fields(Policy) if "unit" in field.metadata}


def _value(statement: Statement, field: attrs.Attribute[Any]) -> Any:  # noqa: ANN401 - of the field's own type
    """Give what the field holds, if the file states it in the field's unit."""
    if statement.unit != field.metadata["unit"]:
        raise ConfigurationError(f"{field.name} is expected in {field.metadata['unit']}")
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
    """Read a file of policies, the package's own or a caisse's, through the same checks.

    Args:
        text: The content of the TOML file.
        origin: The name to give the file in an error.

    Raises:
        ConfigurationError: for an unknown or missing key, a value of another type or unit, a value without a source,
            or values that contradict one another.
    """
    entries = read_toml(text, dict[str, _Entry], origin=origin)
    policies = []
    for name, entry in entries.items():
        try:
            policies.append(_policy(name, entry))
        except ConfigurationError as error:
            raise ConfigurationError(f"{origin}: policy {name}: {error}") from error
    _demand_order(policies, origin)
    return tuple(policies)


def _demand_order(policies: Sequence[Policy], origin: str) -> None:
    """Refuse policies that are not in the order of their documents, or that would apply on the same day."""
    for earlier, later in pairwise(policies):
        if earlier.documented_on > later.documented_on:
            raise ConfigurationError(f"{origin}: policy {later.name}: documented before the one above it")
    for earlier, later in pairwise(policy for policy in policies if policy.valid_from):
        if (earlier.valid_to or date.max) >= (later.valid_from or date.min):
            raise ConfigurationError(f"{origin}: policy {later.name}: it begins before {earlier.name} ends")


@cache
def _shipped() -> tuple[Policy, ...]:
    text = resources.files(__package__).joinpath("policy.toml").read_text(encoding="utf-8")
    return load_policies(text, origin="policy.toml")


def policy_named(name: str, *, policies: Sequence[Policy] | None = None) -> Policy:
    """Give a policy by its name, such as ``ameli-2019-11``.

    Args:
        name: The name.
        policies: Where to look; by default, the policies of this package.

    Raises:
        NoPolicyError: when there is none of that name.
    """
    known = _shipped() if policies is None else policies
    for policy in known:
        if policy.name == name:
            return policy
    raise NoPolicyError("no policy of that name; known: " + ", ".join(policy.name for policy in known))


def policy_on(
    day: date, *, undocumented: Literal["raise", "latest"] = "raise", policies: Sequence[Policy] | None = None
) -> Policy:
    """Give the policy that applies on a day.

    Args:
        day: The day on which the person pays.
        undocumented: What to do when no policy is known to apply: ``raise``, or give the ``latest`` documented one,
            whose ``documented`` is then ``False``, as every verdict under it says.
        policies: Where to look; by default, the policies of this package.

    Raises:
        NoPolicyError: when no policy is known to apply.
        InvalidValueError: for something else than a day, a moment included.
    """
    require_date(day, "day")
    known = _shipped() if policies is None else policies
    for policy in known:
        if policy.applies_on(day):
            return policy
    if undocumented == "latest" and known:
        return attrs.evolve(max(known, key=lambda policy: policy.documented_on), documented=False)
    raise NoPolicyError(f"no policy is known to apply on {day}")
