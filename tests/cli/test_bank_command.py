"""``creance-pay bank``: the page is served as its first lines say, until it is told to stop."""

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
from creance_pay.gateways import KeyRing, RequestsTransport, SecretKey
from creance_pay.gateways.sips import SipsHost, SipsPaypage
from creance_pay.testing import TrialMerchant
from creance_pay.testing.sips import Fault, TrialCard

WIRE = RequestsTransport(direct=True)


@attrs.define
class Running:
    """The command while it runs, and what it has said."""

    process: subprocess.Popen[str]
    lines: list[str]

    @property
    def url(self) -> str:
        """The address that it has printed."""
        found = re.search(r"http://127\.0\.0\.1:[0-9]+", self.lines[0])
        assert found is not None
        return found[0]

    def gateway(self) -> SipsPaypage:
        """Make a gateway of nothing but what was printed."""
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
    """Run the command until the end of the block, whatever happens there."""
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


def test_told() -> None:
    """It says all that a portal is set up with, and what may be tried."""
    with running("--fault", "late") as bank:
        said = "\n".join(bank.lines)
    wanted = (TrialMerchant().merchant_id, "a-key-made-up-for-this-bank   current", *TrialCard, *Fault, "Fault: late")

    assert [] == [text for text in wanted if text not in said]


def test_paid(payment_order: Callable[..., PaymentOrder]) -> None:
    """A portal that knows what was printed can have a payment made."""
    with running() as bank:
        assert "Votre paiement a été accepté." in bank.visit(payment_order(), TrialCard.ACCEPTED)


def test_options(payment_order: Callable[..., PaymentOrder]) -> None:
    """The options are those of the bank: so many cards, and a page that has expired in the same moment."""
    with running("--attempts", "2") as patient, running("--seconds", "0") as hasty:
        pages = [bank.visit(payment_order(), TrialCard.REFUSED) for bank in (patient, hasty)]

    assert [True, True] == ["Essais restants : 1." in pages[0], "Session expirée" in pages[1]]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a program without asking it")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped(number: signal.Signals) -> None:
    """Ctrl-C stops it, and so does being told to end: that is no error."""
    with running() as bank:
        bank.process.send_signal(number)

        assert 0 == bank.process.wait(timeout=60)


@pytest.mark.parametrize("words", [["--fault", "rain"], ["--seconds", "many"], ["--port", "x"]])
def test_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What is no option's value is a usage that is not one."""
    with pytest.raises(SystemExit) as stopped:
        main(["bank", *words])

    assert (2, True) == (stopped.value.code, words[0] in capsys.readouterr().err)


def test_port_taken() -> None:
    """A port that somebody else has is told, and nothing is served."""
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
    """Without Flask it names the extra to install, in one line."""
    command = [sys.executable, "-c", WITHOUT_FLASK]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - the text above

    assert (1, "creance-pay: the bank's pages need Flask: pip install 'creance-pay[demo]'\n") == (
        done.returncode,
        done.stderr,
    )
