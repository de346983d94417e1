"""Find the files of a source: one file, or every data file of a folder.

The content decides between Parquet, CSV and a compressed file; the name only decides which files of a folder are data.
A folder is read whole or refused: a file that cannot be rows of the source is an error, except hidden files (their name
or a folder's begins with ``.`` or ``_``, as the marks of Spark do), which are counted.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

import attrs

from ..errors import ConfigurationError, InvalidValueError, MissingExtraError

CSV_NAMES = (".csv", ".txt", ".tsv")
PARQUET_NAMES = (".parquet", ".pq")
COMPRESSED_NAMES = (".gz", ".zst")
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
_GZIP, _ZSTD, _PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
# The beginnings of files that people rename to .csv, with the advice.
_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or a ZIP archive: save the sheet as CSV, or unpack the archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as CSV",
    b"\xff\xfe": "text in UTF-16 (« Texte Unicode » of Excel): save it as « CSV UTF-8 »",
    b"\xfe\xff": "text in UTF-16: save it as UTF-8",
    b"%PDF": "a PDF document",
    b"ORC": "a file ORC: write it as Parquet",
    b"Obj\x01": "a file Avro: write it as Parquet",
    b"ARROW1": "a file Arrow: write it as Parquet",
}
_BEGINNING = 8


_Unpack = tuple[Callable[[BinaryIO], BinaryIO], tuple[type[Exception], ...]]


@attrs.frozen
class SourceFile:
    """A file of a source.

    Attributes:
        path: The path.
        name: The name below the source, for errors and for the identity of a job.
        compression: ``"gzip"``, ``"zstd"`` or an empty text.
        keys: The columns that the names of its folders hold, as ``dt=2017-12`` does.
    """

    path: Path
    name: str
    compression: str = ""
    keys: Mapping[str, str | None] = attrs.field(factory=dict)

    @contextmanager
    def opened(self) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """Open the file: its decompressed bytes, and the file on the disk, whose position shows the progress.

        Raises:
            InvalidValueError: when the compressed bytes are damaged, or end too early.
        """
        unpack, damage = _UNPACK[self.compression]()
        try:
            with self.path.open("rb") as raw, unpack(raw) as file:
                yield file, raw
        except damage as error:
            raise InvalidValueError(
                f"{self.path} cannot be read ({type(error).__name__}): damaged or cut off"
            ) from None


@attrs.frozen
class Source:
    """The files of a source.

    Attributes:
        path: The path of the source.
        files: The files, by name.
        is_parquet: Whether the files are Parquet; otherwise they are CSV.
        passed_over: The number of hidden files of a folder.
    """

    path: Path
    files: tuple[SourceFile, ...]
    is_parquet: bool
    passed_over: int = 0

    @property
    def size(self) -> int:
        """The number of bytes of the files."""
        return sum(file.path.stat().st_size for file in self.files)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Name the file in an error about its content."""
    try:
        yield
    except InvalidValueError as error:
        raise InvalidValueError(f"{path}: {error}") from None


def has_name(path: PurePath, names: tuple[str, ...]) -> bool:
    """Return whether a file has a name with one of these endings, in any case, compressed or not."""
    name = path.name.lower()
    for ending in COMPRESSED_NAMES:
        name = name.removesuffix(ending)
    return name.endswith(names)


def find_source(path: Path) -> Source:
    """Find the files of a source.

    Raises:
        ConfigurationError: for a file with another name.
        InvalidValueError: for a file with another content, and for a folder without data, or with other files too.
        OSError: for a path that does not exist or cannot be read.
    """
    if not path.is_dir():
        _beginning(path)
        if not has_name(path, (*CSV_NAMES, *PARQUET_NAMES)):
            raise ConfigurationError(
                "expected a source .csv, .txt, .tsv (also .gz or .zst) or .parquet, or a folder of them, "
                f"got {path.name!r}"
            )
        file, is_parquet = _read_kind(path, path.name, {})
        return Source(path, (file,), is_parquet)
    return _find_in_folder(path)


def _find_in_folder(path: Path) -> Source:
    """Find every data file of a folder."""
    found, passed_over = [], 0
    for each in sorted(path.rglob("*")):
        below = each.relative_to(path)
        if each.is_dir() and not each.is_symlink():
            continue
        if any(part.startswith((".", "_")) for part in below.parts):
            passed_over += 1
        elif has_name(below, (*CSV_NAMES, *PARQUET_NAMES)) and each.is_file():
            found.append(_read_kind(each, below.as_posix(), _keys(below)))
        else:
            raise InvalidValueError(f"{each}: expected data files only in {path}, .csv or .parquet: move this away")
    if not found:
        raise InvalidValueError(f"expected files .parquet or .csv in the folder {path}, got none")
    if len({is_parquet for _, is_parquet in found}) > 1:
        raise InvalidValueError(f"expected files of one format in the folder {path}, got Parquet and CSV")
    files = tuple(file for file, _ in found)
    for file in files:
        if file.keys.keys() != files[0].keys.keys():
            raise InvalidValueError(f"{file.path}: expected folders of the same names NAME=VALUE as {files[0].path}")
    return Source(path, files, found[0][1], passed_over)


def _keys(below: PurePath) -> dict[str, str | None]:
    """Read the columns in the names of folders, as Hive and Spark write them."""
    pairs = (part.split("=", 1) for part in below.parts[:-1] if "=" in part)
    return {unquote(name): None if value == _HIVE_NULL else unquote(value) for name, value in pairs}


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_BEGINNING)


def _read_kind(path: Path, name: str, keys: Mapping[str, str | None]) -> tuple[SourceFile, bool]:
    """Return a file, and whether it is Parquet.

    Raises:
        InvalidValueError: when its content is of a format that cannot be read.
    """
    begin = _beginning(path)
    if not begin:
        raise InvalidValueError(f"{path}: empty (0 bytes), as a stopped job may leave it: write it again")
    for magic, what in _FOREIGN.items():
        if begin.startswith(magic):
            raise InvalidValueError(f"{path}: {what}")
    if begin.startswith(_PARQUET):
        return SourceFile(path, name, keys=keys), True
    if has_name(path, PARQUET_NAMES):
        raise InvalidValueError(f"{path}: expected Parquet, which begins with PAR1, got another format")
    compression = "gzip" if begin.startswith(_GZIP) else "zstd" if begin.startswith(_ZSTD) else ""
    if not compression and path.name.lower().endswith(COMPRESSED_NAMES):
        raise InvalidValueError(f"{path}: expected a compressed file, got another format")
    return SourceFile(path, name, compression, keys), False


def _plain() -> _Unpack:
    return (lambda raw: raw), ()


def _gzip() -> _Unpack:
    return (lambda raw: cast("BinaryIO", gzip.GzipFile(fileobj=raw, mode="rb"))), (
        EOFError,
        gzip.BadGzipFile,
        zlib.error,
    )


def _zstd() -> _Unpack:
    zstd: Any
    try:
        from compression import zstd  # type: ignore[import-not-found, no-redef]  # noqa: PLC0415 - of Python 3.14
    except ImportError:
        try:
            from backports import zstd  # noqa: PLC0415 - for older ones
        except ImportError as error:
            raise MissingExtraError("files .zst need zstd: pip install 'creance-pay[batch]'", extra="batch") from error
    return (lambda raw: cast("BinaryIO", zstd.ZstdFile(raw, "rb"))), (EOFError, zstd.ZstdError)


# For each compression, the function that returns what opens a file of it, and the errors of damaged bytes.
_UNPACK: Mapping[str, Callable[[], _Unpack]] = {"": _plain, "gzip": _gzip, "zstd": _zstd}
