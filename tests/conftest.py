"""What every test session shares: the option for long tests, and properties without a clock."""

import os

import pytest
from hypothesis import HealthCheck, settings

# A machine that is busy with other things makes no property false; mutation testing runs a test twice in one process.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("mutation", deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
settings.load_profile("mutation" if "MUTANT_UNDER_TEST" in os.environ else "untimed")

# Run by `dev.py fuzz`, with a lock of its own.
collect_ignore = ["fuzz/run.py"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer --long."""
    parser.addoption("--long", action="store_true", help="also run the tests marked long, which take minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests out unless they are asked for; they are not skipped, for nothing is missing."""
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)
