"""The common part of jobs over the rows of a file: paths, parts, rejected lines, publication.

The unfinished output is in a work folder: see :mod:`~creance_pay.batch.work`.  After the last part the output is
published: the target appears or is replaced in one step, then its record ``OUT.job.json``.  Nothing that exists is
deleted before.  The work folder is locked while a process works in it.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol

import attrs

from ..errors import ConfigurationError, CreancePayError, InvalidValueError
from .csv_rows import Reject
from .disk import is_recorded_in, lock, read_json, translated
from .result import BatchProgress, BatchResult, TooManyRejectsError
from .sources import Source, SourceFile
from .work import Position, WorkFolder

_LONGEST_NAME = 200

Progress = Callable[[BatchProgress], object]


class AnyPart(Protocol):
    """Consecutive rows of a source: what every kind of job has."""

    @property
    def size(self) -> int:
        """The size, in the units of the progress."""

    @property
    def file(self) -> SourceFile:
        """The file, for errors."""


class AnyInput(Protocol):
    """The opened source: what every kind of job has."""

    @property
    def source(self) -> Source:
        """The files."""

    @property
    def total(self) -> int:
        """The size, in the units of the progress."""


@attrs.frozen(kw_only=True)
class FileJob(ABC):
    """A job over every row of a file.

    Attributes:
        source: The source.
        target: The target.
        strict: Whether an unreadable line stops the job.
        max_rejects: The accepted number of rejected lines, or their share.
        overwrite: Whether to replace the output of another job, once the new one is whole.
    """

    #: The word for the work on the parts, in the progress.
    phase: ClassVar[str] = "deciding"

    source: Path
    target: Path
    strict: bool = False
    max_rejects: int | str | None = None
    overwrite: bool = False

    # -- what each kind of job does; ``given`` is its own kind of input

    @abstractmethod
    def _open(self) -> Any:  # noqa: ANN401 - an AnyInput
        """Open the source, and check its columns."""

    @abstractmethod
    def _parts(self, given: Any, at: Position) -> Iterator[AnyPart]:  # noqa: ANN401 - an AnyInput
        """Yield the parts from a position on; at least one, perhaps without rows."""

    @abstractmethod
    def _write(self, given: Any, work: WorkFolder, part: Any) -> None:  # noqa: ANN401 - an AnyInput and an AnyPart
        """Write the output of a part, then its mark."""

    @abstractmethod
    def _identity(self, given: Any) -> dict[str, Any]:  # noqa: ANN401 - an AnyInput
        """Return the values on which the output depends."""

    @abstractmethod
    def _summary(
        self, given: Any, record: Mapping[str, Any], start: float, *, resumed: int, target: Path | None,  # noqa: ANN401 - an AnyInput
        rejects_file: Path | None,
    ) -> BatchResult:  # fmt: skip
        """Build the result from a record."""

    @abstractmethod
    def _is_own(self, name: str) -> bool:
        """Return whether a file or folder of a target folder can be of a job."""

    def _complete_output(self, work: WorkFolder) -> None:  # noqa: B027 - most jobs have nothing to complete
        """Complete the output after the last part.  A stopped job calls this again."""

    @property
    def _to_csv(self) -> bool:
        """Whether the target is a file of CSV; otherwise it is a folder."""
        return False

    @property
    def record_file(self) -> Path:
        """The path of the record of the finished job."""
        return self._beside(".job.json")

    @property
    def rejects_file(self) -> Path:
        """The path of the rejected lines; the file exists when there are any."""
        return self._beside(".rejects.csv")

    @property
    def work_folder(self) -> Path:
        """The path of the unfinished output."""
        return self._beside(".unfinished")

    def limit(self, lines: int) -> int | None:
        """Return the largest accepted number of rejected lines among so many lines."""
        if self.max_rejects is None or isinstance(self.max_rejects, int):
            return self.max_rejects
        found = re.fullmatch(r"([0-9]{1,18})|([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%", self.max_rejects)
        if found is None:
            raise ConfigurationError(
                f"expected a number of lines or a percentage, such as 10 or 0.5%, got {self.max_rejects!r}"
            )
        return int(found[1]) if found[1] else int(lines * float(found[2]) / 100)

    def run(self, progress: Progress) -> BatchResult:
        """Process the parts that are not finished, publish the output, and return the result."""
        start = time.monotonic()
        self._check_paths()
        given: AnyInput = self._open()
        if not self.overwrite and not self.work_folder.exists() and self._is_published(given):
            return self._result(given, self.record_file, start, resumed=None)
        if not self.overwrite:
            self._require_free(given)
        with self._locked():
            work = WorkFolder(self.work_folder)
            if (not self.overwrite or work.is_published) and self._is_published(given):
                shutil.rmtree(self.work_folder)
                return self._result(given, self.record_file, start, resumed=None)
            work.begin(self._identity(given), overwrite=self.overwrite)
            try:
                self._process(given, work, progress)
            except TooManyRejectsError:
                raise
            except CreancePayError:
                shutil.rmtree(self.work_folder)  # the same command would fail in the same way
                raise
            except BaseException:
                if work.is_empty:
                    shutil.rmtree(self.work_folder)  # nothing to resume
                raise
            return self._result(given, self.record_file, start, resumed=work.resumed_rows)

    def _process(self, given: AnyInput, work: WorkFolder, progress: Progress) -> None:
        """Process every part without a mark, then publish."""
        if not work.is_complete:
            done = work.done
            for part in self._parts(given, work.next) if work.next else ():
                with translated(part.file.path, self.work_folder):
                    self._write(given, work, part)
                done += part.size
                progress(BatchProgress(phase=self.phase, done=done, total=given.total, rows=work.totals.rows))
                self._require_few_rejects(work.totals.rejected, None)
            self._complete_output(work)
            work.complete(self._identity(given))
        self._require_few_rejects(work.totals.rejected, work.totals.rows + work.totals.rejected)
        progress(BatchProgress(phase="publishing", done=given.total, total=given.total, rows=work.totals.rows))
        work.publish(self.target, to_csv=self._to_csv, record_file=self.record_file, rejects_file=self.rejects_file)

    def _write_rejects(self, given: AnyInput, work: WorkFolder, file: SourceFile, rejects: Sequence[Reject]) -> None:
        """Write the rejected lines of a part; refuse the first one of a strict job."""
        if rejects and self.strict:
            raise InvalidValueError(f"{file.path}: line {rejects[0].line}: {rejects[0].reason}")
        if rejects:
            with work.appending_rejects() as opened:
                opened.write(self._rejects_csv(given, file, rejects, header=not work.has_rejects))

    def _rejects_csv(self, given: AnyInput, file: SourceFile, rejects: Sequence[Reject], *, header: bool) -> bytes:
        """Format rejected lines: the file, if there are several, then number, reason and text."""
        several = len(given.source.files) > 1
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        if header:
            rows.writerow([*(("file",) if several else ()), "line", "reason", "text"])
        rows.writerows([*((file.name,) if several else ()), each.line, each.reason, each.text] for each in rejects)
        return text.getvalue().encode(errors="backslashreplace")

    def _require_few_rejects(self, rejected: int, lines: int | None) -> None:
        """Raise when too many lines are rejected; a percentage is judged when all lines are known."""
        if lines is None and isinstance(self.max_rejects, str) and "%" in self.max_rejects:
            return
        limit = self.limit(lines or 0)
        if limit is not None and rejected > limit:
            path = self.work_folder / "rejects.csv"
            raise TooManyRejectsError(
                f"{rejected} lines are rejected, more than {self.max_rejects}: see {path}; nothing was published",
                rejected=rejected, rejects_file=path,
            )  # fmt: skip

    def _result(self, given: AnyInput, record: Path, start: float, *, resumed: int | None) -> BatchResult:
        """Read the record of the finished job; check what the caller demands of it."""
        found = read_json(record)
        rejects_file = self.rejects_file if found["rejected"] else None
        if found["rejected"] and self.strict:
            with self.rejects_file.open(encoding="utf-8", newline="") as file:
                *place, reason, _ = [*csv.reader(file)][1]
            raise InvalidValueError(f"{self.source}: line {place[-1]}: {reason}")
        if resumed is None:
            lines = found["rows"] + found["rejected"]
            limit = self.limit(lines)
            if limit is not None and found["rejected"] > limit:
                raise TooManyRejectsError(
                    f"{found['rejected']} lines are rejected, more than {self.max_rejects}: see {rejects_file}",
                    rejected=found["rejected"], rejects_file=rejects_file,
                )  # fmt: skip
            resumed = found["rows"]
        return self._summary(given, found, start, resumed=resumed, target=self.target, rejects_file=rejects_file)

    # -- the paths

    def _beside(self, ending: str) -> Path:
        return self.target.with_name(f"{self.target.name}{ending}")

    def _check_paths(self) -> None:
        """Raise when the target would replace or contain the source, or cannot be written."""
        source, target = self.source.resolve(), self.target.resolve()
        if source == target:
            raise ConfigurationError(f"expected a target other than the source, got {self.target.name!r} for both")
        own = {each.resolve() for each in (self.record_file, self.rejects_file, self.work_folder)}
        if target in source.parents or {source, *source.parents} & own:
            raise ConfigurationError(f"expected a source outside the target, got {self.source} in {self.target}")
        if source in target.parents:
            raise ConfigurationError(f"expected a target outside the source, got {self.target} in {self.source}")
        if len(os.fsencode(self.target.name)) > _LONGEST_NAME:
            raise ConfigurationError(f"expected a target name of at most {_LONGEST_NAME} bytes, got a longer one")
        if not self.target.parent.is_dir():
            raise ConfigurationError(f"expected an existing folder for the target, got {self.target.parent}")
        if self.overwrite and self.target.is_dir():
            foreign = sorted(each.name for each in self.target.iterdir() if not self._is_own(each.name))
            if foreign or self._to_csv:
                raise ConfigurationError(f"{self.target} holds other files than the parts of a job and is not replaced")

    def _is_published(self, given: AnyInput) -> bool:
        """Return whether the output of this very job is complete."""
        return self.target.exists() and is_recorded_in(self.record_file, self._identity(given))

    def _require_free(self, given: AnyInput) -> None:
        """Raise when the target, or the file of rejects, belongs to another job or to nobody."""
        if (self.work_folder / "publication.json").exists() and is_recorded_in(
            self.work_folder / "job.json", self._identity(given)
        ):
            return  # this job's publication was stopped
        what = "is not the output of this job (same source, policy and options); overwrite replaces it"
        if self.target.exists() and not self._is_published(given):
            raise ConfigurationError(f"{self.target} exists, and {what}")
        if self.rejects_file.exists() and not self.target.exists():
            raise ConfigurationError(f"{self.rejects_file} exists, and {what}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock the work folder, which is created; raise when another process works in it."""
        handle = -1
        while handle < 0:
            self.work_folder.mkdir(exist_ok=True)
            handle = lock(self.work_folder, self.target)
        try:
            yield
        finally:
            os.close(handle)
