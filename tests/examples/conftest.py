"""What the tests of the example portal share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from creance_pay.gateways.testing import BankPage
from portal_stage import Stage, staged
from visitor import Visitor


@pytest.fixture
def stage(bank_page: BankPage, tmp_path: Path) -> Iterator[Stage]:
    """Serve the portal and the bank, with the accounts of the example."""
    with staged(bank_page, tmp_path) as both:
        yield both


@pytest.fixture
def visitor(stage: Stage) -> Iterator[Visitor]:
    """Give a person in account A."""
    person = Visitor(stage.url)
    person.press("Ouvrir le compte A")
    yield person
    person.close()
