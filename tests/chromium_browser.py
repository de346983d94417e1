"""Chromium for tests: one browser a module, one context a test.

While the browser runs, the thread has the event loop of Playwright, and no test can start another.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from system_parts import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

FLAGS = [
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium: the package contains a driver and no browser."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        missing("Chromium", "apt install chromium")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - most tests do not need it

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
