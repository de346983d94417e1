"""Write ``docs/law.md``: the law on one page, from the rules, their theorems, their sources and their messages.

``python tools/law.py`` writes the page; a test checks that it is current.  For each rule the page has the words of the
guide, the sources, the function as it stands, the theorem, the cases at its bounds, and the sentence that the insured
person reads.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from creance_pay import Debt, DebtKind, Euros, NoticeReference, PaymentState
from creance_pay.codes import Code
from creance_pay.messages import MESSAGES, render, sample
from creance_pay.rules import after_payment, allocate, assess, notice_scope, plan, policy_named, sources
from creance_pay.rules.citations import readings, rules
from creance_pay.rules.theorems import THEOREMS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "law.md"
POLICY = policy_named("ameli-2019-11")
HEAD = """# The law on one page

This page lists each rule of the policy `ameli-2019-11`: the words of the guide, the sources, and the theorems about the
rule; the cases at the bounds, the sentence that the insured person reads, and the functions that decide.
A theorem is proved for every amount and every valid policy; *iff* means *if and only if*.
[The proofs](rules.md#proofs) are tests.
`python tools/law.py` writes this page from the package, and a test checks that it is current.
Rules without a function here are parsers, texts or dates: [rules by number](rule-numbers.md) names them.
"""


def debt(cents: int, *, kind: str = "FRR", number: int = 408, open_online: bool = True) -> Debt:
    """Build a synthetic debt."""
    return Debt(
        reference=NoticeReference(f"63116326{number:08d}F"),
        kind=DebtKind(kind),
        initial=Euros(cents),
        remaining=Euros(cents),
        issued_on=None,
        open_online=open_online,
    )


def around(*bounds: Euros) -> list[int]:
    """List the amounts at some bounds and one cent outside, in cents."""
    low, high = min(bounds), max(bounds)
    return sorted({low.cents - 1, *(bound.cents for bound in bounds), high.cents + 1})


def checked(total: int, amount: int) -> str:
    """Return the code for an amount, with its warning and suggestion."""
    check = assess(debt(total), policy=POLICY).check(Euros(amount))
    warning = f", suggests {check.suggested_max}" if check.warning else ""
    return f"{check.code}{warning}"


def scopes() -> Iterator[tuple[str, str]]:
    """Yield the cases of the band."""
    for cents in around(POLICY.notice_band_min, POLICY.notice_band_max):
        yield f"{Euros(cents)}", str(notice_scope(Euros(cents), notice_received=True, policy=POLICY).code)


def dues() -> Iterator[tuple[str, str]]:
    """Yield the cases of the online minimum."""
    for cents in (0, 1, *around(POLICY.online_min)[:2]):
        yield f"{Euros(cents)} due", str(assess(debt(cents), policy=POLICY).code)


def selections() -> Iterator[tuple[str, str]]:
    """Yield the cases of a selection."""
    one, other = debt(2000), debt(700, number=409)
    far = Debt(
        reference=NoticeReference("7511632600000409F"), kind=other.kind, initial=other.initial,
        remaining=other.remaining, issued_on=None, open_online=True,
    )  # fmt: skip
    for text, others in (("20.00 with 7.00", [other]), ("the same twice", [one]), ("of another caisse", [far])):
        found = assess(one, others=others, policy=POLICY)
        yield text, f"{found.code}" + (f", total {found.total}" if found else "")


def amounts() -> Iterator[tuple[str, str]]:
    """Yield the cases of the bounds of an amount."""
    for total, cents in ((10_000, 1599), (10_000, 1600), (10_000, 5000), (10_000, 5001), (2000, 2000), (2000, 2001)):
        yield f"{Euros(cents)} of {Euros(total)}", checked(total, cents)


def remainders() -> Iterator[tuple[str, str]]:
    """Yield the cases of a stranded remainder."""
    for cents in (4400, 4401, 5000):
        yield f"{Euros(cents)} of 60.00", checked(6000, cents)


def plans() -> Iterator[tuple[str, str]]:
    """Yield the cases of a plan."""
    for cents in (1599, 5000, 5001, 6600, 15_000):
        yield f"{Euros(cents)}", " + ".join(map(str, plan(Euros(cents), policy=POLICY))) or "no plan"


def allocations() -> Iterator[tuple[str, str]]:
    """Yield the cases of an allocation."""
    debts = [debt(6000), debt(1500, number=409)]
    shares = allocate(Euros(5000), debts, policy=POLICY)
    remaining = {each.reference: each.remaining for each in debts}
    paid = ", then ".join(f"{share} of {remaining[reference]}" for reference, share in shares.items())
    yield "50.00 for 60.00 and 15.00", paid


def rests() -> Iterator[tuple[str, str]]:
    """Yield the cases after a payment."""
    for paid in (2000, 4500, 6000):
        after = after_payment(Euros(6000), Euros(paid), policy=POLICY)
        yield f"60.00 less {Euros(paid)}", f"{after.remaining}, {after.state}, {after.online}"


CASES: Mapping[str, Callable[[], Iterator[tuple[str, str]]]] = {
    "R6": scopes, "R7": dues, "R8": selections, "R10": amounts, "R11": remainders, "R12": plans, "R13": allocations,
    "R20": rests,
}  # fmt: skip


def source_without_docstring(function: Callable[..., Any]) -> list[str]:
    """Return the lines of a function as it stands, without its docstring."""
    text = textwrap.dedent(inspect.getsource(function))
    node = ast.parse(text).body[0]
    lines = text.splitlines()
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
        first = node.body[0]
        del lines[first.lineno - 1 : first.end_lineno]
    return lines


def sentences(number: str) -> Iterator[str]:
    """Yield the sentence of each code of a rule that the insured person reads."""
    for kind in MESSAGES:
        of_rule = {code for code in kind.answers if isinstance(code, Code) and code.rule == number}
        states = {state for state in kind.answers if isinstance(state, PaymentState) and number == "R14"}
        codes = [answer for answer in kind.answers if answer in of_rule | states]
        if codes:
            body = " ".join(render(sample(kind)).body.split("\n"))
            yield f"- {', '.join(f'`{code}`' for code in codes)}: {body}"


def rule_lines(number: str, shown: set[Callable[..., Any]]) -> Iterator[str]:
    """Yield the lines of one rule; a function is shown once."""
    rule = rules()[number]
    yield f"## {number} {rule.title}"
    yield ""
    if rule.guide:
        yield f"Guide: {rule.guide}"
    cited = [str(sources()[each]) for each in rule.sources]
    read = [f"{name} ({each.reading})" for name, each in readings().items() if name in READ.get(number, ())]
    yield "Sources: " + "; ".join(cited) + (f". Readings: {'; '.join(read)}." if read else ".")
    theorems = [each for each in THEOREMS if each.rule == number]
    yield from (f"- Theorem `{each.name}`: {each.statement}." for each in theorems)
    if number in CASES:
        yield "- Cases: " + "; ".join(f"{case} → {answer}" for case, answer in CASES[number]()) + "."
    yield from sentences(number)
    functions = [each for theorem in theorems for each in theorem.functions if each not in shown]
    if functions:
        shown.update(functions)
        yield "```python"
        for place, function in enumerate(dict.fromkeys(functions)):
            yield from (["", ""] if place else [])
            yield from source_without_docstring(function)
        yield "```"
    yield ""


#: The readings that each rule follows.
READ: Mapping[str, tuple[str, ...]] = {
    "R6": ("Q1", "Q3"), "R7": ("Q6", "Q7", "Q11"), "R8": ("Q8", "Q9", "Q23"), "R10": ("Q10", "Q13"), "R11": ("Q12",),
    "R17": ("Q16",), "R19": ("Q17",), "R25": ("Q22",),
}  # fmt: skip


def page() -> str:
    """Return the page."""
    shown: set[Callable[..., Any]] = set()
    lines = [line for number in rules() for line in rule_lines(number, shown)]
    return HEAD + "\n" + "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
