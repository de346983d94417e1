"""``creance-pay letters IN OUT``: write a PDF file for every row, by :func:`creance_pay.batch.write_letters`.

The exit statuses are those of ``creance-pay assess``.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from . import batch_files
from .messages_command import add_sentences, chosen_sentences


def declare(command: ArgumentParser) -> None:
    """Declare the arguments."""
    from ..batch.letter_rows import FIELDS, LETTERS  # noqa: PLC0415 - loads Narwhals, an extra

    command.description = "Write a letter as a PDF file for every row.  After a stop, the same command resumes the job."
    batch_files.add_source(command, FIELDS, target="the folder to create")
    command.add_argument(
        "--letter", choices=[*LETTERS], default="notice", help="the letter of rows without one (default: %(default)s)"
    )
    command.add_argument(
        "--value", action="append", default=[], type=batch_files.pair(FIELDS), metavar="FIELD=TEXT",
        help="the value of a field that is the same for all rows, such as sent_on=2026-11-26",
    )  # fmt: skip
    add_sentences(command)
    command.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the job, and print the number of letters of each kind."""
    from ..batch import write_letters  # noqa: PLC0415 - loads Polars, an extra
    from ..batch.letter_job import PART_ROWS  # noqa: PLC0415 - as above

    return batch_files.run_job(
        options, write_letters, letter=options.letter, values=dict(options.value),
        part_rows=options.part_rows or PART_ROWS, **chosen_sentences(options),
    )  # fmt: skip
