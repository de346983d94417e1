"""``python3 dev.py portal``: its servers, its output and its end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from visitor import Visitor

from creance_pay import NoticeReference
from portal.__main__ import REFERENCES
from portal.accounts import example_accounts

# A test run in the background ignores SIGINT, and its child processes inherit that.
PROGRAM = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("portal", run_name="__main__")
"""
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def served() -> Iterator[subprocess.Popen[str]]:
    """Start the module as ``dev.py portal`` does."""
    env = {**os.environ, "PYTHONPATH": str(EXAMPLES), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, encoding="utf-8") as process:  # noqa: S603 - our own example
        yield process
        process.kill()


def output(process: subprocess.Popen[str]) -> str:
    """Read the output, down to the last card."""
    lines: list[str] = []
    while process.stdout and "unavailable" not in "".join(lines[-1:]):
        lines.append(process.stdout.readline())
    return "".join(lines)


def test_served(served: subprocess.Popen[str]) -> None:
    """Each printed address answers; Ctrl-C stops both servers with status 0."""
    found = re.findall(r"http://\S+", output(served))
    pages = [Visitor(url) for url in found]
    titles = [page.page.title for page in pages]
    for page in pages:
        page.close()
    served.send_signal(signal.SIGINT)

    assert [
        "Accès à mon compte – Compte d’exemple",
        "Banque d’exemple – exemple",
        "Opérations et journaux – exemple",
    ] == titles
    assert 0 == served.wait(10)


def test_references() -> None:
    """Each printed reference is in an account."""
    known = {debt.reference for account in example_accounts().values() for debt in account.debts.values()}

    assert [] == [text for text in REFERENCES if NoticeReference.parse(text) not in known]
