"""The functions that work on a file: decide its debts or notices, write its letters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from ..errors import MissingExtraError
from ..messages import Overrides, Wording
from ..messages.formats import check_language
from ..rules import Policy
from ..rules.cells import Unit
from ..rules.columns import BOOLEANS, NULLS
from .result import BatchProgress, BatchResult

try:
    from .csv_rows import Dialect
    from .inputs import ASSESS, SCOPE, Rule
    from .job import Job
    from .letter_job import PART_ROWS, LetterJob
except ImportError as error:
    raise MissingExtraError("files of debts need Polars: pip install 'creance-pay[batch]'", extra="batch") from error


def assess_file(
    source: str | Path,
    target: str | Path,
    *,
    policy: Policy,
    columns: Mapping[str, str] | None = None,
    unit: Unit | None = None,
    booleans: Mapping[str, bool] = BOOLEANS,
    nulls: Collection[str] = NULLS,
    separator: str | None = None,
    encoding: str = "utf-8",
    prefix: str = "",
    part_rows: int | None = None,
    strict: bool = False,
    max_rejects: int | str | None = None,
    overwrite: bool = False,
    check: bool = False,
    progress: Callable[[BatchProgress], object] = lambda _: None,
) -> BatchResult:
    r"""Decide every debt of a file: whether it is payable online, and how much (R1, R4, R7, R10, R12, R21).

    The answers are those of :func:`creance_pay.rules.columns.assess`.

    Args:
        source: A file ``.csv``, ``.txt`` or ``.tsv``, also compressed by gzip or zstd, a file of Parquet, or a folder
            of files of one of these formats.  The content decides the format.
        target: A file ``.csv``, ``.txt`` or ``.tsv`` (``.gz`` and ``.zst`` too), or the name of the folder of Parquet
            files to create.  Rejected lines are written to ``TARGET.rejects.csv``, the record to ``TARGET.job.json``.
        policy: The policy to apply.
        columns: The column of an operand (``reference``, ``kind``, ``remaining``, ``open_online``), if it has another
            name.  Case and outer spaces are ignored.
        unit: The unit of the amounts.  By default, amounts are whole cents, and one with decimals stops the job.
        booleans: The spellings of true and false, in any case.
        nulls: The texts that mean a null in the columns of the rules.
        separator: The character between two fields of CSV, or ``"tab"``.  By default a comma, or a tab in a file
            ``.tsv``, or the one that a first line ``sep=;`` names.
        encoding: The encoding of a CSV source; a CSV target is UTF-8.
        prefix: A text before the name of each added column.
        part_rows: The largest number of rows of a part.
        strict: Whether an unreadable line stops the job.
        max_rejects: The accepted number of rejected lines, or their share, such as ``"0.5%"``.
        overwrite: Whether to replace the output of another job, once the new one is whole.
        check: Whether to decide the first part only, and to write nothing.
        progress: Called after each part.

    Returns:
        The counts, and the names of the written files.

    Raises:
        ConfigurationError: when the options cannot work, the source lies in the target, the target belongs to another
            job, or another process is writing it.
        InvalidValueError: when the source cannot be read; the text names the file, and the line or the column.
        TooManyRejectsError: when more lines are rejected than ``max_rejects``; nothing is published.
        OSError: when a file cannot be read or written, as on a full disk.  The finished parts are kept.

    >>> from tempfile import TemporaryDirectory
    >>> from creance_pay.rules import policy_named
    >>> with TemporaryDirectory() as folder:
    ...     debts = Path(folder, "debts.csv")
    ...     _ = debts.write_text("reference,kind,remaining,open_online\n6311705400000344F,FRR,6000,true\n")
    ...     result = assess_file(debts, Path(folder, "answers.csv"), policy=policy_named("ameli-2019-11"))
    >>> result.rows, result.codes, result.payable
    (1, {'PAYABLE': 1}, Euros(5000))
    """
    return _run(ASSESS, locals())


def scope_file(
    source: str | Path,
    target: str | Path,
    *,
    policy: Policy,
    columns: Mapping[str, str] | None = None,
    unit: Unit | None = None,
    booleans: Mapping[str, bool] = BOOLEANS,
    nulls: Collection[str] = NULLS,
    separator: str | None = None,
    encoding: str = "utf-8",
    prefix: str = "",
    part_rows: int | None = None,
    strict: bool = False,
    max_rejects: int | str | None = None,
    overwrite: bool = False,
    check: bool = False,
    progress: Callable[[BatchProgress], object] = lambda _: None,
) -> BatchResult:
    r"""Decide for every row of a file whether a balance and a notice are in the scope of the service (R5, R6).

    The answers are those of :func:`creance_pay.rules.columns.notice_scope`.

    Args:
        source: The source, as for :func:`assess_file`.
        target: The target, as for :func:`assess_file`.
        policy: The policy to apply.
        columns: The column of an operand (``balance``, ``notice_received``), if it has another name.
        unit: The unit of the balances, as for :func:`assess_file`.
        booleans: The spellings of true and false, in any case.
        nulls: The texts that mean a null in the columns of the rules.
        separator: The character between two fields of CSV, or ``"tab"``.
        encoding: The encoding of a CSV source.
        prefix: A text before the name of the added column.
        part_rows: The largest number of rows of a part.
        strict: Whether an unreadable line stops the job.
        max_rejects: The accepted number of rejected lines, or their share.
        overwrite: Whether to replace the output of another job, once the new one is whole.
        check: Whether to decide the first part only, and to write nothing.
        progress: Called after each part.

    Returns:
        The counts, and the names of the written files.

    Raises:
        ConfigurationError: as for :func:`assess_file`.
        InvalidValueError: as for :func:`assess_file`.
        TooManyRejectsError: as for :func:`assess_file`.
        OSError: as for :func:`assess_file`.

    >>> from tempfile import TemporaryDirectory
    >>> from creance_pay.rules import policy_named
    >>> with TemporaryDirectory() as folder:
    ...     balances = Path(folder, "balances.csv")
    ...     _ = balances.write_text("balance,notice_received\n4999,true\n5000,true\n")
    ...     result = scope_file(balances, Path(folder, "scopes.csv"), policy=policy_named("ameli-2019-11"))
    >>> sorted(result.codes.items())
    [('BELOW_BAND', 1), ('IN_SCOPE', 1)]
    """
    return _run(SCOPE, locals())


def write_letters(
    source: str | Path,
    target: str | Path,
    *,
    policy: Policy,
    letter: str = "notice",
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    lang: str = "fr",
    wording: Wording = Wording.GUIDE,
    overrides: Overrides | None = None,
    unit: Unit | None = None,
    nulls: Collection[str] = NULLS,
    separator: str | None = None,
    encoding: str = "utf-8",
    part_rows: int = PART_ROWS,
    strict: bool = False,
    max_rejects: int | str | None = None,
    overwrite: bool = False,
    check: bool = False,
    progress: Callable[[BatchProgress], object] = lambda _: None,
) -> BatchResult:
    """Write a letter as a PDF file for every row of a file.

    A column has the name of a field of the letter, such as ``notice_reference``; see
    ``creance_pay.messages.letters``.  Three columns are options of the row: ``recipient``, the name and the postal
    address of the person; ``letter``, the key of the letter; ``lang``, its language.

    Args:
        source: The source, as for :func:`assess_file`.
        target: The folder to create: a thousand letters a folder, and ``index.csv`` with the line, the name and the
            SHA-256 of each.
        policy: The policy, for the bounds of an online payment.
        letter: The key of the letter, for rows without one: ``notice``, ``reminder``, ``refund`` ...
        columns: The column of a field, if it has another name.
        values: The values of fields that are the same for all rows, as cells: ``{"sent_on": "2026-11-26"}``.
        lang: The language of rows that leave it out.
        wording: The shipped wording.
        overrides: The caisse's own sentences.
        unit: The unit of the amounts; by default whole cents.
        nulls: The texts that mean a null.
        separator: The character between two fields of CSV, or ``"tab"``.
        encoding: The encoding of a CSV source.
        part_rows: The number of rows of a part; a stopped job begins again at the last finished part.
        strict: Whether a row without a letter stops the job.
        max_rejects: The accepted number of rejected rows, or their share.
        overwrite: Whether to replace the output of another job, once the new one is whole.
        check: Whether to write the letters of the first part in memory only.
        progress: Called after each part.

    Returns:
        The counts: ``codes`` has the number of letters of each key.

    Raises:
        ConfigurationError: as for :func:`assess_file`, and for an unknown field.
        InvalidValueError: as for :func:`assess_file`.
        MessageError: for an unknown letter, language or wording.
        TooManyRejectsError: as for :func:`assess_file`.
        MissingExtraError: without the extra ``pdf``.
        OSError: as for :func:`assess_file`.

    The notices of a file, with the same day and the same commission for all::

        policy = policy_named("ameli-2019-11")
        values = {"sent_on": "2026-11-26", "appeal_address": "1 rue de l’Exemple, 63000 Clermont-Ferrand"}
        result = write_letters("notices.csv", "letters", policy=policy, letter="notice", values=values)
    """
    check_language(lang)
    job = LetterJob(
        source=Path(source), target=Path(target), policy=policy, letter=letter, columns=dict(columns or {}),
        values=dict(values or {}), lang=lang, wording=wording, overrides=overrides or Overrides(),
        dialect=Dialect(separator=separator, encoding=encoding, unit=unit, nulls=nulls, booleans={}),
        part_rows=part_rows, strict=strict, max_rejects=max_rejects, overwrite=overwrite,
    )  # fmt: skip
    return job.check() if check else job.run(progress)


def _run(rule: Rule, options: dict[str, Any]) -> BatchResult:
    """Build the job from the arguments of a function, and run it."""
    check, progress = options.pop("check"), options.pop("progress")
    booleans = {word.strip().lower(): value for word, value in options.pop("booleans").items()}
    names = ("separator", "encoding", "unit", "nulls")
    dialect = Dialect(booleans=booleans, **{name: options.pop(name) for name in names})
    source, target = Path(options.pop("source")), Path(options.pop("target"))
    columns = dict(options.pop("columns") or {})
    job = Job(rule=rule, source=source, target=target, dialect=dialect, columns=columns, **options)
    return job.check() if check else job.run(progress)
