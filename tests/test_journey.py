"""The journey of the guide: it succeeds as it is, and stops where a step differs."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import attrs
import pytest

from creance_pay import Euros
from creance_pay.testing import trial_merchant

JOURNEY = Path(__file__).resolve().parents[1] / "examples" / "journey.py"


@pytest.fixture
def journey() -> ModuleType:
    """Load the journey by its path, to change one value in it."""
    spec = importlib.util.spec_from_file_location("journey", JOURNEY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("bank", "reports"),
    [
        ("sips", "5 transactions, 1 operations, 0 chargebacks, 1 reconciliations, 0 chargeback_reconciliations"),
        ("direct", "1 transactions, 0 operations, 0 chargebacks"),
    ],
)
def test_succeeds(bank: str, reports: str) -> None:
    """Run as a program, with each bank, under a proxy that must not be used, it shows each decision, and no secret."""
    nowhere = "http://127.0.0.1:9"
    env = {**os.environ, "http_proxy": nowhere, "HTTP_PROXY": nowhere, "PYTHONIOENCODING": "utf-8"}
    env = {name: value for name, value in env.items() if name.lower() != "no_proxy"}
    command = [sys.executable, str(JOURNEY), "--bank", bank]
    done = subprocess.run(  # noqa: S603 - our own example
        command, env=env, check=False, capture_output=True, encoding="utf-8"
    )
    shown = [
        "BELOW_BAND",
        "« Cette référence de courrier n'est pas ouverte au paiement en ligne. »",
        "« Vous pouvez payer en ligne entre 16 € et 50 € par paiement »",
        "« Consultez votre compte : le paiement y apparaît sous 24 h. »",
        "verified: PAID",
        "verified: REFUSED",
        "verified: CANCELLED",
        "HTTP 400, ledger: REFUSED",
        "accuse-reception-",
        f"reports      {reports}",
        "postings     CAPTURED 20.00",
        "posted       nothing is pending",
        "« Montant restant dû40,00 € »",
        "refund       5.00 EUR, DONE; ledger: PARTIALLY_REFUNDED",
        "« Une partie de votre paiement vous a été remboursée : 5,00 €. »",
        "postings     REFUNDED 5.00",
        "incidents    CHARGED_BACK",
        "« La banque de la carte a repris la somme payée. Votre créance est de nouveau à payer. »",
        "postings     CHARGED_BACK 15.00",
        "« Montant restant dû60,00 € »",
    ]
    settings = trial_merchant(bank).settings.items()
    secrets = ("5017670000001800", *(value.split()[0] for name, value in settings if "key" in name))

    assert (0, "") == (done.returncode, done.stderr)
    assert "Every step is as the guide says." == done.stdout.splitlines()[-1]
    assert [] == [words for words in shown if words not in done.stdout]
    assert [] == [secret for secret in secrets if secret in done.stdout]


@pytest.mark.parametrize("name", ["POLICY", "CLOSED", "SEVEN_EUROS", "SIXTY_EUROS", "CARD", "REFUSED_CARD"])
def test_differs(
    journey: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """With one value that is not the guide's, the status is 1, and the error names the expected one."""
    other = {
        "POLICY": attrs.evolve(journey.POLICY, notice_band_min=Euros(5100)),
        "CLOSED": journey.SIXTY_EUROS,
        "SEVEN_EUROS": journey.SIXTY_EUROS,
        "SIXTY_EUROS": journey.SEVEN_EUROS,
        "CARD": journey.REFUSED_CARD,
        "REFUSED_CARD": journey.CARD,
    }
    monkeypatch.setattr(journey, name, other[name])
    status, shown = journey.main(), capsys.readouterr()

    assert (1, True, False) == (
        status,
        shown.err.strip().startswith("Not as the guide says: expected"),
        "Every step" in shown.out,
    )
