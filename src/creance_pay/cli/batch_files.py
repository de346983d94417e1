"""The common part of ``creance-pay assess``, ``scope`` and ``letters``: arguments, standard streams, summary.

The work is done by :mod:`creance_pay.batch`.  Exit status: 0 when every line is decided, or the rejected ones are
within ``--max-rejects``; 3 when lines are rejected; 4 when no row is decided; 5 when ``--max-rejects`` is passed, and
nothing is published; 1 for an error.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError, MissingExtraError
from .arguments import add_json, add_policy, whole_number
from .output import print_values
from .policies import policy_of

REJECTS, NOTHING, TOO_MANY = 3, 4, 5
_STANDARD = Path("-")


def declare(command: ArgumentParser, operands: tuple[str, ...], run: Callable[[Namespace], int]) -> None:
    """Declare the arguments of a rule."""
    add_source(
        command,
        operands,
        target="a file .csv, .txt or .tsv (also .gz, .zst), the folder of Parquet files to create, or - for CSV on the "
        "standard output",
    )
    command.add_argument("--true", action="append", metavar="WORDS", help="spellings of true, separated by commas")
    command.add_argument("--false", action="append", metavar="WORDS", help="spellings of false, separated by commas")
    command.add_argument("--prefix", default="", metavar="TEXT", help="a text before the name of each added column")
    command.set_defaults(run=run)


def add_source(command: ArgumentParser, operands: tuple[str, ...], *, target: str) -> None:
    """Declare the arguments of every command that reads the rows of a file.

    Args:
        command: The parser of the command.
        operands: The names that a column can be given for.
        target: The help text of the target.
    """
    command.epilog = (
        "Exit status: 0 all decided, 3 lines rejected, 4 nothing decided, 5 more rejects than --max-rejects, "
        "1 error, 2 usage error."
    )
    command.add_argument(
        "source", metavar="IN", type=Path,
        help="a file .csv, .txt, .tsv (also .gz, .zst) or .parquet, a folder of them, or - for the standard input",
    )  # fmt: skip
    command.add_argument("target", metavar="OUT", type=Path, help=target)
    add_policy(command)
    command.add_argument(
        "--column", action="append", default=[], type=pair(operands), metavar="OPERAND=NAME",
        help=f"the name of a column; operands: {', '.join(operands)} (case and outer spaces do not matter)",
    )  # fmt: skip
    command.add_argument("--unit", choices=("cents", "euros"), help="the unit of the amounts (default: whole cents)")
    command.add_argument("--null", action="append", metavar="WORDS", help="spellings of a null, separated by commas")
    command.add_argument("--separator", help="the character between fields of CSV, or tab (default: a comma)")
    command.add_argument("--encoding", default="utf-8", help="the encoding of a CSV source (default: %(default)s)")
    command.add_argument(
        "--part-rows", type=whole_number(1, 10**9), metavar="ROWS", help="the largest number of rows of a part"
    )
    command.add_argument("--strict", action="store_true", help="stop at the first line that cannot be read")
    command.add_argument("--max-rejects", metavar="N|P%", help="the accepted number or share of rejected lines")
    command.add_argument("--overwrite", action="store_true", help="replace the output of another job")
    command.add_argument("--check", action="store_true", help="decide the first part only, and write nothing")
    command.add_argument("--report", type=Path, metavar="FILE.html", help="write the summary as one page of HTML too")
    add_json(command)


def run(options: Namespace, decide: Callable[..., Any]) -> int:
    """Run the job of a function of :mod:`creance_pay.batch`, and print the summary."""
    from ..rules.columns import BOOLEANS  # noqa: PLC0415 - loads Narwhals, an extra

    words = {True: _words(options.true), False: _words(options.false)}
    booleans = {word: value for value in words for word in words[value] or ()} or BOOLEANS
    return run_job(options, decide, booleans=booleans, prefix=options.prefix, part_rows=options.part_rows)


def run_job(options: Namespace, work: Callable[..., Any], **more: object) -> int:
    """Run the job of a function of :mod:`creance_pay.batch`, with arguments of its own, and print the summary."""
    from ..batch import TooManyRejectsError  # noqa: PLC0415 - loads Polars, an extra
    from ..rules.columns import NULLS  # noqa: PLC0415 - loads Narwhals, of the same extra

    nulls = _words(options.null)
    with _paths(options) as (source, target), progress() as advance:
        try:
            result = work(
                source, target, policy=policy_of(options.policy), columns=dict(options.column), unit=options.unit,
                nulls=NULLS if nulls is None else nulls, separator=options.separator, encoding=options.encoding,
                strict=options.strict, max_rejects=options.max_rejects, overwrite=options.overwrite,
                check=options.check, progress=advance, **more,
            )  # fmt: skip
        except TooManyRejectsError as error:
            print(f"creance-pay: {error}", file=sys.stderr)
            return TOO_MANY
        if options.report:
            from ..batch.report import write_report  # noqa: PLC0415 - loads Jinja2

            write_report(result, options.report)
        if target != options.target and not options.check:
            _copy_out(options, target, result)
    stream = sys.stderr if options.target == _STANDARD else sys.stdout
    print_summary(options, result, stream)
    if not result.rows:
        return NOTHING
    return REJECTS if result.rejected and options.max_rejects is None else 0


def print_summary(options: Namespace, result: Any, stream: Any) -> None:  # noqa: ANN401 - loads Polars; a text stream
    """Print a result: one value a line, or one JSON object."""
    if options.json:
        values = {
            "rows": result.rows, "rejected": result.rejected, **result.codes,
            "payable": None if result.payable is None else str(result.payable),
            "reasons": dict(result.reasons), "rejects_file": result.rejects_file and str(result.rejects_file),
            "files": result.files, "passed_over": result.passed_over, "notes": list(result.notes),
            "seconds": round(result.seconds, 3), "rows_per_second": result.rows_per_second, "checked": options.check,
        }  # fmt: skip
        print_values(options, values, file=stream)
        return
    lines: list[tuple[str, object]] = [("rows", f"{result.rows:,}")]
    lines += [(code, f"{rows:,}") for code, rows in result.codes.items()]
    if result.payable is not None:
        lines.append(("payable", f"{result.payable} euros"))
    lines.append(("rejected", f"{result.rejected:,}"))
    lines += [(f"  {reason}", f"{count:,}") for reason, count in result.reasons.items()]
    if result.rejects_file and options.target != _STANDARD:
        lines.append(("rejects in", result.rejects_file))
    if result.passed_over:
        lines.append(("hidden files", f"{result.passed_over:,} passed over"))
    lines.append(("seconds", f"{result.seconds:.1f}, {result.rows_per_second:,} rows a second"))
    lines += [("note", note) for note in result.notes]
    if options.check:
        lines.append(("check", "the first part only; nothing was written"))
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        print(f"{name:{width}}  {value}", file=stream)


@contextmanager
def progress() -> Iterator[Callable[[Any], object]]:
    """Show the count, the rate and the phase on a terminal while a block runs."""
    try:
        from rich.console import Console  # noqa: PLC0415 - an extra
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("a progress bar needs Rich: pip install 'creance-pay[batch]'", extra="batch") from error
    console = Console(stderr=True)
    text = TextColumn("{task.description}")
    shown = (text, BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]}"), TimeRemainingColumn())
    with Progress(*shown, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=None, rows="")

        def advance(step: Any) -> None:  # noqa: ANN401 - a BatchProgress, whose module loads Polars
            seconds = bar.tasks[0].elapsed or 0
            rate = f", {step.rows / seconds:,.0f} a second" if seconds else ""
            rows = f"{step.rows:,} rows{rate}"
            bar.update(task, description=step.phase, completed=step.done, total=step.total, rows=rows)

        yield advance


@contextmanager
def _paths(options: Namespace) -> Iterator[tuple[Path, Path]]:
    """Yield the source and the target; the standard streams become files in a temporary folder."""
    if _STANDARD not in {options.source, options.target}:
        yield options.source, options.target
        return
    with tempfile.TemporaryDirectory(prefix="creance-pay-") as name:
        folder = Path(name)
        source, target = options.source, options.target
        if source == _STANDARD:
            source = folder / "standard-input.csv"
            with source.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        if target == _STANDARD:
            (folder / "out").mkdir()
            target = folder / "out" / "standard-output.csv"
        yield source, target


def _copy_out(options: Namespace, target: Path, result: Any) -> None:  # noqa: ANN401 - loads Polars
    """Copy a whole output to the standard output; refuse to lose rejected lines."""
    if result.rejected:
        kept = (
            Path("rejects.csv")
            if options.source == _STANDARD
            else options.source.with_name(f"{options.source.name}.rejects.csv")
        )
        if kept.exists():
            raise ConfigurationError(f"{result.rejected} lines are rejected, and {kept} exists: move it away")
        shutil.copyfile(result.rejects_file, kept)
        print(f"creance-pay: {result.rejected} lines are rejected: see {kept}", file=sys.stderr)
    with target.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def pair(operands: tuple[str, ...]) -> Callable[[str], tuple[str, str]]:
    """Return the converter of an argument ``OPERAND=NAME``."""

    def convert(text: str) -> tuple[str, str]:
        """Convert ``OPERAND=NAME``."""
        operand, equals, name = text.partition("=")
        if operand not in operands or not equals or not name:
            raise ArgumentTypeError(f"expected OPERAND=NAME with an operand of {', '.join(operands)}, got {text!r}")
        return operand, name

    return convert


def _words(texts: list[str] | None) -> list[str] | None:
    """Split spellings at commas; ``None`` where the option is absent."""
    return None if texts is None else [word for text in texts for word in text.split(",")]
