"""Fuzz the targets of ``tests/fuzz``: ``fuzz.py [MINUTES [TARGET ...]]``, run by ``python3 dev.py fuzz``.

Each target starts from its corpus.  Inputs that reach new branches, and inputs that fail, go to ``build/fuzz/TARGET``.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FUZZ = ROOT / "tests" / "fuzz"
FOUND = ROOT / "build" / "fuzz"
MOST_MINUTES = 10_000


def fuzz(target: str, seconds: int) -> int:
    """Fuzz one target; return the fuzzer's exit code."""
    found, corpus = FOUND / target, FUZZ / "corpus" / target
    found.mkdir(parents=True, exist_ok=True)
    print(f"fuzzing {target} for {seconds} s", flush=True)
    limits = (f"-max_total_time={seconds}", "-timeout=10", "-print_final_stats=1", f"-artifact_prefix={found}/failed-")
    command = (sys.executable, FUZZ / "run.py", target, *limits, found, corpus)
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    return subprocess.run(command, env=env, check=False).returncode


def main(words: list[str]) -> int:
    """Fuzz the targets that were named, or all; return the first exit code that is not zero, or zero."""
    every = sorted(path.name for path in (FUZZ / "corpus").iterdir())
    parser = argparse.ArgumentParser(prog="dev.py fuzz")
    parser.add_argument("minutes", nargs="?", type=float, default=1.0, help="for each target; default 1")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(every)}; default all")
    chosen = parser.parse_args(words)
    if not sys.platform.startswith("linux"):
        parser.error("the fuzzer runs on Linux only")
    if not 0 < chosen.minutes < MOST_MINUTES:
        parser.error(f"expected a number of minutes above 0 and below {MOST_MINUTES}, got: {chosen.minutes}")
    if unknown := set(chosen.targets) - set(every):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    seconds = max(1, round(60 * chosen.minutes))
    codes = [fuzz(target, seconds) for target in chosen.targets or every]
    return next(filter(None, codes), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
