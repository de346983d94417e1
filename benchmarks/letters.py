"""Measure the number of letters written a second on one core: ``python benchmarks/letters.py [--letters 400]``.

Each contender makes the same notices, each with another reference and other amounts: as text, as a PDF file in memory,
as a PDF file with typst's compiler made anew for each letter, and as the whole job from CSV to the folder.  The figures
are CPU time, best of three rounds in turns; the ratio compares each contender with the PDF file in memory.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from datetime import date
from importlib import metadata
from itertools import count
from pathlib import Path

from rounds import Contender, best, demand, machine, publish, table

from creance_pay import Euros, NoticeReference
from creance_pay.batch import write_letters
from creance_pay.messages import contact_line, letter_pdf, pdf, render
from creance_pay.messages.letters import CareYear, Notice
from creance_pay.rules import policy_named

ROUNDS = 3
DAY = date(2026, 11, 26)
VALUES = {"sent_on": str(DAY), "address": "63031 Clermont-Ferrand", "appeal_address": "CRA, 63031 Clermont-Ferrand"}
TITLE = "PDF letters, one core"


def notice(number: int) -> Notice:
    """Build a notice of two years of care, whose values depend on its number."""
    return Notice(
        sent_on=DAY,
        notice_reference=NoticeReference(f"631172600{number % 10**7:07}K"),
        years=tuple(CareYear(year=2023 + each, amount=Euros(2500 + number % 4900 + each)) for each in range(2)),
        minimum=Euros(1600),
        maximum=Euros(5000),
        caisse="CPAM du Puy-de-Dôme",
        address=VALUES["address"],
        contact=contact_line(DAY),
        appeal_address=VALUES["appeal_address"],
    )


def cell(years: tuple[CareYear, ...]) -> str:
    """Write the years of care as a cell of a file."""
    return ";".join(f"{each.year}={each.amount.cents}" for each in years)


def contenders(folder: Path, letters: int) -> dict[str, Contender]:
    """Return the contenders; each call makes so many letters that no call made before."""
    numbers = count()

    def fresh() -> list[Notice]:
        return [notice(next(numbers)) for _ in range(letters)]

    def compile_anew(letter: Notice) -> bytes:
        pdf._compiler.cache_clear()  # noqa: SLF001 - the contender without it
        return letter_pdf(letter)

    def job() -> None:
        source = folder / f"{next(numbers)}.csv"
        rows = (f"{each.notice_reference},{cell(each.years)}\n" for each in fresh())
        source.write_text("".join(["notice_reference,years\n", *rows]), encoding="utf-8")
        result = write_letters(source, source.with_suffix(""), policy=policy_named("ameli-2019-11"), values=VALUES)
        demand(result.rows == letters and not result.rejected, "the job rejected rows")

    return {
        "PDF file in memory": lambda: [*map(letter_pdf, fresh())],
        "text alone": lambda: [*map(render, fresh())],
        "PDF, a compiler a letter": lambda: [*map(compile_anew, fresh())],
        "job: CSV to a folder of PDF": job,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and publish."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--letters", type=int, default=400, help="letters a round (default: %(default)s)")
    letters = options.parse_args(arguments).letters
    with tempfile.TemporaryDirectory() as name:
        times = best(contenders(Path(name), letters), ROUNDS, 1)
    fastest = times["PDF file in memory"]
    rows = [
        (each, f"{letters / (spent / 1e6):,.0f}", f"{spent / fastest:.2f}", f"{spent / letters / 1000:.2f} ms")
        for each, spent in times.items()
    ]
    head = f"`python benchmarks/letters.py --letters {letters}`: notices with other values each, CPU time on one core, "
    head += f"the best of {ROUNDS} rounds in turns.\nMachine: {machine()}; typst {metadata.version('typst')}."
    publish(TITLE, [head, "", *table(["contender", "letters a second", "time, ratio", "a letter"], rows)])


if __name__ == "__main__":
    main()
