"""The levels of tests, and the figures that tests record."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CASES = """
import pytest

def test_short():
    pass

@pytest.mark.slow
def test_slow():
    pass

@pytest.mark.long
def test_long():
    pass
"""


@pytest.fixture
def session(pytester: pytest.Pytester) -> pytest.Pytester:
    """Return a folder with one test of each level, under the project's conftest."""
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    pytester.makepyprojecttoml('[tool.pytest]\nmarkers = ["long", "slow"]')
    pytester.makepyfile(CASES)
    return pytester


@pytest.mark.parametrize(
    ("options", "passed"), [((), 1), (("--slow",), 2), (("--long",), 3), (("--slow", "--long"), 3)]
)
def test_levels(session: pytest.Pytester, options: tuple[str, ...], passed: int) -> None:
    """Each level includes those before it; the others are deselected, since a skip would lift the coverage gate."""
    session.runpytest(*options).assert_outcomes(passed=passed, deselected=3 - passed, skipped=0)


@pytest.mark.parametrize(("options", "passed"), [((), 1), (("--slow",), 3), (("--long",), 4)])
def test_spark(session: pytest.Pytester, options: tuple[str, ...], passed: int) -> None:
    """The default level does not import the tests of Spark."""
    session.makepyfile(test_columns_spark="def test_example():\n    pass")

    assert passed == session.runpytest(*options).parseoutcomes()["passed"]


def test_figures(session: pytest.Pytester) -> None:
    """A figure that a test records is printed at the end, with the test's name."""
    session.makepyfile("def test_speed(record_property):\n    record_property('figure', '12 a second')")

    session.runpytest().stdout.fnmatch_lines(["test_figures.py::test_speed: 12 a second"])
