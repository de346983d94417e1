"""``creance-pay assess IN OUT``: decide every debt of a file, by the rules that decide one.

It works in parts: killed and started again, it goes on where it stopped, and writes the same bytes.  The exit status is
0 when every row that could be read is decided, 1 for an error, 2 for a usage that is not one, 130 when interrupted.
Lines of CSV that cannot be read go, with their number and the reason, to ``OUT.rejects.csv``; they are counted, and do
not change the status, unless ``--strict`` makes the first of them an error.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..rules import policy_named
from .bar import progress
from .output import answer

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_COLUMNS = ("reference", "kind", "remaining", "open_online")


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "assess",
        help="decide every debt of a file, .csv or .parquet",
        description="Decide every debt of a file; started again after a stop, it goes on.",
    )
    command.add_argument("source", metavar="IN", type=Path, help="a file .csv or .parquet, or a folder of the latter")
    command.add_argument("target", metavar="OUT", type=Path, help="a file .csv, or a folder of Parquet parts to be")
    command.add_argument("--policy", default="ameli-2019-11", help="the policy's name (default: %(default)s)")
    for name in _COLUMNS:
        option = f"--{name.replace('_', '-')}"
        command.add_argument(option, default=name, metavar="COLUMN", help="its column, if named otherwise")
    command.add_argument("--separator", default=",", help="what stands between fields of CSV (default: %(default)s)")
    command.add_argument("--encoding", default="utf-8", help="the encoding of CSV that is read (default: %(default)s)")
    command.add_argument("--part-rows", type=_positive, metavar="ROWS", help="how many rows make a part")
    command.add_argument("--strict", action="store_true", help="stop at the first line that cannot be read")
    command.add_argument("--overwrite", action="store_true", help="replace what is there, finished or not")
    command.add_argument("--json", action="store_true", help="answer in JSON")
    command.set_defaults(run=run)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("expected one at least")
    return number


def run(options: argparse.Namespace) -> int:
    """Decide what is not decided yet, and print how many rows have which answer."""
    from ..batch.job import Job  # noqa: PLC0415 - loads Polars, which no other command needs

    job = Job(
        source=options.source,
        target=options.target,
        policy=policy_named(options.policy),
        columns={name: getattr(options, name) for name in _COLUMNS},
        part_rows=options.part_rows,
        separator=options.separator,
        encoding=options.encoding,
        strict=options.strict,
    )
    if options.overwrite:
        job.discard_output()
    with progress(job.total()) as advance:
        record = job.run(advance)
    answer(options, {"rows": record["rows"], "rejected": record["rejected"], **record["codes"]})
    return 0
