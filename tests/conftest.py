"""What every test session shares: the option for long tests, and properties without a clock."""

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

# A machine that is busy with other things makes no property false; mutation testing runs a test twice in one process.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("mutation", deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
settings.load_profile("mutation" if "MUTANT_UNDER_TEST" in os.environ else "untimed")

# Run by `dev.py fuzz`, with a lock of its own.
collect_ignore = ["fuzz/run.py"]
if "MUTANT_UNDER_TEST" in os.environ:
    # Neither Spark nor a database is in the lock of mutation testing, and both take their time.
    collect_ignore += ["rules/test_columns_spark.py", "gateways/ledger"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer --long."""
    parser.addoption("--long", action="store_true", help="also run the tests marked long, which take minutes")
    parser.addoption("--screens", action="store_true", help="also put the screens of the example portal into docs")


def pytest_report_header() -> str | None:
    """Say in one line which validator is not there; no package of a system that this project names has it."""
    return None if shutil.which("verapdf") else "veraPDF is not on the path: its two checks of the PDF are left out"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out long tests unless they are asked for, and the checks of a validator that is not there."""
    unwanted = [] if config.getoption("--long") else ["long"]
    unwanted += [] if shutil.which("verapdf") else ["verapdf"]
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in unwanted)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured and recorded as ``figure``: it is asserted nowhere, and their own output is hidden."""
    for report in terminalreporter.getreports("passed"):
        for name, figure in report.user_properties:
            if name == "figure":
                terminalreporter.write_line(f"{report.nodeid}: {figure}")
