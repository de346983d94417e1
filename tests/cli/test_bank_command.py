"""``creance-pay bank``: the printed settings work, and a signal stops it."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import pytest

from creance_pay import PaymentOrder
from creance_pay.cli import main
from creance_pay.gateways import KeyRing, Redirect, RequestsTransport, SecretKey
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from creance_pay.testing import Fault, TrialCard, trial_merchant
from creance_pay.testing.sips import SipsTrialMerchant

WIRE = RequestsTransport(direct=True)


@attrs.define
class Running:
    """A running command, and its output."""

    process: subprocess.Popen[str]
    lines: list[str]

    @property
    def url(self) -> str:
        """The printed address."""
        found = re.search(r"http://127\.0\.0\.1:[0-9]+", self.lines[0])
        assert found is not None
        return found[0]

    def gateway(self) -> SipsPaypage:
        """Build a gateway from the printed settings alone."""
        merchant_id = self.lines[1].split()[1]
        keys = [SecretKey(version=words[1], secret=words[2]) for words in map(str.split, self.lines[2:4])]
        return SipsPaypage(merchant_id=merchant_id, keys=KeyRing(keys, current="2"), host=SipsHost.loopback(self.url))

    def visit(self, order: PaymentOrder, card: str) -> str:
        """Pay on the page."""
        form = self.gateway().initiate(order)
        WIRE.post_form(form.action, form.fields)
        fields = {"reference": order.transaction_reference, "card": card}
        return WIRE.post_form(f"{self.url}/payment", fields).body.decode()


@contextmanager
def running(*words: str) -> Iterator[Running]:
    """Run the command until the end of the block."""
    command = [sys.executable, "-m", "creance_pay", "bank", *words]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line.rstrip())
                if line.startswith("Fault:"):
                    break
            yield Running(process, lines)
        finally:
            process.kill()


def test_settings() -> None:
    """The command prints the settings of a portal, the test cards and the faults."""
    with running("--fault", "late") as bank:
        said = "\n".join(bank.lines)
    wanted = (
        "/operations",
        SipsTrialMerchant().merchant_id,
        "a-key-made-up-for-this-bank   current",
        *TrialCard,
        *Fault,
        "Fault: late",
    )

    assert [] == [text for text in wanted if text not in said]


def test_paid(payment_order: Callable[..., PaymentOrder]) -> None:
    """A portal with the printed settings can be paid."""
    with running() as bank:
        assert "Votre paiement a été accepté." in bank.visit(payment_order(), TrialCard.ACCEPTED)


def test_tail(payment_order: Callable[..., PaymentOrder]) -> None:
    """The command prints each notification that it posts, and the answer; another merchant has its own number."""
    with running("--merchant", "011223744550001") as bank:
        assert "merchant_id      011223744550001" == bank.lines[1]
        bank.visit(payment_order(notification_url="http://127.0.0.1:9/n"), TrialCard.ACCEPTED)
        assert bank.process.stdout is not None
        printed = bank.process.stdout.readline()

    assert printed.startswith("undelivered url=http://127.0.0.1:9/n response_code=00 error=")


def test_direct(payment_order: Callable[..., PaymentOrder]) -> None:
    """With another bank, a portal with the printed settings can be paid too."""
    with running("--bank", "direct") as bank:
        merchant, order = trial_merchant("direct"), payment_order()
        redirect = merchant.gateway(bank.url).initiate(order)
        assert isinstance(redirect, Redirect)
        fields = {"reference": redirect.bank_reference or "", "card": TrialCard.ACCEPTED}
        receipt = WIRE.post_form(f"{bank.url}/payment", fields).body.decode()
        printed = "\n".join(bank.lines)

    assert "Votre paiement a été accepté." in receipt
    assert [] == [value for value in merchant.settings.values() if value not in printed]


def test_options(payment_order: Callable[..., PaymentOrder]) -> None:
    """The number of attempts and the life of a page reach the bank."""
    with running("--attempts", "2") as patient, running("--seconds", "0") as hasty:
        pages = [bank.visit(payment_order(), TrialCard.REFUSED) for bank in (patient, hasty)]

    assert [True, True] == ["Essais restants : 1." in pages[0], "Session expirée" in pages[1]]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a program without a signal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped(number: signal.Signals) -> None:
    """SIGINT (Ctrl-C) and SIGTERM stop it with status 0."""
    with running() as bank:
        bank.process.send_signal(number)

        assert 0 == bank.process.wait(timeout=60)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--fault", "rain"], "--fault: invalid choice: 'rain'"),
        (["--seconds", "inf"], "--seconds: expected a number of seconds from 0 to 86400, got 'inf'"),
        (["--delay", "-1"], "--delay: expected a number of seconds from 0 to 86400, got '-1'"),
        (["--port", "65536"], "--port: expected a whole number from 0 to 65535, got '65536'"),
        (["--attempts", "0"], "--attempts: expected a whole number from 1 to 99, got '0'"),
    ],
)
def test_usage(words: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An invalid value is a usage error with the expected values."""
    with pytest.raises(SystemExit) as stopped:
        main(["bank", *words])

    assert (2, True) == (stopped.value.code, error in capsys.readouterr().err)


def test_port_taken() -> None:
    """A port in use is an error that names the port."""
    with running() as bank:
        port = bank.url.rpartition(":")[2]
        command = [sys.executable, "-m", "creance_pay", "bank", "--port", port]
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own program

    assert (1, "", True) == (done.returncode, done.stdout, port in done.stderr)


WITHOUT_FLASK = """
import sys
sys.modules["flask"] = None
from creance_pay.cli import main
sys.exit(main(["bank"]))
"""


def test_without_flask() -> None:
    """Without Flask, the error names the extra."""
    command = [sys.executable, "-c", WITHOUT_FLASK]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - the text above

    assert (1, "creance-pay: the bank's pages need Flask: pip install 'creance-pay[demo]'\n") == (
        done.returncode,
        done.stderr,
    )
