"""Run contenders in turns and take the best round of each: a busy machine disturbs all of them alike."""

import gc
import platform
import time
from collections.abc import Callable, Iterable
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results.md"

Contender = Callable[[], object]


def demand(equal: object, what: str) -> None:
    """Exit when two contenders have different results."""
    if not equal:
        raise SystemExit(f"the contenders differ: {what}")


def timed(contender: Contender, calls: int) -> float:
    """Return the CPU time of one call, in microseconds, over one round."""
    gc.disable()  # otherwise a contender pays for the garbage of another
    start = time.process_time()
    for _ in range(calls):
        contender()
    spent = time.process_time() - start
    gc.enable()
    return spent / calls * 1e6


def best(contestants: dict[str, Contender], rounds: int, calls: int) -> dict[str, float]:
    """Return the best round of each contender; they run in turns."""
    found = [{name: timed(contender, calls) for name, contender in contestants.items()} for _ in range(rounds)]
    return {name: min(times[name] for times in found) for name in contestants}


def machine() -> str:
    """Return a description of the machine."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if platform.system() == "Linux" else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = f"{len(models)} x {models[0]}" if models else platform.processor()
    return f"{name}, {platform.system()}, Python {platform.python_version()}"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """Format a table: text to the left, figures to the right."""
    names = list(head)
    marks = ["---" if number < 2 else "---:" for number in range(len(names))]  # noqa: PLR2004 - task and contender
    return [f"| {' | '.join(map(str, row))} |" for row in (names, marks, *rows)]


def publish(title: str, lines: Iterable[str]) -> None:
    """Print a section, and write it to the results in place of the section of the same title."""
    section = "\n".join([f"## {title}", "", *lines, ""])
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Measured by `python3 dev.py bench`\n"
    head, *sections = text.split("\n## ")
    kept = {each.partition("\n")[0]: f"## {each.rstrip()}\n" for each in sections}
    kept[title] = section
    RESULTS.write_text("\n".join([head.rstrip() + "\n", *kept.values()]), encoding="utf-8")
    print(section)
