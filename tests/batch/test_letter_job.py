"""Letters of a file: read from cells, written as PDF files, unreadable rows rejected, resumed after a kill."""

import csv
import gzip
import hashlib
import io
import os
import random
import signal
import subprocess
import sys
import time
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError
from itertools import product
from pathlib import Path
from typing import Any

import attrs
import polars as pl
import pytest

from creance_pay import Euros
from creance_pay.batch import BatchProgress, BatchResult, TooManyRejectsError, write_letters
from creance_pay.batch.letter_rows import LETTERS, kind_named, letter_of
from creance_pay.errors import ConfigurationError, InvalidValueError, MessageError, MissingExtraError
from creance_pay.messages import Wording, contact_line, letter_pdf, read_overrides, sample
from creance_pay.messages.letters import CareYear, Document, DueAmount, InstalmentSchedule, Notice, Reminder
from creance_pay.rules import policy_named
from samples import numbered
from stopped import Stopped, output, record_acts

POLICY = policy_named("ameli-2019-11")
SELECTION = policy_named("ameli-2019-11-selection")
DAY = date(2026, 11, 26)
#: The values that are the same for all rows, as a caisse gives them.
VALUES = {"sent_on": "26/11/2026", "address": "63031 Clermont-Ferrand", "appeal_address": "CRA, 63031 Clermont-Ferrand"}
HEADER = "notice_reference,years,recipient"
ADDRESS = "Une personne assurée\n1 rue de l’Exemple\n63000 CLERMONT-FERRAND"


def a_notice(number: int, cents: int = 3000, **changes: Any) -> Notice:  # noqa: ANN401 - of the fields' own types
    """Build the notice that the row of a number makes."""
    values = {
        "sent_on": DAY,
        "notice_reference": numbered(number),
        "years": (CareYear(year=2024, amount=Euros(cents)),),
        "caisse": "CPAM du Puy-de-Dôme",
        "address": VALUES["address"],
        "contact": contact_line(DAY),
        "appeal_address": VALUES["appeal_address"],
        "minimum": Euros(1600),
        "maximum": Euros(5000),
    }
    return Notice(**{**values, **changes})


def a_row(number: int, years: str = "2024=3000", recipient: str = "") -> str:
    """Write the row of a number."""
    return f'{numbered(number)},{years},"{recipient}"'


def write_csv(path: Path, *rows: str, header: str = HEADER, ending: str = "\n") -> Path:
    """Write rows below a header."""
    path.write_text("".join(f"{row}{ending}" for row in (header, *rows)), encoding="utf-8", newline="")
    return path


def run(source: Path, target: Path, **changes: Any) -> BatchResult:  # noqa: ANN401 - any argument of the function
    """Write the letters of a file."""
    return write_letters(source, target, **{"policy": POLICY, "values": VALUES, **changes})


def index(target: Path) -> list[dict[str, str]]:
    """Read the index of the letters."""
    return [*csv.DictReader(io.StringIO((target / "index.csv").read_text(encoding="utf-8")))]


def cell(value: object) -> str:
    """Write a value as a cell."""
    if isinstance(value, tuple):
        return ";".join(map(cell, value))
    if isinstance(value, CareYear):
        return f"{value.year}={value.amount.cents}"
    if isinstance(value, DueAmount):
        return f"{value.due_on}={value.amount.cents}"
    return str(value.cents) if isinstance(value, Euros) else "" if value is None else str(value)


class TestOutput:
    """The folder has the PDF of each row, and an index."""

    def test_letters_and_index(self, tmp_path: Path) -> None:
        """Each file is the PDF of its row, recipient included; the index has its line and its hash."""
        source = write_csv(tmp_path / "in.csv", a_row(1, recipient=ADDRESS), a_row(2))

        result = run(source, tmp_path / "out")

        expected = [letter_pdf(a_notice(1), recipient=ADDRESS), letter_pdf(a_notice(2))]
        rows = index(tmp_path / "out")
        assert expected == [(tmp_path / "out" / row["file"]).read_bytes() for row in rows]
        assert [hashlib.sha256(each).hexdigest() for each in expected] == [row["sha256"] for row in rows]
        assert [("in.csv", "2", "notice"), ("in.csv", "5", "notice")] == [
            (row["source"], row["line"], row["letter"]) for row in rows
        ]
        assert f"00000/00000001-{a_notice(1).file_name}" == rows[0]["file"]
        assert ("letters", 2, 0, {"notice": 2}) == (result.rule, result.rows, result.rejected, dict(result.codes))

    def test_every_kind(self, tmp_path: Path) -> None:
        """A file may mix all letters; each field is read from its cell, and each letter is that of its values."""
        letters = [attrs.evolve(sample(kind), contact="36 46") for kind in LETTERS.values()]
        names = sorted({field.name for kind in LETTERS.values() for field in attrs.fields(kind) if field.init})
        path = tmp_path / "in.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["letter", "lang", *names])
            for letter in letters:
                rows.writerow([letter.key, "en", *(cell(getattr(letter, name, None)) for name in names)])

        run(path, tmp_path / "out", values={})

        made = [(tmp_path / "out" / row["file"]).read_bytes() for row in index(tmp_path / "out")]
        assert [letter_pdf(letter, lang="en") for letter in letters] == made

    def test_wording_and_overrides(self, tmp_path: Path) -> None:
        """The caisse's choices are those of every letter."""
        ours = read_overrides({"fr": '[notice]\naction = "Payez."'})
        run(write_csv(tmp_path / "in.csv", a_row(1)), tmp_path / "out", wording=Wording.PLAIN, overrides=ours)

        (row,) = index(tmp_path / "out")
        assert (tmp_path / "out" / row["file"]).read_bytes() == letter_pdf(
            a_notice(1), wording=Wording.PLAIN, overrides=ours
        )

    def test_parquet_and_folders(self, tmp_path: Path) -> None:
        """Parquet with typed columns, and a folder of several files, make the same letters."""
        years, folder = ["2024=3000"] * 3, tmp_path / "in"
        folder.mkdir()
        for number in range(2):
            references = [str(numbered(3 * number + place)) for place in range(3)]
            frame = pl.DataFrame({"notice_reference": references, "years": years, "sent_on": [DAY] * 3})
            frame.write_parquet(folder / f"{number}.parquet")
        for number in range(6):
            with (tmp_path / "all.csv").open("a", encoding="utf-8") as file:
                file.write(f"{HEADER}\n" if not number else "")
                file.write(f"{a_row(number)}\n")

        run(tmp_path / "all.csv", tmp_path / "from-csv")
        result = run(folder, tmp_path / "from-parquet", part_rows=2)

        made = [[*folder.rglob("*.pdf")] for folder in (tmp_path / "from-csv", tmp_path / "from-parquet")]
        assert {path.name: path.read_bytes() for path in made[0]} == {path.name: path.read_bytes() for path in made[1]}
        assert (6, 2) == (result.rows, result.files)
        assert ["0.parquet", "1", "1.parquet", "3"] == [
            row[name]
            for row in (index(tmp_path / "from-parquet")[0], index(tmp_path / "from-parquet")[5])
            for name in ("source", "line")
        ]

    def test_compressed_file_of_windows(self, tmp_path: Path) -> None:
        """Another separator, encoding, line end and compression are read."""
        text = f"{HEADER};SENT\r\n{a_row(1, recipient='Une personne âgée')};{DAY}\r\n".replace(",", ";")
        (tmp_path / "in.csv.gz").write_bytes(gzip.compress(text.encode("cp1252")))
        values = {name: VALUES[name] for name in ("address", "appeal_address")}

        run(
            tmp_path / "in.csv.gz", tmp_path / "out", values=values, columns={"sent_on": "sent"}, separator=";",
            encoding="cp1252",
        )  # fmt: skip

        (row,) = index(tmp_path / "out")
        assert (tmp_path / "out" / row["file"]).read_bytes() == letter_pdf(a_notice(1), recipient="Une personne âgée")

    @pytest.mark.parametrize("length", [6, 60])
    def test_damaged(self, tmp_path: Path, length: int) -> None:
        """A compressed file that is cut off, in its header or after it, is named."""
        text = (write_csv(tmp_path / "in.csv", a_row(1), a_row(2))).read_bytes()
        (tmp_path / "in.csv.gz").write_bytes(gzip.compress(text, mtime=0)[:length])

        with pytest.raises(InvalidValueError, match=r"in\.csv\.gz cannot be read \(EOFError\): damaged or cut off$"):
            run(tmp_path / "in.csv.gz", tmp_path / "out")

    def test_empty_file(self, tmp_path: Path) -> None:
        """A file without rows has an index without rows."""
        result = run(write_csv(tmp_path / "in.csv"), tmp_path / "out")

        assert (0, []) == (result.rows, index(tmp_path / "out"))

    def test_thousand_letters_a_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The number of a letter decides its folder."""
        monkeypatch.setattr("creance_pay.batch.letter_job.FOLDER_ROWS", 2)
        run(write_csv(tmp_path / "in.csv", *map(a_row, range(3))), tmp_path / "out", part_rows=2)

        assert ["00000", "00000", "00001"] == [row["file"].partition("/")[0] for row in index(tmp_path / "out")]


SCHEDULE_SAMPLE = "dates with amounts in cents, such as 2026-12-07=3000;2027-01-05=3000"


class TestCells:
    """The type of a field decides how its cell is read."""

    @pytest.mark.parametrize(
        ("kind", "unit", "cells", "field", "value"),
        [
            (Notice, "cents", {"years": "2024=3000; 2025=2850;"}, "amount", Euros(5850)),
            (Notice, "euros", {"years": "2024=30,00;2025=28.5"}, "amount", Euros(5850)),
            (Notice, "cents", {"sent_on": "01/12/2026"}, "sent_on", date(2026, 12, 1)),
            (Notice, "cents", {"sent_on": "2026-12-01"}, "sent_on", date(2026, 12, 1)),
            (Notice, "cents", {"sent_on": date(2026, 12, 1)}, "sent_on", date(2026, 12, 1)),
            (Notice, "cents", {"sent_on": datetime(2026, 12, 1)}, "sent_on", date(2026, 12, 1)),  # noqa: DTZ001 - of a file
            (Notice, "cents", {"notice_reference": "6311 7054 9000 0001 f"}, "notice_reference", numbered(1)),
            (Notice, "cents", {"years": "2024=700"}, "maximum", None),
            (Notice, "cents", {"years": "2024=700", "minimum": 5, "maximum": "900"}, "maximum", Euros(900)),
            (Reminder, "cents", {"remaining": 1599}, "minimum", None),
            (Reminder, "cents", {"remaining": 1600}, "minimum", Euros(1600)),
            (Reminder, "euros", {"initial": "60,00", "remaining": "16"}, "remaining", Euros(1600)),
            (InstalmentSchedule, "cents", {"instalments": "07/12/2026=5000;2027-01-05=4400"}, "total", Euros(9400)),
            (InstalmentSchedule, "euros", {"instalments": "2026-12-07=50"}, "total", Euros(5000)),
        ],
    )  # fmt: skip
    def test_read(self, kind: type[Document], unit: Any, cells: dict[str, object], field: str, value: object) -> None:  # noqa: ANN401 - a unit
        """One cell a row, the others usual."""
        usual: dict[str, object] = {
            name: cell(getattr(sample(kind), name))
            for name in attrs.fields_dict(kind)
            if name
            not in {
                "minimum",
                "maximum",
                *(("initial", "remaining", "years", "instalments") if unit == "euros" else ()),
            }
        }
        made = letter_of(kind, {**usual, **cells}, {}, unit=unit, policy=POLICY)

        assert value == getattr(made, field)

    def test_selection_has_no_small_debts(self) -> None:
        """Where the minimum concerns the selection, a small debt can be paid with others."""
        cells = {name: cell(getattr(sample(Reminder), name)) for name in attrs.fields_dict(Reminder)}
        cells |= {"remaining": "700", "minimum": None, "maximum": None}  # type: ignore[dict-item]

        made = letter_of(Reminder, cells, {}, unit="cents", policy=SELECTION)

        assert isinstance(made, Reminder)
        assert Euros(1600) == made.minimum

    def test_caisse_is_the_one_that_manages_the_notice(self) -> None:
        """An absorbed caisse is its successor, and an unknown one has to be named."""
        cells = {name: cell(getattr(sample(Notice), name)) for name in attrs.fields_dict(Notice) if name != "caisse"}

        made = letter_of(Notice, {**cells, "notice_reference": "0221705400000344F"}, {}, unit="cents", policy=POLICY)
        assert "CPAM de l’Aisne" == made.caisse
        with pytest.raises(MessageError, match=r"^notice needs caisse; got "):
            letter_of(Notice, {**cells, "notice_reference": "6321705400000344F"}, {}, unit="cents", policy=POLICY)

    @pytest.mark.parametrize(
        ("kind", "unit", "name", "text", "expected"),
        [
            (Notice, "cents", "years", "2024=30,00", "years with amounts in cents, such as 2024=3000;2025=3000"),
            (Notice, "euros", "years", "24=30,00", "years with amounts in euros, such as 2024=30,00;2025=30,00"),
            (Notice, "cents", "years", "2024", "years with amounts in cents, such as 2024=3000;2025=3000"),
            (Notice, "cents", "sent_on", "31/02/2026", "a date, such as 2026-11-26 or 26/11/2026"),
            (Notice, "cents", "sent_on", 5, "a date, such as 2026-11-26 or 26/11/2026"),
            (Notice, "cents", "notice_reference", "631170540000034F", "a reference of 16 digits and a letter"),
            (Reminder, "cents", "remaining", "1e3", "an amount in cents, such as 3000"),
            (Reminder, "cents", "remaining", 1.5, "an amount in cents, such as 3000"),
            (Reminder, "euros", "remaining", "-3", "an amount in euros, such as 30,00"),
            (LETTERS["acknowledgement"], "cents", "received_time", "8 h", "a time, such as 08:59"),
            (LETTERS["acknowledgement"], "cents", "display_delay_hours", "x", "a whole number"),
            (LETTERS["acknowledgement"], "cents", "notice_references", "x", "references separated by ;"),
            (InstalmentSchedule, "cents", "instalments", "x=1", SCHEDULE_SAMPLE),
        ],
    )  # fmt: skip
    def test_refused(self, kind: type[Document], unit: Any, name: str, text: object, expected: str) -> None:  # noqa: ANN401 - a unit; cases
        """The error names the column and the form, and quotes no cell."""
        with pytest.raises(InvalidValueError) as caught:
            letter_of(kind, {name: text}, {name: "a column"}, unit=unit, policy=POLICY)
        assert f"a column: expected {expected}" == str(caught.value)

    def test_missing_field(self) -> None:
        """A row without the day of the letter makes none."""
        with pytest.raises(MessageError, match=r"^notice needs contact, sent_on, .*; got "):
            letter_of(Notice, {"caisse": "CPAM", "address": "x"}, {}, unit="cents", policy=POLICY)

    def test_unknown_letter(self) -> None:
        """The error lists the letters."""
        with pytest.raises(MessageError, match=r"^expected a letter of acknowledgement, .*, got another word$"):
            kind_named("invoice")


class TestRejects:
    """A row without a letter is rejected alone."""

    def test_reasons(self, tmp_path: Path) -> None:
        """The line, the reason without any value, and the text; the other rows have their letters."""
        rows = [
            a_row(1),
            "6311705400000344F,2024=3000",
            "",
            f'"{a_row(2)}',
            a_row(3, "2024=x"),
            a_row(4, recipient="1\n2\n3\n4\n5\n6\n7"),
            a_row(5, recipient="漢"),
            "x" * 100_001,
            a_row(6),
        ]
        source = write_csv(tmp_path / "in.csv", *rows)
        with source.open("ab") as file:
            file.write(b"\xff,,\n")

        result = run(source, tmp_path / "out", part_rows=2)

        assert 2 == result.rows
        assert result.rejects_file is not None
        found = [*csv.DictReader(io.StringIO(result.rejects_file.read_text(encoding="utf-8")))]
        assert [
            ("3", "2 fields instead of 3"),
            ("5", "quotation marks that do not match"),
            ("6", "years: expected years with amounts in cents, such as 2024=3000;2025=3000"),
            ("7", "expected a recipient of at most 6 lines, got 7"),
            ("14", "notice: expected texts of characters that the fonts have and PDF/A allows, got another character"),
            ("15", "longer than 100000 bytes"),
            ("17", "not in utf-8"),
        ] == [(row["line"], row["reason"]) for row in found]

    def test_missing_quotation_mark_swallows_no_row(self, tmp_path: Path) -> None:
        """The rows between two marks of two damaged lines have their letters."""
        source = write_csv(
            tmp_path / "in.csv", f'"{numbered(1)},2024=3000,', a_row(2), a_row(3), f'{numbered(4)},2024=3000,"'
        )

        result = run(source, tmp_path / "out")

        assert (2, {"quotation marks that do not match": 2}) == (result.rows, dict(result.reasons))

    def test_language(self, tmp_path: Path) -> None:
        """A language without sentences rejects the row, and its word is not in the reason."""
        source = write_csv(tmp_path / "in.csv", f"{numbered(1)},2024=3000,de", header="notice_reference,years,lang")

        assert {"lang: expected fr or en": 1} == run(source, tmp_path / "out").reasons

    def test_strict(self, tmp_path: Path) -> None:
        """The job stops at the first line, and publishes nothing."""
        source = write_csv(tmp_path / "in.csv", a_row(1), "x")

        with pytest.raises(InvalidValueError, match=r"in\.csv: line 3: 1 fields instead of 3$"):
            run(source, tmp_path / "out", strict=True)
        assert [source] == [*tmp_path.iterdir()]

    def test_too_many(self, tmp_path: Path) -> None:
        """Beyond the limit nothing is published."""
        source = write_csv(tmp_path / "in.csv", a_row(1), "x")

        with pytest.raises(TooManyRejectsError):
            run(source, tmp_path / "out", max_rejects=0)
        assert not (tmp_path / "out").exists()
        assert 1 == run(source, tmp_path / "out", max_rejects="50%").rejected


class TestRefusals:
    """What cannot make letters is refused before a file is written."""

    @pytest.mark.parametrize(
        ("changes", "error", "text"),
        [
            ({"letter": "invoice"}, MessageError, "expected a letter of"),
            ({"lang": "de"}, MessageError, "expected lang to be one of fr, en"),
            ({"values": {"name": "x"}}, ConfigurationError, "expected fields of letters, got name"),
            ({"columns": {"name": "x"}}, ConfigurationError, "expected fields of letters, got name"),
            ({"columns": {"lang": "langue"}}, InvalidValueError, "header: missing columns: langue; or give a value"),
            ({"values": {}}, InvalidValueError, "header: missing columns: address, sent_on, appeal_address; or give"),
            ({"separator": ";"}, InvalidValueError, "header: missing columns: .*; the separator may be ','"),
            ({"part_rows": 0}, ConfigurationError, "expected one row or more in a part, got 0"),
            ({"max_rejects": "x"}, ConfigurationError, "expected a number of lines or a percentage"),
            ({"encoding": "utf-16"}, ConfigurationError, "expected an encoding that extends ASCII"),
        ],
    )
    def test_arguments(self, tmp_path: Path, changes: dict[str, Any], error: type[Exception], text: str) -> None:
        """The error says what was expected."""
        with pytest.raises(error, match=text):
            run(write_csv(tmp_path / "in.csv", a_row(1)), tmp_path / "out", **changes)
        assert not [*tmp_path.glob("out*")]

    def test_target_is_a_folder(self, tmp_path: Path) -> None:
        """A name with a suffix is a mistake."""
        with pytest.raises(ConfigurationError, match=r"^expected a target folder without suffix, got 'out.pdf'$"):
            run(write_csv(tmp_path / "in.csv", a_row(1)), tmp_path / "out.pdf")

    def test_header(self, tmp_path: Path) -> None:
        """A header that cannot be read, or differs between files, names its file."""
        folder = tmp_path / "in"
        folder.mkdir()
        write_csv(folder / "1.csv", a_row(1))
        write_csv(folder / "2.csv", a_row(2), header="notice_reference,years,other")

        with pytest.raises(InvalidValueError, match=r"2\.csv: header: expected the columns of .*1\.csv$"):
            run(folder, tmp_path / "out")
        (folder / "2.csv").write_bytes(b"\xff\n")
        with pytest.raises(InvalidValueError, match=r"2\.csv: header: not in utf-8"):
            run(folder, tmp_path / "out")

    def test_another_job(self, tmp_path: Path) -> None:
        """The output of another job is replaced on demand only; a foreign folder never."""
        source = write_csv(tmp_path / "in.csv", a_row(1))
        run(source, tmp_path / "out")

        assert 1 == run(source, tmp_path / "out").resumed_rows
        with pytest.raises(ConfigurationError, match="is not the output of this job"):
            run(source, tmp_path / "out", lang="en")
        run(source, tmp_path / "out", lang="en", overwrite=True)
        (row,) = index(tmp_path / "out")
        assert letter_pdf(a_notice(1), lang="en") == (tmp_path / "out" / row["file"]).read_bytes()
        (tmp_path / "out" / "notes").write_text("keep", encoding="utf-8")
        with pytest.raises(ConfigurationError, match="other files than the parts of a job"):
            run(source, tmp_path / "out", overwrite=True)

    def test_missing_extra(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without typst there is no letter, and no row is rejected for that."""

        def absent(name: str) -> str:
            if name == "typst":
                raise PackageNotFoundError(name)
            return "1"

        monkeypatch.setattr("creance_pay.batch.letter_job.version", absent)
        source = write_csv(tmp_path / "in.csv", a_row(1))

        with pytest.raises(MissingExtraError, match=r"pip install 'creance-pay\[pdf\]'"):
            run(source, tmp_path / "out")


def test_check(tmp_path: Path) -> None:
    """The first part is written in memory only."""
    source = write_csv(tmp_path / "in.csv", a_row(1), "x", a_row(2), a_row(3))

    result = run(source, tmp_path / "out", part_rows=3, check=True)

    assert (2, 1, None) == (result.rows, result.rejected, result.target)
    assert [source] == [*tmp_path.iterdir()]


class TestResume:
    """A job that was killed is resumed, and writes the same bytes."""

    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    def test_every_moment(self, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Killed before or after any rename, removal, new folder or synchronisation, the job writes the same files."""
        source = write_csv(tmp_path / "in.csv", *map(a_row, range(5)), "damaged")
        if suffix == ".parquet":
            source = tmp_path / "in.parquet"
            pl.read_csv(tmp_path / "in.csv", truncate_ragged_lines=True).write_parquet(source)
        monkeypatch.setattr("creance_pay.batch.letter_job.letter_pdf", lambda letter, **_: letter.file_name.encode())
        (tmp_path / "whole").mkdir()
        with monkeypatch.context() as patch:
            acts = record_acts(patch, more=[(os, "fsync")])
            run(source, tmp_path / "whole" / "out", part_rows=2)
        expected = output(tmp_path / "whole" / "out")

        for moment, after in product(range(1, len(acts) + 1), (False, True)):
            folder = tmp_path / f"{moment}{after}"
            folder.mkdir()
            with monkeypatch.context() as patch:
                record_acts(patch, moment, after=after, more=[(os, "fsync")])
                with pytest.raises(Stopped):
                    run(source, folder / "out", part_rows=2)
            run(source, folder / "out", part_rows=2)
            assert expected == output(folder / "out"), (acts[moment - 1], moment, after)

    def test_finished_part_is_not_written_again(self, tmp_path: Path) -> None:
        """The result counts what an earlier call had written."""
        source = write_csv(tmp_path / "in.csv", *map(a_row, range(4)))
        seen: list[int] = []

        def stop(step: BatchProgress) -> None:
            seen.append(step.rows)
            raise Stopped

        with pytest.raises(Stopped):
            run(source, tmp_path / "out", part_rows=2, progress=stop)
        result = run(source, tmp_path / "out", part_rows=2)

        assert ([2], 4, 2) == (seen, result.rows, result.resumed_rows)

    @pytest.mark.slow
    def test_killed(self, tmp_path: Path) -> None:
        """Killed at a random moment and run again, six times of six, the files are the same byte for byte."""
        source, chance = write_csv(tmp_path / "in.csv", *map(a_row, range(300))), random.Random(7)  # noqa: S311 - no secret
        words = [word for name, value in VALUES.items() for word in ("--value", f"{name}={value}")]

        def begin(folder: Path) -> subprocess.Popen[bytes]:
            folder.mkdir(exist_ok=True)
            command = [sys.executable, "-m", "creance_pay", "letters", str(source), str(folder / "out"), *words]
            return subprocess.Popen([*command, "--part-rows", "50"], stdout=subprocess.DEVNULL)  # noqa: S603 - our own program

        start = time.monotonic()
        assert 0 == begin(tmp_path / "whole").wait()
        usual, expected = time.monotonic() - start, output(tmp_path / "whole" / "out")
        killed = 0
        for attempt in range(6):
            folder = tmp_path / str(attempt)
            process = begin(folder)
            try:
                process.wait(chance.uniform(0.5, usual))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
            assert 0 == begin(folder).wait()
            assert expected == output(folder / "out"), attempt
        assert killed > 2
