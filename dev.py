"""Run a task of the project: ``python3 dev.py VERB``, with nothing but Python and pip.

Each verb first installs whatever is missing: a virtual environment, the packages of one lock of ``requirements/``
(checked against their hashes), the library itself as an editable install.  Without a verb, the verbs are listed.

The lines down to the call of :func:`check_python` also run on older Pythons, so that these can print a clear error:
until there nothing newer than Python 3.6 is evaluated, and this file uses no newer syntax.
"""

import hashlib
import importlib.util
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

OLDEST = (3, 11)


def check_python(version: "tuple[int, ...]") -> None:
    """Exit with one sentence on a Python that is too old.

    Args:
        version: The version's numbers, as in ``sys.version_info``.
    """
    if version[:2] < OLDEST:
        wanted, found = (".".join(map(str, numbers)) for numbers in (OLDEST, version[:3]))
        sys.exit(f"dev.py: Python {wanted} or newer is needed, this is Python {found}; try: python{wanted} dev.py")


check_python(tuple(sys.version_info[:3]))

ROOT = Path(__file__).resolve().parent
REQUIREMENTS = ROOT / "requirements"
VENV = ROOT / ".venv"
HEARTBEAT_S = 10
# The tools of maintainers that must not mix with the library's own packages.
VENVS = {"lock": ROOT / ".venv-lock", "package": ROOT / ".venv-package"}
# The first lock is not installed where one of the others is: they hold all its packages.
LARGER = {"demo": ("test", "dev"), "test": ("dev",)}
# The size of a first download.
DOWNLOADS = {"demo": "60 MB", "test": "300 MB", "dev": "800 MB, most of it Spark"}
# These levels of tests need Spark.
LEVELS = {"--slow", "--long"}


class Verb(NamedTuple):
    """A word of the command line, and the commands that it runs.

    Attributes:
        sentence: What it does, for the list of verbs.
        lock: The lock whose packages it needs.
        commands: Arguments of the environment's Python, by name.  A single command takes what follows the verb; of
            several commands, what follows the verb chooses some by name.
        path: A folder that Python imports from, if the command needs one.
    """

    sentence: str
    lock: str
    commands: Mapping[str, str]
    path: str = ""


SPHINX = "-m sphinx -n -W --keep-going -b"
LINT = {"ruff": "-m ruff check", "format": "-m ruff format --check", "mypy": "-m mypy", "words": "tools/words.py"}
DOCS = {
    "html": f"{SPHINX} html -E docs build/docs",
    "french": f"{SPHINX} html -E -c docs -t fr docs/fr build/docs/fr",
    "doctest": f"{SPHINX} doctest docs build/doctest",
    "audit": "tools/docs_audit.py",
}
BENCHMARKS = ("seals", "scalar", "ledger", "floods", "batch", "policy_diff", "worlds", "letters")
BENCH = {name: f"benchmarks/{name}.py" for name in BENCHMARKS}
VERBS = {
    "setup": Verb("Install everything that the tests need, and run nothing.", "test", {}),
    "demo": Verb("Play a payment in the example portal, step by step.", "demo", {"demo": "examples/journey.py"}),
    "portal": Verb("Serve the example portal and a bank's page.", "demo", {"portal": "-m portal"}, path="examples"),
    "test": Verb("Run pytest, with its arguments if any, --slow or --long.", "test", {"test": "tools/test.py"}),
    "lint": Verb("Check style, format, types and words.", "dev", LINT),
    "docs": Verb("Build the documentation, and run its examples.", "dev", DOCS),
    "bench": Verb("Measure the library beside others, and write benchmarks/results.md.", "bench", BENCH),
    "fuzz": Verb(
        "Fuzz each target of tests/fuzz, or those named, for some minutes.", "fuzz", {"fuzz": "tools/fuzz.py"}
    ),
    "simulate": Verb(
        "Run simulated worlds, and check them; --seed N shows one.", "test", {"simulate": "tools/simulate.py"}
    ),
    "faults": Verb("Check that simulated worlds find each seeded fault.", "test", {"faults": "tools/faults.py"}),
    "mutate": Verb("Check that a test notices each small change.", "mutate", {"mutate": "tests/mutation.py"}),
    "package": Verb(
        "Build wheel and sdist, and check them; --extras tries each extra.", "package", {"package": "tools/package.py"}
    ),
    "lock": Verb("Write the locks again; --upgrade takes new versions.", "lock", {"lock": "tools/lock.py"}),
}


def say(sentence: str) -> None:
    """Print what dev.py does next."""
    print(f"dev.py: {sentence}", flush=True)


def stop(sentence: str, code: int = 1) -> NoReturn:
    """Exit with one sentence that names the error."""
    print(f"dev.py: {sentence}", file=sys.stderr, flush=True)
    sys.exit(code)


def run_quietly(purpose: str, *command: str | Path) -> None:
    """Run a tool without its output; report its progress every few seconds, and exit with its error when it fails."""
    began, output = time.monotonic(), None
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as tool:
        while output is None:
            try:
                output, _ = tool.communicate(timeout=HEARTBEAT_S)
            except subprocess.TimeoutExpired:
                say(f"  still {purpose} ({time.monotonic() - began:.0f} s)")
    if tool.returncode:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        errors = [line for line in lines if line.upper().startswith("ERROR")]
        stop(f"{purpose} failed: {(errors or lines or ['no output'])[-1]}", tool.returncode)


def python_of(folder: Path) -> Path:
    """Return the path of a virtual environment's Python."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(lock: str) -> str:
    """Return a digest of everything that an environment made from this lock depends on."""
    digest = hashlib.sha256(f"{ROOT} {platform.python_version()}".encode())
    for path in (REQUIREMENTS / f"{lock}.txt", ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def holds(folder: Path, lock: str) -> bool:
    """Check whether an environment holds a lock as it is now."""
    stamp = folder / f"{lock}.stamp"
    return python_of(folder).exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == fingerprint(lock)


def usable(folder: Path) -> bool:
    """Check whether an environment has pip, and the Python version that runs this file."""
    python = python_of(folder)
    probe = f"import pip, platform; raise SystemExit(platform.python_version() != {platform.python_version()!r})"
    return python.exists() and not subprocess.run([python, "-c", probe], check=False, capture_output=True).returncode


def create(folder: Path) -> None:
    """Create a virtual environment; replace an older one."""
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        stop("Python's venv module is missing; on Debian or Ubuntu: sudo apt install python3-venv")
    say(f"creating {folder.name} with Python {platform.python_version()}")
    run_quietly("creating the environment", sys.executable, "-m", "venv", "--clear", folder)


def install(python: Path, purpose: str, *what: str) -> None:
    """Install into an environment with its own pip."""
    pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile")
    run_quietly(purpose, *pip, *what)


def prepare(lock: str) -> Path:
    """Install whatever the tools of a lock need and the environment lacks.

    Returns:
        The environment's Python.
    """
    folder = VENVS.get(lock, VENV)
    python = python_of(folder)
    if not any(holds(folder, name) for name in (lock, *LARGER.get(lock, ()))):
        if not usable(folder):
            create(folder)
        size = DOWNLOADS.get(lock, "200 MB")
        say(f"installing requirements/{lock}.txt into {folder.name} (the first time some minutes: at most {size})")
        install(python, "installing packages", "--require-hashes", "-r", f"requirements/{lock}.txt")
        if folder == VENV:
            install(python, "installing the library", "--no-deps", "--no-build-isolation", "--editable", ".")
        (folder / f"{lock}.stamp").write_text(fingerprint(lock), encoding="utf-8")
    return python


def run(name: str, verb: Verb, words: Sequence[str]) -> int:
    """Run the commands of a verb, each one even when the one before failed.

    Returns:
        The first exit code that is not zero, or zero.
    """
    chosen, arguments = list(verb.commands), words
    if len(verb.commands) != 1:
        chosen, arguments = [command for command in chosen if not words or command in words], ()
        if not verb.commands.keys() >= set(words):
            stop(f"{name}: expected some of [{', '.join(verb.commands)}] or nothing, got: {' '.join(words)}", 2)
    lock = "dev" if verb.lock == "test" and LEVELS & set(words) else verb.lock
    python, codes = prepare(lock), [0]
    env = {**os.environ, "PYTHONPATH": str(ROOT / verb.path)} if verb.path else None
    for command in chosen:
        say(f"{name} {command}" if len(chosen) > 1 else name)
        line: list[str | Path] = [python, *verb.commands[command].split(), *arguments]
        codes.append(subprocess.run(line, cwd=ROOT, env=env, check=False).returncode)
    return next(filter(None, codes), 0)


def main(words: list[str]) -> int:
    """Run the verb on the command line; without one, list the verbs.

    Returns:
        The exit code of the first tool that failed, or zero.
    """
    if not words or words[0] not in VERBS:
        print("usage: python3 dev.py VERB [arguments]")
        for name, verb in VERBS.items():
            print(f"  {name:10}{verb.sentence}")
        return 2 if words else 0
    return run(words[0], VERBS[words[0]], words[1:])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        stop("stopped", 130)
