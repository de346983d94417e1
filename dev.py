"""Run the project's chores: ``python3 dev.py VERB``, on nothing but Python and pip.

Each verb first does whatever set-up is missing: a virtual environment, the packages of one lock of ``requirements/``
(checked against their hashes), the library itself as an editable install.  Without a verb, the verbs are listed.

The lines down to the call of :func:`check_python` also run on Pythons that are far too old, so that these can say so:
until there nothing newer than Python 3.6 is evaluated, and nothing newer may stand in this file's grammar.
"""

import hashlib
import importlib.util
import inspect
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree as ET

OLDEST = (3, 11)


def check_python(version: "tuple[int, ...]") -> None:
    """Stop with one sentence on a Python that is too old.

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
LOCK_VENV = ROOT / ".venv-lock"
BUILD = ROOT / "build"
FUZZ = ROOT / "tests" / "fuzz"
REPORT = BUILD / "tests.xml"

# Each lock and what it holds, in the words of `uv pip compile`: one line makes one more lock.
LOCKS = {
    "demo": "pyproject.toml --extra=demo --extra=ledger --extra=pdf --group=build",
    "dev": "pyproject.toml --extra=batch --extra=demo --extra=ledger --extra=pdf --extra=postgresql --extra=spark"
    " --group=build --group=test --group=lint --group=docs",
    "bench": "pyproject.toml --extra=batch --group=build --group=bench",
    "fuzz": "pyproject.toml --group=build --group=fuzz",
    "mutate": "pyproject.toml --extra=batch --extra=demo --extra=pdf --group=build --group=test --group=mutate",
    "lock": "--group=lock",
}
# A lock in the second place holds everything of the one in the first.
BIGGER = {"demo": {"dev"}}


def say(sentence: str) -> None:
    """Print what is being done, before the tools print what they do."""
    print(f"dev.py: {sentence}", flush=True)


def stop(sentence: str, code: int = 1) -> NoReturn:
    """End with one sentence that says what is missing."""
    print(f"dev.py: {sentence}", file=sys.stderr, flush=True)
    sys.exit(code)


def run(*command: str | Path, env: dict[str, str] | None = None) -> int:
    """Run a tool at the top of the repository, its words going straight to the screen.

    Returns:
        The tool's exit code.
    """
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def run_quietly(purpose: str, *command: str | Path) -> None:
    """Run a tool whose words matter only when it fails, and stop then with the last one that says why."""
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        errors = [line for line in lines if line.upper().startswith("ERROR")]
        stop(f"{purpose} failed: {(errors or lines or ['it does not say why'])[-1]}", done.returncode)


def python_of(folder: Path) -> Path:
    """Find the Python of a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(lock: str) -> str:
    """Name all that an environment made now from this lock depends on."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in (REQUIREMENTS / f"{lock}.txt", ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return f"{lock} {platform.python_version()} {digest.hexdigest()}"


def held(folder: Path) -> set[str]:
    """Read from an environment's stamp which locks it holds, as they are now."""
    stamp = folder / "stamp"
    if not (stamp.exists() and python_of(folder).exists()):
        return set()
    lines = stamp.read_text(encoding="utf-8").splitlines()
    return {name for name in LOCKS if (REQUIREMENTS / f"{name}.txt").exists() and fingerprint(name) in lines}


def usable(folder: Path) -> bool:
    """Say whether an environment is whole, and made by the very Python version that runs this file."""
    python, settings = python_of(folder), folder / "pyvenv.cfg"
    if not (python.exists() and settings.exists()):
        return False
    words = settings.read_text(encoding="utf-8").split()
    asked = subprocess.run([python, "-m", "pip", "--version"], check=False, capture_output=True)
    return platform.python_version() in words and not asked.returncode


def create(folder: Path) -> None:
    """Make a virtual environment, over the remains of an older one."""
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        stop("Python's venv module is missing; on Debian or Ubuntu: sudo apt install python3-venv")
    say(f"making {folder.name} with Python {platform.python_version()}")
    run_quietly("making a virtual environment", sys.executable, "-m", "venv", "--clear", folder)


def install(python: Path, *what: str) -> None:
    """Install into an environment with the pip that came with it."""
    pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile")
    run_quietly("pip", *pip, *what)


def prepare(lock: str, folder: Path = VENV) -> Path:
    """Do what is missing before the tools of a lock can run.

    Args:
        lock: A name of ``LOCKS``.
        folder: The environment; the library itself goes into the usual one only.

    Returns:
        The environment's Python.
    """
    python = python_of(folder)
    if not held(folder) & {lock, *BIGGER.get(lock, ())}:
        if not usable(folder):
            create(folder)
        say(f"installing requirements/{lock}.txt into {folder.name}")
        install(python, "--require-hashes", "-r", f"requirements/{lock}.txt")
        if folder == VENV:
            install(python, "--no-deps", "--no-build-isolation", "--editable", ".")
        stamp = sorted(map(fingerprint, held(folder) | {lock}))
        (folder / "stamp").write_text("\n".join(stamp), encoding="utf-8")
    return python


def why_no_gate(arguments: tuple[str, ...]) -> str:
    """Give the reason why the last tests cannot be expected to reach every branch; no reason is an empty text."""
    selection = [argument for argument in arguments if argument != "--long"]
    if selection:
        return f"pytest was given {shlex.join(selection)}"
    skips = ET.parse(REPORT).findall(".//skipped[@type='pytest.skip']")
    return f"tests were skipped ({len(skips)})" if skips else ""


def in_turn(*commands: tuple[str | Path, ...]) -> int:
    """Run several tools, each one whatever became of those before it.

    Returns:
        The first exit code that is not zero, or zero.
    """
    return next(filter(None, [run(*command) for command in commands]), 0)


def setup(lock: str = "dev") -> int:
    """Make the environment of a lock, dev or demo, and run nothing."""
    if lock not in LOCKS:
        stop(f"there is no lock {lock}, only: {', '.join(LOCKS)}", 2)
    prepare(lock)
    say(f"{VENV.name} holds requirements/{lock}.txt")
    return 0


def demo(*arguments: str) -> int:
    """Walk through the example portal and the bank, from the reference to the acknowledgement."""
    return run(prepare("demo"), "examples/journey.py", *arguments)


def portal(*arguments: str) -> int:
    """Serve the example portal and a bank's page on this machine until Ctrl-C."""
    return run(prepare("demo"), "-m", "portal", *arguments, env={**os.environ, "PYTHONPATH": str(ROOT / "examples")})


def test(*arguments: str) -> int:
    """Run pytest, with its arguments if any (--long: the long tests too), and ask for every branch."""
    coverage = (prepare("dev"), "-m", "coverage")
    run(*coverage, "erase")
    failed = run(*coverage, "run", "-m", "pytest", "-n", "2", "--dist", "worksteal", f"--junitxml={REPORT}", *arguments)
    if failed:
        return failed
    reason = why_no_gate(arguments)
    gate = ("--fail-under=0",) if reason else ()
    failed = run(*coverage, "combine", "--quiet") or run(*coverage, "report", *gate)
    if not reason:
        return failed
    say(f"the coverage gate was not applied: {reason}")
    return 0  # even when the selection touched nothing of the library, and coverage complains


def lint() -> int:
    """Check style, format and types."""
    python = prepare("dev")
    check, layout = (python, "-m", "ruff", "check"), (python, "-m", "ruff", "format", "--check")
    return in_turn(check, layout, (python, "-m", "mypy"))


def docs() -> int:
    """Build the documentation, any warning being a failure, and run its examples."""
    sphinx = (prepare("dev"), "-m", "sphinx", "-n", "-W", "--keep-going")
    html, examples = ("-b", "html", "docs", "build/docs"), ("-b", "doctest", "docs", "build/doctest")
    return in_turn((*sphinx, *html), (*sphinx, *examples))


def bench(*arguments: str) -> int:
    """Measure beside others, and write benchmarks/results.md; names, as seals, scalar or batch, narrow it."""
    python, chosen = prepare("bench"), arguments or ("seals", "scalar", "batch")
    return next(filter(None, (run(python, f"benchmarks/{name}.py") for name in chosen)), 0)


def executions(log: str) -> str:
    """Read from what the fuzzer printed how many inputs it has run."""
    line = next((line for line in log.splitlines() if line.startswith("stat::number_of_executed_units")), "?")
    return line.split()[-1]


def fuzz_one(python: Path, target: str, seconds: int) -> int:
    """Fuzz one target, from its corpus, into ``build/fuzz``; print what was run, and all that was said of a failure.

    Returns:
        The fuzzer's exit code.
    """
    found, corpus = BUILD / "fuzz" / target, FUZZ / "corpus" / target
    found.mkdir(parents=True, exist_ok=True)
    limits = (f"-max_total_time={seconds}", "-timeout=10", "-print_final_stats=1", f"-artifact_prefix={found}/failed-")
    command = (python, FUZZ / "run.py", target, *limits, found, corpus)
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run(
        command, cwd=ROOT, env=env, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace",
    )  # fmt: skip
    say(f"{target}: {executions(done.stdout)} executions in {seconds} s")
    if done.returncode:
        print(done.stdout)
    return done.returncode


def fuzz(minutes: str = "1", *targets: str) -> int:
    """Feed each target of tests/fuzz, or those that are named, for so many minutes, what its branches ask for."""
    if not minutes.replace(".", "", 1).isdigit():
        stop("expected a number of minutes", 2)
    if not sys.platform.startswith("linux"):
        stop("the fuzzer runs on Linux only")
    python, seconds = prepare("fuzz"), max(1, round(60 * float(minutes)))
    every = sorted(path.name for path in (FUZZ / "corpus").iterdir())
    codes = [fuzz_one(python, target, seconds) for target in targets or every]
    return next(filter(None, codes), 0)


def mutate(*names: str) -> int:
    """Change the library in small ways and see that a test fails each time (some minutes; mutmut's names narrow it)."""
    return run(prepare("mutate"), "tests/mutation.py", *names)


def compile_lock(output: Path, *words: str | Path) -> int:
    """Resolve for every Python and system, and write versions and hashes, and no word of where they come from."""
    scope = ("--no-config", "--universal", "--generate-hashes", "--python-version", "3.11")
    wording = ("--no-annotate", "--custom-compile-command", "python3 dev.py lock", "--quiet")
    settings = ("PIP_", "UV_")  # of the one machine that makes the locks
    env = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    return run(python_of(LOCK_VENV), "-m", "uv", "pip", "compile", *scope, *wording, *words, "-o", output, env=env)


def lock(*options: str) -> int:
    """Write the locks again (for maintainers); versions stay as they are unless --upgrade is given."""
    prepare("lock", LOCK_VENV)
    BUILD.mkdir(exist_ok=True)
    together = BUILD / "together.txt"  # resolved as one, so that the locks agree on versions
    pinned = "".join(path.read_text(encoding="utf-8") for path in REQUIREMENTS.glob("*.txt"))
    together.write_text(pinned, encoding="utf-8")
    failed = compile_lock(together, *dict.fromkeys(" ".join(LOCKS.values()).split()), *options)
    for name, content in LOCKS.items():
        failed = failed or compile_lock(REQUIREMENTS / f"{name}.txt", *content.split(), "-c", together)
    return failed


VERBS = {verb.__name__: verb for verb in (setup, demo, portal, test, lint, docs, bench, fuzz, mutate, lock)}


def main(words: list[str]) -> int:
    """Run the verb that was typed.

    Returns:
        The exit code of the tool that failed, or zero.
    """
    if not words or words[0] not in VERBS:
        print("usage: python3 dev.py VERB [arguments]")
        for name, verb in VERBS.items():
            print(f"  {name:8}{(verb.__doc__ or '').splitlines()[0]}")
        return 2 if words else 0
    verb, arguments = VERBS[words[0]], words[1:]
    try:
        inspect.signature(verb).bind(*arguments)
    except TypeError as error:
        stop(f"{words[0]}: {error}", 2)
    return verb(*arguments)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        stop("stopped", 130)
