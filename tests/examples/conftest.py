"""Fixtures of the tests of the example portal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from visitor import Visitor

from creance_pay.testing import LocalBank
from portal_scenario import Scenario, serving_portal
from system_parts import missing

FLAGS = [
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium: the package contains a driver and no browser."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        missing("Chromium", "apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tabs(chromium: Browser) -> Iterator[BrowserContext]:
    """Open a browser context; check that no page raises an error or violates its own policy."""
    context = chromium.new_context(
        locale="fr-FR", timezone_id="Europe/Paris", viewport={"width": 920, "height": 600}, reduced_motion="reduce"
    )
    context.set_default_timeout(10_000)
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("console", lambda line: wrong.append(line.text) if "Security Policy" in line.text else None)
    yield context
    context.close()
    assert [] == wrong


@pytest.fixture
def page(tabs: BrowserContext, scenario: Scenario) -> Page:
    """Open a tab in account A."""
    tab = tabs.new_page()
    tab.goto(scenario.url)
    tab.get_by_role("button", name="Ouvrir le compte A").click()
    return tab
