"""The option --long."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CASES = """
import pytest

def test_short():
    pass

@pytest.mark.long
def test_long():
    pass
"""


@pytest.fixture
def session(pytester: pytest.Pytester) -> pytest.Pytester:
    """Give a folder with one short and one long test, under our own conftest."""
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    pytester.makepyprojecttoml('[tool.pytest]\nmarkers = ["long"]')
    pytester.makepyfile(CASES)
    return pytester


def test_long_tests_are_left_out(session: pytest.Pytester) -> None:
    """Without --long a long test is deselected, not skipped: a skip would lift the coverage gate."""
    session.runpytest().assert_outcomes(passed=1, deselected=1, skipped=0)


def test_long_tests_run_when_asked(session: pytest.Pytester) -> None:
    """With --long both run."""
    session.runpytest("--long").assert_outcomes(passed=2, deselected=0)


def test_figures(session: pytest.Pytester) -> None:
    """What a test records as a figure is printed at the end, with its name."""
    session.makepyfile("def test_speed(record_property):\n    record_property('figure', '12 a second')")

    session.runpytest().stdout.fnmatch_lines(["test_figures.py::test_speed: 12 a second"])
