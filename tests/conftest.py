"""Settings of every test session: the three levels of tests, and Hypothesis without a time limit."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from chromium_browser import chromium, tabs

__all__ = ["chromium", "tabs"]

# A busy machine makes no property false; mutation testing runs a test twice in one process.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("mutation", deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
settings.load_profile("mutation" if "MUTANT_UNDER_TEST" in os.environ else "untimed")

# `dev.py fuzz` runs it, with a lock of its own.
collect_ignore = ["fuzz/run.py"]
if "MUTANT_UNDER_TEST" in os.environ:
    # The lock of mutation testing holds neither Spark nor a database.
    collect_ignore += ["rules/test_columns_spark.py", "ledger", "payments"]


# The default run keeps one representative of everything; each level includes those before it.
LEVELS = {
    "slow": "also run the tests marked slow: mutants of the rules, kills, every engine, Spark, the browser in full",
    "long": "also run the tests marked slow and those marked long: loads of an hour",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option for each level, and one for the screens."""
    for level, sentence in LEVELS.items():
        parser.addoption(f"--{level}", action="store_true", help=sentence)
    parser.addoption("--screens", action="store_true", help="also write the screens of the example portal into docs")


def pytest_report_header() -> str | None:
    """Report the absence of veraPDF: no package of a supported system has it."""
    return None if shutil.which("verapdf") else "veraPDF is not on the path: its two checks of the PDF are left out"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore the tests of Spark at the default level: its lock does not hold Spark, which is 500 MB."""
    levels = any(config.getoption(f"--{level}") for level in LEVELS)
    return True if collection_path.name == "test_columns_spark.py" and not levels else None


def left_out_marks(config: pytest.Config) -> set[str]:
    """List the marks whose tests this session leaves out."""
    marks = set() if shutil.which("verapdf") else {"verapdf"}
    if config.getoption("--long"):
        return marks
    return marks | ({"long"} if config.getoption("--slow") else {"long", "slow"})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests of levels that were not asked for, and the checks of a validator that is absent."""
    marks = left_out_marks(config)
    left_out = [item for item in items if marks & {mark.name for mark in item.iter_markers()}]
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests recorded: no test asserts them, and pytest hides the output of a passed test."""
    for report in terminalreporter.getreports("passed"):
        for name, figure in report.user_properties:
            if name == "figure":
                terminalreporter.write_line(f"{report.nodeid}: {figure}")
