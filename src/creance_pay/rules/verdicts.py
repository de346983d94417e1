"""The answer of a rule: a code, the reasons, the warnings, and the values that they depend on.

A refusal is a verdict; only invalid input raises an error.  A verdict is true as a condition when the answer is yes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import attrs

from ..codes import Code, Reason, ReferenceCode, VerdictCode, WarningCode
from .citations import sources
from .policy import Policy
from .predicates import NO_REASON


def code_of(reason: Reason) -> Code:
    """Return the code with the same name as a single flag."""
    name = str(reason.name)
    return VerdictCode[name] if name in VerdictCode.__members__ else ReferenceCode[name]


#: The code of each single flag.  The lowest flag of a number is ``number & -number``.
_CODES = {int(reason): code_of(reason) for reason in Reason}


@attrs.frozen(kw_only=True)
class Verdict:
    """The answer of one rule, with everything that explains it.

    Attributes:
        policy: The policy that was applied.
        reasons: The tests that failed, as flags; zero for a yes.
        warnings: The warnings, which add facts to the answer.
        values: The values that a message needs, by name: amounts as :class:`~creance_pay.Euros`, references, days.
        depends_on: The names of the policy's values that the answer depends on.

    >>> from creance_pay import Euros
    >>> from creance_pay.rules import check_amount, policy_named
    >>> verdict = check_amount("15,99", total=Euros(6000), policy=policy_named("ameli-2019-11"))
    >>> bool(verdict), verdict.code, verdict.values["minimum"]
    (False, <VerdictCode.AMOUNT_BELOW_MINIMUM: 'AMOUNT_BELOW_MINIMUM'>, Euros(1600))
    """

    #: The code of a yes.
    success_code: ClassVar[VerdictCode]
    policy: Policy = attrs.field(repr=lambda policy: policy.name)
    reasons: Reason = NO_REASON
    warnings: tuple[Code, ...] = ()
    values: Mapping[str, object] = attrs.field(factory=dict)
    depends_on: tuple[str, ...] = attrs.field(default=(), repr=False)

    @property
    def code(self) -> Code:
        """The code of the first test that failed, or of the yes."""
        flags = int(self.reasons)
        return _CODES[flags & -flags] if flags else self.success_code

    @property
    def ok(self) -> bool:
        """Whether the answer is yes."""
        return not self.reasons

    @property
    def policy_documented(self) -> bool:
        """Whether the policy is known to apply on the requested day."""
        return self.policy.documented

    def __bool__(self) -> bool:
        """Return ``True`` for a yes only."""
        return self.ok

    def _codes(self) -> Iterator[Code]:
        if self.ok:
            yield self.success_code
        yield from (code_of(reason) for reason in self.reasons)

    def explain(self) -> tuple[str, ...]:
        """Explain the answer in lines of English, with rule numbers, values and sources.

        The lines contain all that a later dispute needs.  References in them are masked, so that they can be logged.

        >>> from creance_pay import Euros
        >>> from creance_pay.rules import check_amount, policy_named
        >>> verdict = check_amount("15,99", total=Euros(6000), policy=policy_named("ameli-2019-11"))
        >>> [line for line in verdict.explain() if line.startswith("Value: ")]
        ['Value: total = 60.00', 'Value: minimum = 16.00', 'Value: maximum = 50.00', 'Value: amount = 15.99']
        """
        policy = f"Policy {self.policy.name}, documented on {self.policy.documented_on}"
        return (
            *(f"{code.rule} {code}: {code.meaning} {_cited(code)}" for code in self._codes()),
            *(f"{code.rule} {code} (warning): {code.meaning} {_cited(code)}" for code in self.warnings),
            *(f"Value: {name} = {getattr(value, 'masked', value)}" for name, value in self.values.items()),
            f"{policy}." if self.policy_documented else f"{policy}, not known to apply on this day.",
            *(f"Policy value: {self.policy.account_for(name)}" for name in self.depends_on),
        )


def _cited(code: Code) -> str:
    return f"Source: {sources()[code.source]}."


def policy_warnings(policy: Policy) -> tuple[Code, ...]:
    """Return a warning where the policy is not known to apply."""
    return () if policy.documented else (WarningCode.POLICY_UNDOCUMENTED,)
