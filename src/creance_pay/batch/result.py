"""The result of a job over a file, and the progress that it reports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from ..errors import InvalidValueError
from ..money import Euros


class TooManyRejectsError(InvalidValueError):
    """More lines were rejected than the caller allows.  The output is unpublished; an earlier output is unchanged.

    Attributes:
        rejected: The number of rejected lines so far.
        rejects_file: The file of the rejected lines.
    """

    def __init__(self, message: str = "", *, rejected: int = 0, rejects_file: Path | None = None) -> None:
        """Create the error."""
        super().__init__(message)
        self.rejected = rejected
        self.rejects_file = rejects_file


@attrs.frozen(kw_only=True)
class BatchProgress:
    """The progress of a job, after each part.

    Attributes:
        phase: ``"deciding"`` or ``"writing"``, then ``"publishing"``.
        done: The part of the source that is processed: rows of Parquet, or bytes of CSV.
        total: The size of the source, in the same units.
        rows: The number of rows that are decided.
    """

    phase: str
    done: int
    total: int
    rows: int


@attrs.frozen(kw_only=True)
class BatchResult:
    """The result of a job.

    Attributes:
        rule: ``"assess"``, ``"scope"`` or ``"letters"``.
        source: The source.
        target: The output, or ``None`` after a check, which writes nothing.
        rejects_file: The file of the rejected lines, or ``None`` where there are none.
        policy: The name of the policy.
        rows: The number of decided rows.
        rejected: The number of rejected lines of CSV.
        codes: The number of rows of each code, the most frequent first.
        payable: The sum of the largest payments (``payable_max``); ``None`` for another rule than ``assess``.
        reasons: The number of rejected lines of each reason, the most frequent first.
        files: The number of files that were read.
        passed_over: The number of hidden files of the folder.
        notes: Sentences about the source that concern the reader.
        seconds: The time that this call took.
        resumed_rows: The number of rows that an earlier call had decided.
    """

    rule: str
    source: Path
    target: Path | None
    rejects_file: Path | None
    policy: str
    rows: int
    rejected: int
    codes: Mapping[str, int]
    payable: Euros | None
    reasons: Mapping[str, int]
    files: int
    passed_over: int
    notes: tuple[str, ...]
    seconds: float
    resumed_rows: int

    @property
    def rows_per_second(self) -> int:
        """The number of rows that this call decided in a second."""
        return round((self.rows - self.resumed_rows) / self.seconds) if self.seconds else 0
