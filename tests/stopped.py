"""Stop a job over a file at any of its acts on the disk, and read what it left."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest


def output(target: Path) -> dict[str, bytes]:
    """Read every file whose path begins with the path of a target."""
    files = (path for path in sorted(target.parent.rglob("*")) if path.is_file())
    paths = {str(path.relative_to(target.parent)): path for path in files}
    return {name: path.read_bytes() for name, path in paths.items() if name.startswith(target.name)}


class Stopped(BaseException):
    """The end of the process."""


def record_acts(
    patch: pytest.MonkeyPatch, fatal: int = 0, *, after: bool = False, more: Sequence[tuple[object, str]] = ()
) -> list[str]:
    """Record the acts on the disk from now on, and more; end the process before or after the act of a number."""
    acts: list[str] = []

    def recorded(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - any act
            acts.append(name)
            number = len(acts)
            if number == fatal and not after:
                raise Stopped
            result = act(*arguments, **options)
            if number == fatal:
                raise Stopped
            return result

        return call

    for owner, name in ((Path, "replace"), (Path, "rename"), (Path, "mkdir"), (shutil, "rmtree"), *more):
        patch.setattr(owner, name, recorded(name, getattr(owner, name)))
    return acts
