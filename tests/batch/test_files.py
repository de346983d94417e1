"""Files in the styles of the programs that write them: each is decided whole, or refused with advice."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from columns_table import ANSWER, answer
from creance_pay.batch import assess_file
from creance_pay.errors import CreancePayError
from file_styles import ROWS, STYLES
from samples import POLICY

EXPECTED = [answer(row, POLICY) for row in ROWS]


def test_enough() -> None:
    """The table has at least sixty files."""
    assert len(STYLES) >= 60


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("target", ["out", "out.csv"])
def test_style(name: str, target: str, tmp_path: Path) -> None:
    """Every row has the answer of the rules on one debt; or the file is refused, and nothing is written."""
    (tmp_path / "given").mkdir()
    (tmp_path / "made").mkdir()
    style, out = STYLES[name], tmp_path / "made" / target
    source, options = style.write(tmp_path / "given"), dict(style.options)
    in_any_order, rejected = options.pop("sorted", False), options.pop("rejected", 0)
    if name == "pyarrow, lists beside" and target == "out.csv":
        with pytest.raises(
            CreancePayError, match=r"column history \(List\) cannot be written as CSV: choose a target of Parquet"
        ):
            assess_file(source, out, policy=POLICY, **options)
        return
    if style.refusal:
        with pytest.raises(CreancePayError) as refused:
            assess_file(source, out, policy=POLICY, **options)
        assert style.refusal in str(refused.value)
        assert [] == [*out.parent.iterdir()]
        return

    result = assess_file(source, out, policy=POLICY, **options)

    prefix = options.get("prefix", "")
    decided = pl.read_csv(out, separator=separator_of(out)) if target == "out.csv" else pl.read_parquet(out)
    found = [
        (str(code), *numbers) for code, *numbers in decided.select(f"{prefix}{name}" for name in ANSWER).iter_rows()
    ]
    assert sorted(map(str, EXPECTED)) == sorted(map(str, found)) if in_any_order else EXPECTED == found
    assert (len(ROWS), rejected) == (result.rows, result.rejected)


def separator_of(path: Path) -> str:
    """Return the separator of a header."""
    header = path.read_text(encoding="utf-8").partition("\n")[0]
    return next(each for each in ";\t|," if each in header)
