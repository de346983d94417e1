"""Fixtures of the tests of the example portal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page
from visitor import Visitor

from creance_pay.testing import LocalBank
from portal_scenario import Scenario, serving_portal


@pytest.fixture
def scenario(bank_page: LocalBank, tmp_path: Path) -> Iterator[Scenario]:
    """Serve the portal and the bank, with the accounts of the example."""
    with serving_portal(bank_page, tmp_path) as both:
        yield both


@pytest.fixture
def visitor(scenario: Scenario) -> Iterator[Visitor]:
    """Return a person in account A."""
    person = Visitor(scenario.url)
    person.press("Ouvrir le compte A")
    yield person
    person.close()


@pytest.fixture
def page(tabs: BrowserContext, scenario: Scenario) -> Page:
    """Open a tab in account A."""
    tab = tabs.new_page()
    tab.goto(scenario.url)
    tab.get_by_role("button", name="Ouvrir le compte A").click()
    return tab
