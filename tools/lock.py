"""Write the locks of ``requirements/``: ``lock.py [--upgrade]``, run by ``python3 dev.py lock``.

uv resolves for every Python and system.  It writes versions and hashes, and no address: pip fetches from the index that
it is configured for.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements"
# Each lock and its content, as arguments of `uv pip compile`.
LOCKS = {
    "demo": "pyproject.toml --extra=demo --extra=ledger --extra=pdf --group=build",
    "test": "pyproject.toml --extra=batch --extra=demo --extra=django --extra=ledger --extra=pdf"
    " --extra=postgresql --group=build --group=test",
    "dev": "pyproject.toml --extra=batch --extra=demo --extra=django --extra=ledger --extra=pdf --extra=postgresql"
    " --extra=spark --group=build --group=test --group=lint --group=docs",
    "bench": "pyproject.toml --extra=batch --extra=ledger --extra=postgresql --group=build --group=bench",
    "fuzz": "pyproject.toml --group=build --group=fuzz",
    "mutate": "pyproject.toml --extra=batch --extra=demo --extra=pdf --group=build --group=test --group=mutate",
    "lock": "--group=lock",
    "package": "--group=package",
}


def compile_lock(output: Path, *words: str | Path) -> int:
    """Resolve one lock with uv; return its exit code."""
    scope = ("--no-config", "--universal", "--generate-hashes", "--python-version", "3.11")
    wording = ("--no-annotate", "--custom-compile-command", "python3 dev.py lock", "--quiet")
    settings = ("PIP_", "UV_")  # of the one machine that makes the locks
    env = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    command = (sys.executable, "-m", "uv", "pip", "compile", *scope, *wording, *words, "-o", output)
    print(f"resolving {output.relative_to(ROOT)}", flush=True)
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def main(options: list[str]) -> int:
    """Write all locks; return the exit code of the first failure, or zero."""
    together = ROOT / "build" / "together.txt"  # resolved as one, so that the locks agree on versions
    together.parent.mkdir(exist_ok=True)
    pinned = "".join(path.read_text(encoding="utf-8") for path in REQUIREMENTS.glob("*.txt"))
    together.write_text(pinned, encoding="utf-8")
    failed = compile_lock(together, *dict.fromkeys(" ".join(LOCKS.values()).split()), *options)
    for name, content in LOCKS.items():
        failed = failed or compile_lock(REQUIREMENTS / f"{name}.txt", *content.split(), "-c", together)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
