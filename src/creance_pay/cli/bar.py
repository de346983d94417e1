"""A bar that shows how far a long command is, at a terminal; elsewhere nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import MissingExtraError


@contextmanager
def progress(total: int) -> Iterator[Callable[[int], object]]:
    """Show a bar on the standard error while a command runs.

    Args:
        total: The length of the way, in whatever unit.

    Yields:
        What to call with each step that is done.

    Raises:
        MissingExtraError: without the extra ``batch``.
    """
    try:
        from rich.console import Console  # noqa: PLC0415 - an extra
        from rich.progress import Progress  # noqa: PLC0415 - of the same extra
    except ImportError as error:
        raise MissingExtraError("a progress bar needs more: pip install 'creance-pay[batch]'", extra="batch") from error
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda step: bar.advance(task, step)
