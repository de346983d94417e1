"""Change the library in small ways, one at a time, and check that a test fails: run by ``python3 dev.py mutate``.

mutmut makes the changes, the mutants, and runs the tests that reach them.  A mutant that survives is tried again in a
process of its own, with all tests of its package, since mutmut cannot change code that runs once, at import.  A mutant
that no test notices is a *survivor*: either a test is missing, or the change makes no difference that matters.  The
second kind is listed in ``tests/survivors.toml`` with its reason.

The exit status is 1 when a survivor is not listed, or when one that is listed no longer survives.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MUTANTS = ROOT / "mutants"
LOG = ROOT / "build" / "mutmut.log"

# The tests of a package's mutants, by the ends of their folders.
TESTS = {"rules": ("/rules",), "gateways": ("/gateways", "/testing")}
# Exit codes of a mutant's tests: none failed, or there were none.
SURVIVED = {0: "survived", 33: "no tests", 5: "no tests"}
# The check of zip that its arguments have one length: linters ask for it where that is so anyway.
LENGTHS = re.compile(r", (?:strict=\w+)?(?=\))")
# The first argument of an error: its text.
MESSAGE = re.compile(r'(^|Error\(|_refuse\w*\()(?:f?"(?:[^"\\]|\\.)*"|None)?(?:, |,$|(?=\))|$)', re.MULTILINE)


def mutmut(*words: str) -> str:
    """Run mutmut; return its output."""
    command = [sys.executable, "-m", "mutmut", *words]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout


def run(names: list[str]) -> None:
    """Make and test the mutants of the configuration, or those with the names given."""
    print(f"making and testing mutants for many minutes; progress is in {LOG.relative_to(ROOT)}", flush=True)
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w", encoding="utf-8") as log:
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", "2", *names]
        subprocess.run(command, cwd=ROOT, check=False, stdout=log, stderr=subprocess.STDOUT)


def results() -> dict[str, int | None]:
    """Read the exit code of each mutant's tests."""
    codes: dict[str, int | None] = {}
    for path in sorted(MUTANTS.rglob("*.meta")):
        codes |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return codes


def notices(name: str) -> bool:
    """Run the tests of a mutant's package in a process of their own, where code that runs at import is changed too.

    A module outside the packages is used by all of them, and needs every chosen test.

    Returns:
        Whether a test failed.
    """
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    every, package = settings["pytest_add_cli_args_test_selection"], name.split(".")[1]
    chosen = [tests for tests in every if tests.endswith(TESTS.get(package, ""))]
    command = [sys.executable, "-m", "pytest", "-q", "-x", *settings["pytest_add_cli_args"], *chosen]
    paths = os.pathsep.join(str(MUTANTS / path) for path in settings["source_paths"])
    env = {**os.environ, "MUTANT_UNDER_TEST": name, "PYTHONPATH": paths}
    return subprocess.run(command, cwd=MUTANTS, check=False, capture_output=True, env=env).returncode != 0


def change_of(name: str) -> str:
    """Return the lines that a mutant removes and adds."""
    lines = mutmut("show", name).splitlines()
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in lines if re.match(r"[+-](?![+-])", line))


def place_of(name: str) -> str:
    """Return the function of a mutant: ``creance_pay.money.Euros.parse``."""
    module, _, mangled = name.partition("__mutmut_")[0].rpartition(".")
    return f"{module}.{mangled.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}"


def class_of(change: str) -> str | None:
    """Classify a change of an error's text or of zip's check of lengths; return ``None`` for any other."""
    removed, added = ("\n".join(line[2:] for line in change.splitlines() if line[0] == sign) for sign in "-+")
    if removed == added:
        return None
    if MESSAGE.sub(r"\1", removed).strip() == MESSAGE.sub(r"\1", added).strip():
        return "message text"
    return "check of lengths" if LENGTHS.sub("", removed) == LENGTHS.sub("", added) else None


def outdated(listed: list[dict[str, str]]) -> list[str]:
    """List the places of listed survivors whose function or changed line is no longer in the library."""
    found = []
    for entry in listed:
        names = entry["place"].split(".")
        paths = [ROOT.joinpath("src", *names[:count]).with_suffix(".py") for count in range(2, len(names))]
        lines = {line.strip() for path in paths if path.exists() for line in path.read_text("utf-8").splitlines()}
        removed = [line[1:].strip() for line in entry["change"].strip().splitlines() if line.startswith("-")]
        defined = any(re.match(rf"(?:def|class) {names[-1]}\b", line) for line in lines)
        if not (defined and lines.issuperset(removed)):
            found.append(entry["place"])
    return found


def main(names: list[str]) -> int:
    """Make and test the mutants, compare the survivors with the list, and report.

    Returns:
        The exit status.
    """
    listed = tomllib.loads((HERE / "survivors.toml").read_text(encoding="utf-8"))["survivor"]
    if places := outdated(listed):
        print("no longer in the library, but in survivors.toml:", *places, sep="\n  ")
        return 1
    run(names)
    codes = results()
    if not codes or (None in codes.values() and not names):
        print(f"mutmut did not finish; its output is in {LOG.relative_to(ROOT)}")
        return 1
    reasons = {(entry["place"], entry["change"].strip()): entry["class"] for entry in listed}
    found = {name: (place_of(name), change_of(name)) for name, code in codes.items() if code in SURVIVED}
    with ThreadPoolExecutor(2) as pool:
        again = [name for name, each in found.items() if each not in reasons and class_of(each[1]) is None]
        noticed = dict(zip(again, pool.map(notices, again), strict=True))
    survivors = {each for name, each in found.items() if not noticed.get(name)}
    classes = Counter(reasons.get(each) or class_of(each[1]) or "not listed" for each in survivors)
    tested = sum(code is not None for code in codes.values())
    print(f"{tested} mutants, {tested - len(survivors)} killed")
    for name, count in sorted(classes.items()):
        print(f"  {count} survived: {name}")
    for place, change in sorted(survivors - reasons.keys()):
        if class_of(change) is None:
            print(f"\nnot listed: {place}\n{change}")
    stale = [] if names else sorted(reasons.keys() - survivors)
    for place, change in stale:
        print(f"\nlisted, and killed or gone: {place}\n{change}")
    return 1 if classes["not listed"] or stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
