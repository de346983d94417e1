"""The count of changes over a file; the tests of the command cover the rest."""

import importlib
import sys

import pytest

from creance_pay.errors import MissingExtraError


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Polars, the error names the extra that installs it."""
    monkeypatch.delitem(sys.modules, "creance_pay.batch.changes", raising=False)
    monkeypatch.setitem(sys.modules, "polars", None)

    with pytest.raises(MissingExtraError, match="creance-pay\\[batch\\]") as missing:
        importlib.import_module("creance_pay.batch.changes")

    assert "batch" == missing.value.extra
