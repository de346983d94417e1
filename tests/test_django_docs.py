"""The page about Django leads from an empty folder with the wheel to a test payment: its lines are run as they are."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from django_visitor import TIMEOUT_S, Person
from programs import ROOT

PAGE = (ROOT / "docs" / "django.md").read_text(encoding="utf-8").partition("## The setting")[0]
BLOCK = re.compile(
    r"^```(?:\{code-block\} \w+\n:caption: (?P<file>\S+)\n|console)\n(?P<lines>.*?)^```", re.MULTILINE | re.DOTALL
)
MOST_LINES = 60
# The programs that run until they are stopped; the others end by themselves.
SERVERS = ("creance-pay", "runserver", "creance_worker")
PERSON = {"DJANGO_SUPERUSER_USERNAME": "assure", "DJANGO_SUPERUSER_PASSWORD": "pw", "DJANGO_SUPERUSER_EMAIL": "a@b.fr"}


def blocks() -> list[tuple[str, list[str]]]:
    """Return the blocks of the page, in order: the file, or nothing for commands; and the lines."""
    return [(found["file"] or "", found["lines"].strip("\n").split("\n")) for found in BLOCK.finditer(PAGE)]


def test_number_of_lines() -> None:
    """A developer types at most 60 lines; empty ones do not count."""
    typed = [line for _, lines in blocks() for line in lines if line.strip()]

    assert 40 < len(typed) <= MOST_LINES


def free_port() -> int:
    """Return a free port below the range from which a system gives ports to other programs: they bind it later."""
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Walk:
    """The steps of the page, in an empty folder.

    Args:
        folder: The folder, with the wheel.
        programs: The folder of the programs that stands for ``env/bin``; ``None`` to create the environment.
    """

    def __init__(self, folder: Path, programs: Path | None) -> None:
        """Choose the ports."""
        self.folder, self.programs = folder, programs
        self.ports = {"8000": str(free_port()), "9000": str(free_port())}
        self.env = {**os.environ, **PERSON}
        self.env.pop("DJANGO_SETTINGS_MODULE", None)  # other tests set it
        if programs is None:
            self.env.pop("PYTHONPATH", None)

    @contextmanager
    def walked(self) -> Iterator[str]:
        """Run every line, and yield the address of the portal."""
        with ExitStack() as servers:
            for file, lines in blocks():
                text = self._with_ports("\n".join(lines))
                if file:
                    self._write(file, text)
                    continue
                for line in text.split("\n"):
                    self._run(line, servers)
            yield f"http://127.0.0.1:{self.ports['8000']}"

    def _with_ports(self, text: str) -> str:
        return re.sub("8000|9000", lambda found: self.ports[found[0]], text)

    def _write(self, file: str, text: str) -> None:
        """Write a file; add to the settings, which exist."""
        path = self.folder / file
        path.parent.mkdir(exist_ok=True)
        before = path.read_text(encoding="utf-8") if path.name == "settings.py" else ""
        path.write_text(f"{before}\n{text}\n", encoding="utf-8")

    def _run(self, line: str, servers: ExitStack) -> None:
        """Run a command; leave a server running."""
        words = shlex.split(line)
        if self.programs is not None and (words[1:3] == ["-m", "venv"] or words[0].endswith("/pip")):
            return
        words[0] = words[0].replace("env/bin", str(self.programs)) if self.programs else words[0]
        words += {"createsuperuser": ["--noinput"], "runserver": [self.ports["8000"], "--noreload"]}.get(words[-1], [])
        if any(name in line for name in SERVERS):
            servers.enter_context(self._serving(words))
        else:
            subprocess.run(words, cwd=self.folder, env=self.env, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - of our own page

    @contextmanager
    def _serving(self, words: list[str]) -> Iterator[None]:
        with subprocess.Popen(words, cwd=self.folder, env=self.env, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - of our own page
            try:
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(TIMEOUT_S)


def wait_for(url: str) -> None:
    """Wait until a server accepts connections."""
    port, until = int(url.rpartition(":")[2]), time.monotonic() + TIMEOUT_S
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)


def pay(portal: str) -> str:
    """Sign in, pay 20 EUR, and return the page of the letter."""
    with Person(SimpleNamespace(url=portal)) as person:
        person.session.post(
            f"{portal}/admin/login/?next=/",
            data={
                **person.hidden(person.get("/admin/login/").text),
                "username": "assure",
                "password": "pw",
                "next": "/",
            },
            timeout=TIMEOUT_S,
        )
        form = person.start("6311 7054 0000 0344 F")
        bank = person.session.post(form.action, data=form.fields, timeout=TIMEOUT_S).text
        decided = {**person.hidden(bank), "card": "5017670000001800", "validate": ""}
        receipt = person.session.post(form.action.replace("/paymentInit", "/payment"), data=decided, timeout=TIMEOUT_S)
        back = person.session.post(f"{portal}/bank/return", data=person.hidden(receipt.text), timeout=TIMEOUT_S)
        assert "message-success" in back.text
        until = time.monotonic() + TIMEOUT_S
        while time.monotonic() < until:
            if found := re.search("/bank/mailbox/[0-9]+", person.get("/bank/mailbox").text):
                return person.get(found[0]).text
            time.sleep(0.5)
    return ""


def test_lines(tmp_path: Path) -> None:
    """The lines of the page take a payment and acknowledge it, with this environment in the place of a new one."""
    with Walk(tmp_path, Path(sys.executable).parent).walked() as portal:
        wait_for(portal)

        assert "6311705400000344F" in "".join(pay(portal).split())


@pytest.mark.slow
def test_from_the_wheel(tmp_path: Path) -> None:
    """The same from a built wheel, in the environment that the page creates."""
    wheel = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", f"--wheel-dir={tmp_path}", str(ROOT)]
    subprocess.run([sys.executable, "-m", *wheel], check=True)  # noqa: S603 - our own project
    with Walk(tmp_path, None).walked() as portal:
        wait_for(portal)

        assert "6311705400000344F" in "".join(pay(portal).split())
