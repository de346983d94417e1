"""``creance-pay gateway check``: what a file configures, and whether the bank accepts it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from creance_pay.cli import main
from creance_pay.gateways import registry
from direct_bank import API_KEY_ID, API_SECRET, MERCHANT, WEBHOOK_KEY_ID, WEBHOOK_SECRET, DirectBank
from doc_examples import example

FILE = f"""
gateway = "direct"
production = false

[sips]
merchant_id = "201000005940002"
host = "MERCANET_TEST"
keys = [{{version = "2", variable = "TESTS_SIPS_KEY"}}, {{version = "1", variable = "TESTS_OLD_KEY"}}]

[direct]
merchant_id = "{MERCHANT}"
host = "CAWL_TEST"
keys = [{{version = "{API_KEY_ID}", variable = "TESTS_API_KEY"}}]
webhook_keys = [{{version = "{WEBHOOK_KEY_ID}", variable = "TESTS_WEBHOOK_KEY"}}]
"""
SECRETS = {
    "TESTS_SIPS_KEY": "a-secret-of-the-merchant",
    "TESTS_OLD_KEY": "an-old-secret-of-the-merchant",
    "TESTS_API_KEY": API_SECRET,
    "TESTS_WEBHOOK_KEY": WEBHOOK_SECRET,
}


@contextmanager
def serving(bank: DirectBank) -> Iterator[str]:
    """Serve a bank's calls on this machine, and yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = bank.send("GET", f"{bank.base}{self.path}", headers=dict(self.headers))
            self.send_response(answer.status)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Write no log."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the file, and set its secrets in the environment."""
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    path = tmp_path / "gateway.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def check(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, list[dict[str, Any]]]:
    """Run the command with ``--json``; return its status and its objects."""
    status = main(["gateway", "check", str(path), "--json", *options])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def change(path: Path, old: str, new: str) -> None:
    """Change the file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


class TestCheck:
    """The settings of a file."""

    def test_json(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The bank in use comes first; keys are shown by their versions, the current one first."""
        status, found = check(path, capsys)
        direct, sips = found

        assert 0 == status
        assert {
            "gateway": "direct",
            "in_use": True,
            "class": "DirectCheckout",
            "production": False,
            "environment": "TEST",
            "merchant_id": MERCHANT,
            "host": "CAWL TEST https://payment.preprod.cawl-solutions.fr",
            "keys": [API_KEY_ID],
            "webhook_keys": [WEBHOOK_KEY_ID],
            "page_life": "0:20:00",
            "capabilities": ["CANCEL", "CAPTURE", "CONNECTION", "REFUND", "STATUS"],
        } == direct
        assert ("sips", False, ["2", "1"], None) == (
            sips["gateway"], sips["in_use"], sips["keys"], sips["page_life"]
        )  # fmt: skip

    def test_text(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A person reads the same, and no secret."""
        assert 0 == main(["gateway", "check", str(path)])
        shown = capsys.readouterr().out

        assert "gateway          direct\nin_use           True\n" in shown
        assert "\n\ngateway          sips\n" in shown
        assert [] == [secret for secret in SECRETS.values() if secret in shown]

    def test_one(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """One table is checked alone."""
        status, found = check(path, capsys, "--gateway", "sips")

        assert (0, ["sips"]) == (status, [each["gateway"] for each in found])

    def test_plugin(self, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """A gateway of another package is listed by the same means; one key is shown by its version."""
        example("my_bank")
        point = EntryPoint("mybank", "my_bank:MyBank", registry.GROUP)
        monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints([point]).select(group=group))
        key = '[{version = "7", variable = "TESTS_SIPS_KEY"}]'
        path.write_text(
            f'gateway = "mybank"\nproduction = false\n[mybank]\nmerchant = "m-1"\nkey = {key}', encoding="utf-8"
        )
        status, found = check(path, capsys)

        assert (0, "MyBank", "m-1", "7") == (status, found[0]["class"], found[0]["merchant"], found[0]["key"])

    def test_wrong_table(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A wrong table has the status 3 and its error; the other table is checked all the same."""
        change(path, "webhook_keys", "webhook_kyes")
        status, found = check(path, capsys)

        assert 3 == status
        assert "[direct]: unknown setting webhook_kyes; did you mean: webhook_keys?" in found[0]["error"]
        assert "SipsPaypage" == found[1]["class"]

    def test_no_table(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The bank in use needs a table."""
        change(path, 'gateway = "direct"', 'gateway = "sips-json"')
        status, found = check(path, capsys)

        assert (3, "sips-json") == (status, found[0]["gateway"])
        assert "[sips-json]: expected this table, got sips, direct" in found[0]["error"]

    def test_bad_file(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A file that is no TOML, or is absent, has the status 3 and one line on the standard error."""
        path.write_text("gateway = ", encoding="utf-8")

        assert 3 == main(["gateway", "check", str(path)])
        assert capsys.readouterr().err.startswith(f"creance-pay: {path}: ")
        assert 3 == main(["gateway", "check", str(path.parent / "absent.toml")])


class TestConnect:
    """The question to the bank, asked with ``--connect`` alone."""

    @staticmethod
    def connect(path: Path, capsys: pytest.CaptureFixture[str], bank: DirectBank) -> tuple[int, Mapping[str, str]]:
        """Ask a bank on this machine; return the status, and the answer by gateway."""
        with serving(bank) as url:
            change(path, "CAWL_TEST", url)
            status, found = check(path, capsys, "--connect", "--timeout", "5")
        return status, {each["gateway"]: each["connection"] for each in found}

    def test_accepted(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The bank accepts merchant and key; a bank without such a call is no fault."""
        assert (0, {"direct": "accepted", "sips": "the bank has no call for it"}) == self.connect(
            path, capsys, DirectBank()
        )

    def test_refused(self, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """A bank that refuses the key has the status 5."""
        monkeypatch.setenv("TESTS_API_KEY", "another-secret-of-somebody")
        status, found = self.connect(path, capsys, DirectBank())

        assert 5 == status
        assert "the bank refuses the request by the HTTP status 403: see key, merchant and clock" == found["direct"]

    def test_down(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A bank that answers by an error has the status 4."""
        status, found = self.connect(path, capsys, DirectBank(down=True))

        assert (4, "expected an answer of the bank, got the HTTP status 503") == (status, found["direct"])

    def test_no_answer(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A bank that does not answer has the status 4."""
        with serving(DirectBank()) as url:
            change(path, "CAWL_TEST", url)
        status, found = check(path, capsys, "--connect")

        assert (4, "no answer: ConnectionError") == (status, found[0]["connection"])
