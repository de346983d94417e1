"""``creance-pay scope IN OUT``: decide every notice of a file, by :func:`creance_pay.batch.scope_file`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from . import batch_files


def declare(command: ArgumentParser) -> None:
    """Declare the arguments."""
    command.description = "Decide every balance and notice of a file.  After a stop, the same command resumes the job."
    batch_files.declare(command, ("balance", "notice_received"), run)


def run(options: Namespace) -> int:
    """Run the job, and print the number of rows of each code."""
    from ..batch import scope_file  # noqa: PLC0415 - loads Polars, an extra

    return batch_files.run(options, scope_file)
