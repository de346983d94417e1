"""``creance-pay assess IN OUT``: decide every debt of a file, by :func:`creance_pay.batch.assess_file`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from . import batch_files


def declare(command: ArgumentParser) -> None:
    """Declare the arguments."""
    command.description = "Decide every debt of a file.  After a stop, the same command resumes the job."
    batch_files.declare(command, ("reference", "kind", "remaining", "open_online"), run)


def run(options: Namespace) -> int:
    """Run the job, and print the number of rows of each code."""
    from ..batch import assess_file  # noqa: PLC0415 - loads Polars, an extra

    return batch_files.run(options, assess_file)
