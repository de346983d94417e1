"""Run the tests with pytest's own arguments: by ``python3 dev.py test``.

With ``--slow`` or ``--long`` and nothing else, the run measures coverage and fails below 100 % of the branches.  Every
other run measures none, for two reasons: a branch may have its only test at a higher level, and on Python 3.11 tracing
makes the tests of rules and gateways half as slow again (77 s of processor time became 113 s).
"""

import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "build" / "tests.xml"
LEVELS = {"--slow", "--long"}
# Two processes; a test that needs longer than the others does not keep one of them idle.
PYTEST = ("-m", "pytest", "-n", "2", "--dist", "worksteal")


def python(*words: str) -> int:
    """Run a module with this Python at the top of the repository; return its exit code."""
    return subprocess.run([sys.executable, *words], cwd=ROOT, check=False).returncode


def skipped() -> int:
    """Count the tests that the last run skipped."""
    return len(ET.parse(REPORT).findall(".//skipped[@type='pytest.skip']"))


def whole(arguments: list[str]) -> int:
    """Run all tests of a level under coverage, and require every branch.

    Returns:
        The exit code of the first tool that failed, or zero.
    """
    python("-m", "coverage", "erase")
    failed = python("-m", "coverage", "run", *PYTEST, f"--junitxml={REPORT}", *arguments)
    failed = failed or python("-m", "coverage", "combine", "--quiet")
    if failed:
        return failed
    if count := skipped():
        print(f"the coverage gate was not applied: tests were skipped ({count})")
        return python("-m", "coverage", "report", "--fail-under=0")
    return python("-m", "coverage", "report")


def main(arguments: list[str]) -> int:
    """Run the tests; return the exit code."""
    print(f"pytest {shlex.join(arguments)}: collecting the tests takes some seconds", flush=True)
    return whole(arguments) if arguments and LEVELS.issuperset(arguments) else python(*PYTEST, *arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
