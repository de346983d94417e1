"""A progress bar on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import MissingExtraError


@contextmanager
def progress(total: int) -> Iterator[Callable[[int], object]]:
    """Show a progress bar on the standard error while a block runs.  Nothing is written where that is no terminal.

    Args:
        total: The size of the work, in any unit.

    Yields:
        The function to call with the size of each finished step.

    Raises:
        MissingExtraError: without the extra ``batch`` or ``ledger``.
    """
    try:
        from rich.console import Console  # noqa: PLC0415 - an extra
        from rich.progress import Progress  # noqa: PLC0415 - of the same extra
    except ImportError as error:
        raise MissingExtraError("a progress bar needs Rich: pip install 'creance-pay[batch]'", extra="batch") from error
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda step: bar.advance(task, step)
