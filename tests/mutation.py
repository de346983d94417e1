"""Change the library in small ways, one at a time, and see that a test fails: run by ``python3 dev.py mutate``.

mutmut makes the changes and runs the tests that reach them.  What survives is tried again in a process of its own, with
all tests, since mutmut cannot change what runs once, while the library is imported.  A change that no test notices is a
*survivor*: either a test is missing, or the change makes no difference that matters.  The second kind is listed in
``tests/survivors.toml`` with its reason.
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

# mutmut's exit codes of a mutant's tests: none failed, or there were none.
SURVIVED = {0: "survived", 33: "no tests", 5: "no tests"}
# The check of zip that what it is given is of one length: linters ask for it where that is so anyway.
LENGTHS = re.compile(r", (?:strict=\w+)?(?=\))")
# The first argument of an error: its text.
MESSAGE = re.compile(r'(^|Error\(|_refuse\()(?:f?"(?:[^"\\]|\\.)*"|None)?(?:, |,$|(?=\))|$)', re.MULTILINE)


def mutmut(*words: str) -> str:
    """Run mutmut and give what it prints."""
    command = [sys.executable, "-m", "mutmut", *words]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout


def run(names: list[str]) -> None:
    """Make and test the mutants of the configuration, or those whose names are given."""
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
    """Run a room's tests in a process of its own, where what runs while the library is imported is changed too.

    What belongs to no room is shared by all of them, and needs every chosen test.
    """
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    every, room = settings["pytest_add_cli_args_test_selection"], name.split(".")[1]
    chosen = [tests for tests in every if tests.endswith(f"/{room}")] or every
    command = [sys.executable, "-m", "pytest", "-q", "-x", *settings["pytest_add_cli_args"], *chosen]
    paths = os.pathsep.join(str(MUTANTS / path) for path in settings["source_paths"])
    env = {**os.environ, "MUTANT_UNDER_TEST": name, "PYTHONPATH": paths}
    return subprocess.run(command, cwd=MUTANTS, check=False, capture_output=True, env=env).returncode != 0


def change_of(name: str) -> str:
    """Give the lines that a mutant takes out and puts in."""
    lines = mutmut("show", name).splitlines()
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in lines if re.match(r"[+-](?![+-])", line))


def place_of(name: str) -> str:
    """Give the function of a mutant: ``creance_pay.money.Euros.parse``."""
    module, _, mangled = name.partition("__mutmut_")[0].rpartition(".")
    return f"{module}.{mangled.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}"


def class_of(change: str) -> str | None:
    """Tell a change of nothing but the text of an error, or the check of lengths by zip; of others ``None``."""
    taken, put = ("\n".join(line[2:] for line in change.splitlines() if line[0] == sign) for sign in "-+")
    if taken == put:
        return None
    if MESSAGE.sub(r"\1", taken).strip() == MESSAGE.sub(r"\1", put).strip():
        return "message text"
    return "check of lengths" if LENGTHS.sub("", taken) == LENGTHS.sub("", put) else None


def main(names: list[str]) -> int:
    """Run, compare with the list, and report."""
    run(names)
    codes = results()
    if not codes or (None in codes.values() and not names):
        print(f"mutmut did not finish; its words are in {LOG.relative_to(ROOT)}")
        return 1
    listed = tomllib.loads((HERE / "survivors.toml").read_text(encoding="utf-8"))["survivor"]
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
