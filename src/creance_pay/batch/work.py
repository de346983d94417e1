"""Keep the unfinished output of a job in a folder, from which a killed job is resumed.

The work folder is beside the target::

    OUT.unfinished/
        job.json              identity of the job: everything that decides the output
        marks/00000.json      position and counts of each finished part
        parts/*               output of each part, for a target that is a folder
        output                output of all parts, for a target of CSV; the index of letters
        rejects.csv           rejected lines
        record.json           record of the job, once all parts are finished
        publication.json      the number that the file system has for the folder parts

A part is finished when its mark exists; the output after the last mark is cut off and written again.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from ..errors import ConfigurationError
from .disk import appending, atomic_replace, atomic_write, exchange, is_recorded_in, read_json

Position = tuple[int, int, int]


@attrs.define
class Totals:
    """The sums of the marks."""

    codes: Counter[str] = attrs.field(factory=Counter)
    payable: int = 0
    reasons: Counter[str] = attrs.field(factory=Counter)

    @property
    def rows(self) -> int:
        """The number of decided rows."""
        return self.codes.total()

    @property
    def rejected(self) -> int:
        """The number of rejected lines."""
        return self.reasons.total()

    def add(self, mark: Mapping[str, Any]) -> None:
        """Add the counts of a part."""
        self.codes.update(mark["codes"])
        self.payable += mark["payable"]
        self.reasons.update(mark["reasons"])

    def values(self) -> dict[str, Any]:
        """Return the counts, the most frequent first and equal ones by name, so that the order is always the same."""
        return {
            "rows": self.rows,
            "rejected": self.rejected,
            "codes": _ordered(self.codes),
            "payable": self.payable,
            "reasons": _ordered(self.reasons),
        }


class WorkFolder:
    """The unfinished output of a job, part by part.

    Args:
        folder: The folder, which the caller has locked.
    """

    def __init__(self, folder: Path) -> None:
        """Read nothing yet: see :meth:`begin`."""
        self._folder = folder
        self._marks: list[dict[str, Any]] = []
        self.totals = Totals()
        self.resumed_rows = 0

    @property
    def is_complete(self) -> bool:
        """Whether all parts are finished."""
        return (self._folder / "publication.json").exists()

    @property
    def is_published(self) -> bool:
        """Whether the publication was stopped after its last act, and before the work folder was removed."""
        return self.is_complete and not (self._folder / "record.json").exists()

    @property
    def is_empty(self) -> bool:
        """Whether no part is finished."""
        return not self._marks

    @property
    def done(self) -> int:
        """The size of the finished parts."""
        return sum(mark["size"] for mark in self._marks)

    @property
    def next(self) -> Position | None:
        """The position of the next part; ``None`` after the last one."""
        if not self._marks:
            return 0, 0, 0
        number, offset, line = self._marks[-1]["at"]
        return None if self._marks[-1]["last"] else (number, offset, line)

    def begin(self, identity: Mapping[str, Any], *, overwrite: bool) -> None:
        """Resume the unfinished job, or begin one.

        Raises:
            ConfigurationError: when the unfinished output belongs to another job and may not be deleted.
        """
        job_file, marks = self._folder / "job.json", self._folder / "marks"
        if not is_recorded_in(job_file, identity):
            has_work = job_file.exists() and any(marks.glob("*.json"))
            if has_work and not overwrite:
                raise ConfigurationError(f"{self._folder} belongs to another job; overwrite deletes it")
            for each in self._folder.iterdir():
                shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
            for name in ("parts", "marks"):
                (self._folder / name).mkdir()
            atomic_write(job_file, json.dumps(identity))
        while (path := marks / f"{len(self._marks):05}.json").exists():
            self._marks.append(read_json(path))
            self.totals.add(self._marks[-1])
        self.resumed_rows = self.totals.rows

    def write_part(self, write: Callable[[Path], object]) -> Path:
        """Write the output of the next part as a file of its own, and return its path."""
        path = self._folder / "parts" / f"part-{len(self._marks):05}.parquet"
        temporary = path.with_suffix(".tmp")
        write(temporary)
        atomic_replace(temporary, path)
        return path

    def write_file(self, name: str, content: bytes) -> None:
        """Write a file among the parts.  A file that a stopped run left is written again, with the same content."""
        path = self._folder / "parts" / name
        path.parent.mkdir(exist_ok=True)
        with appending(path, 0) as file:
            file.write(content)

    def add_output(self, name: str) -> None:
        """Move the output of all parts among the parts."""
        if (self._folder / "output").exists():
            (self._folder / "output").replace(self._folder / "parts" / name)

    def appending_output(self) -> AbstractContextManager[BinaryIO]:
        """Open the output after the last mark."""
        return appending(self._folder / "output", self._size("output"))

    def appending_rejects(self) -> AbstractContextManager[BinaryIO]:
        """Open the file of rejects after the last mark."""
        return appending(self._folder / "rejects.csv", self._size("rejects"))

    @property
    def has_rejects(self) -> bool:
        """Whether a finished part has rejected lines."""
        return self._size("rejects") > 0

    def _size(self, key: str) -> int:
        size: int = self._marks[-1][key] if self._marks else 0
        return size

    def finish(self, counts: Mapping[str, Any], *, rejects: bool, **position: Any) -> None:  # noqa: ANN401 - of several types
        """Write the mark of the next part, whose output is written.

        Args:
            counts: The counts of the part, as :class:`Totals` adds them.
            rejects: Whether the part has rejected lines.
            position: The position after the part, its size, and whether it is the last.
        """
        output, rejected = self._folder / "output", self._folder / "rejects.csv"
        mark = {
            **position,
            "output": output.stat().st_size if output.exists() else 0,
            "rejects": rejected.stat().st_size if rejects else self._size("rejects"),
            **counts,
        }
        atomic_write(self._folder / "marks" / f"{len(self._marks):05}.json", json.dumps(mark))
        self._marks.append(mark)
        self.totals.add(mark)

    def complete(self, identity: Mapping[str, Any]) -> None:
        """Write the record of the job."""
        atomic_write(self._folder / "record.json", json.dumps({**identity, **self.totals.values()}, indent=1))
        atomic_write(self._folder / "publication.json", json.dumps((self._folder / "parts").stat().st_ino))

    def publish(self, target: Path, *, to_csv: bool, record_file: Path, rejects_file: Path) -> None:
        """Move the output to the target.  A publication that was killed is completed."""
        parts, output, rejects = self._folder / "parts", self._folder / "output", self._folder / "rejects.csv"
        if self.totals.rejected:
            if rejects.exists():
                rejects.replace(rejects_file)
        else:
            rejects_file.unlink(missing_ok=True)
        if to_csv:
            if output.exists():
                output.replace(target)
        elif not target.exists():
            parts.rename(target)
        elif target.stat().st_ino != read_json(self._folder / "publication.json"):
            exchange(parts, target)
        (self._folder / "record.json").replace(record_file)
        shutil.rmtree(self._folder)


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda counted: (-counted[1], counted[0])))
