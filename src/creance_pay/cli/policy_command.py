"""``creance-pay policy``: list the values of a policy, check a caisse's own file, and compare two policies.

A policy is named, or is a file: ``ameli-2019-11``, ``caisse.toml``.  Of the policies of a file, the one that opens the
kind of debt on the day of ``--on`` applies.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from time import process_time

from .._clock import utc_now
from ..debts import DebtKind
from ..errors import MissingExtraError
from ..rules import Policy, policy_on
from .arguments import DEFAULT_POLICY, Run, add_acts, add_json, add_operands, day, operands
from .output import print_row, print_values
from .policies import policies_of


def declare(command: ArgumentParser) -> None:
    """Declare the acts."""
    acts: Mapping[str, tuple[Run, str]] = {
        "show": (show, "list the values of a policy with their sources"),
        "check": (check, "check a file of policies, and prove the rules under each of them"),
        "diff": (diff, "list the regions in which two policies decide differently, and count debts"),
    }
    parsers = add_acts(command, acts, required=False)
    command.set_defaults(run=show, name=DEFAULT_POLICY, on=None, json=False)
    parsers["show"].add_argument(
        "name", nargs="?", default=DEFAULT_POLICY, help="the name or the file of a policy (default: %(default)s)"
    )
    parsers["check"].add_argument("file", type=Path, help="the file of a caisse")
    parsers["diff"].add_argument("before", help="the name or the file of the policy of today")
    parsers["diff"].add_argument("after", help="the name or the file of the policy to compare with")
    parsers["diff"].add_argument(
        "debts", nargs="?", type=Path, metavar="FILE", help="a Parquet file of debts, or a folder of them, to count"
    )
    add_operands(parsers["diff"])
    parsers["diff"].add_argument("--debtor", metavar="COLUMN", help="the column that identifies a person")
    for parser in parsers.values():
        parser.add_argument("--on", type=day, default=None, metavar="DAY", help="the day (default: today)")
        add_json(parser)


def show(options: Namespace) -> int:
    """Print every value of a policy; an overdue value says so."""
    for policy in policies_of(options.name):
        if options.json:
            print_values(options, {"policy": policy.name, **{name: getattr(policy, name) for name in policy.sources}})
            continue
        print(policy.name)
        for name in policy.sources:
            print(f"  {policy.account_for(name, on=_day(options))}")
    return 0


def check(options: Namespace) -> int:
    """Check a file, and prove every theorem for each of its policies; return 1 when one does not hold."""
    failed = 0
    for policy in policies_of(str(options.file)):
        print_values(
            options,
            {
                "policy": policy.name,
                "kinds": ", ".join(policy.open_debt_kinds),
                "from": policy.valid_from or "unknown",
                "to": policy.valid_to or "open",
                "based_on": policy.based_on,
                "overdue": ", ".join(policy.overdue(_day(options))) or "no value",
            },
        )
        for row in _proofs(policy):
            failed += row.get("result") == "does not hold"
            print_row(options, row)
    return 1 if failed else 0


def _proofs(policy: Policy) -> Iterator[dict[str, object]]:
    """Yield the result of each theorem; one row without Z3."""
    try:
        from ..rules.proofs import prove  # noqa: PLC0415 - loads Z3, an extra
        from ..rules.theorems import THEOREMS  # noqa: PLC0415 - the same
    except MissingExtraError as error:
        yield {"proofs": f"not proved: {error}"}
        return
    for theorem in THEOREMS:
        start = process_time()
        proof = prove(theorem, policy=policy)
        seconds = f"{process_time() - start:.2f} s"
        result = "proved" if proof.proved else "does not hold"
        yield {
            "theorem": theorem.name,
            "rule": theorem.rule,
            "result": result,
            "seconds": seconds,
            **({} if proof.proved else {"counterexample": proof.counterexample}),
        }


def diff(options: Namespace) -> int:
    """Print the values and the regions that differ for each group of kinds, then the counts over a file."""
    before, after = (_by_kind(name, _day(options)) for name in (options.before, options.after))
    groups: dict[tuple[Policy, Policy, bool, bool], list[DebtKind]] = {}
    for kind in DebtKind:
        old, new = before[kind], after[kind]
        groups.setdefault((old, new, kind in old.open_debt_kinds, kind in new.open_debt_kinds), []).append(kind)
    for (old, new, *opened), kinds in groups.items():
        if any(opened):
            _print_group(options, kinds, old, new)
    if options.debts:
        _print_counts(options, *([*dict.fromkeys(each.values())] for each in (before, after)))
    return 0


def _by_kind(name: str, on: date) -> Mapping[DebtKind, Policy]:
    """Return the policy of each kind of debt on a day, or the latest documented one."""
    policies = policies_of(name)
    return {kind: policy_on(on, kind=kind, undocumented="latest", policies=policies) for kind in DebtKind}


def _print_group(options: Namespace, kinds: Sequence[DebtKind], before: Policy, after: Policy) -> None:
    """Print the differences for some kinds of debt."""
    from ..rules.comparison import compare, differing_values  # noqa: PLC0415 - only this act needs it

    names = ", ".join(kinds)
    for name, (old, new) in differing_values(before, after).items():
        print_row(options, {"kinds": names, "value": f"{name}: {old} -> {new}"})
    for paid_before in (False, True) if before.several_payments != after.several_payments else (False,):
        for region in compare(before, after, kind=kinds[0], paid_before=paid_before):
            where = f"{region}, paid in part before" if paid_before else str(region)
            print_row(options, {"kinds": names, "region": where})


def _print_counts(options: Namespace, before: Sequence[Policy], after: Sequence[Policy]) -> None:
    """Print the number of debts, people and euros of each change."""
    from ..batch.changes import count_changes  # noqa: PLC0415 - loads Polars, an extra

    for each in count_changes(
        options.debts, before=before, after=after, names=operands(options), debtor=options.debtor
    ):
        people = {} if each.people is None else {"people": each.people}
        change = f"{each.before} -> {each.after}" if each.before else "all changes"
        print_row(options, {"change": change, "debts": each.debts, **people, "remaining": f"{each.remaining} EUR"})


def _day(options: Namespace) -> date:
    return options.on or utc_now().date()
