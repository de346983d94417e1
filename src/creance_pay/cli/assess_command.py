"""``creance-pay assess IN OUT``: decide every debt of a file, by :class:`creance_pay.batch.job.Job`.

The exit status is 0 when every readable row is decided.  Unreadable lines of CSV are written to ``OUT.rejects.csv``,
with their number and the reason, and counted; they do not change the status.  With ``--strict`` the first one is an
error.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..rules import policy_named
from .arguments import add_json, add_operands, add_policy, operands, whole_number
from .bar import progress
from .output import print_values


def declare(command: ArgumentParser) -> None:
    """Declare the arguments."""
    command.description = "Decide every debt of a file.  After a stop, the same command resumes the job."
    command.add_argument(
        "source", metavar="IN", type=Path, help="a file .csv or .parquet, or a folder of Parquet files"
    )
    command.add_argument(
        "target", metavar="OUT", type=Path, help="a file .csv, or the folder of Parquet files to create"
    )
    add_policy(command)
    add_operands(command)
    command.add_argument("--separator", default=",", help="the character between fields of CSV (default: %(default)s)")
    command.add_argument("--encoding", default="utf-8", help="the encoding of a CSV source (default: %(default)s)")
    command.add_argument(
        "--part-rows", type=whole_number(1, 10**9), metavar="ROWS", help="the number of rows of a part"
    )
    command.add_argument("--strict", action="store_true", help="stop at the first line that cannot be read")
    command.add_argument("--overwrite", action="store_true", help="delete the output of an earlier job first")
    add_json(command)
    command.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the job, and print the number of rows of each code."""
    from ..batch.job import Job  # noqa: PLC0415 - loads Polars, an extra

    job = Job(
        source=options.source,
        target=options.target,
        policy=policy_named(options.policy),
        columns=operands(options),
        part_rows=options.part_rows,
        separator=options.separator,
        encoding=options.encoding,
        strict=options.strict,
    )
    if options.overwrite:
        job.discard_output()
    with progress(job.total()) as advance:
        record = job.run(advance)
    print_values(options, {"rows": record["rows"], "rejected": record["rejected"], **record["codes"]})
    return 0
