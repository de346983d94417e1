"""The journey of the guide: it plays to its end, and stops where a step differs."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import attrs
import pytest

from creance_pay import Euros
from creance_pay.testing import TrialMerchant

JOURNEY = Path(__file__).resolve().parents[1] / "examples" / "journey.py"


@pytest.fixture(scope="module")
def played() -> subprocess.CompletedProcess[str]:
    """Play the journey as a person does, from a network whose proxy knows nothing of this machine."""
    nowhere = "http://127.0.0.1:9"
    env = {**os.environ, "http_proxy": nowhere, "HTTP_PROXY": nowhere, "PYTHONIOENCODING": "utf-8"}
    env = {name: value for name, value in env.items() if name.lower() != "no_proxy"}
    command = [sys.executable, str(JOURNEY)]
    return subprocess.run(  # noqa: S603 - our own example
        command, env=env, check=False, capture_output=True, encoding="utf-8"
    )


@pytest.fixture
def journey() -> ModuleType:
    """Load the journey by its path, to change one thing in it."""
    spec = importlib.util.spec_from_file_location("journey", JOURNEY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestPlayed:
    """Played as it is, the journey succeeds."""

    def test_status(self, played: subprocess.CompletedProcess[str]) -> None:
        """Every step succeeds, in silence on the standard error."""
        assert (0, "") == (played.returncode, played.stderr)

    def test_last_line(self, played: subprocess.CompletedProcess[str]) -> None:
        """The last line says so."""
        assert "Every step is as the guide says." == played.stdout.splitlines()[-1]

    @pytest.mark.parametrize(
        "shown",
        [
            "BELOW_BAND",
            "« Cette référence de courrier n'est pas ouverte au paiement en ligne. »",
            "« Vous pouvez payer en ligne entre 16 € et 50 € par paiement »",
            "verified: PAID",
            "verified: REFUSED",
            "verified: CANCELLED",
            "HTTP 400, ledger: REFUSED",
            "accuse-reception-",
        ],
    )
    def test_steps(self, played: subprocess.CompletedProcess[str], shown: str) -> None:
        """Each step shows what it decided."""
        assert shown in played.stdout

    def test_discretion(self, played: subprocess.CompletedProcess[str]) -> None:
        """Neither the whole card number nor a key is shown."""
        secrets = ("5017670000001800", *(key.get_secret_value() for key in TrialMerchant().keys))

        assert [] == [secret for secret in secrets if secret in played.stdout]


class TestDiffers:
    """Where a step is not as the guide says, the journey stops there with status 1."""

    @pytest.mark.parametrize("name", ["POLICY", "CLOSED", "SEVEN_EUROS", "SIXTY_EUROS", "CARD", "REFUSED_CARD"])
    def test_step(self, journey: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """One value that is not the guide's changes the status."""
        other = {
            "POLICY": attrs.evolve(journey.POLICY, notice_band_min=Euros(5100)),
            "CLOSED": journey.SIXTY_EUROS,
            "SEVEN_EUROS": journey.SIXTY_EUROS,
            "SIXTY_EUROS": journey.SEVEN_EUROS,
            "CARD": journey.REFUSED_CARD,
            "REFUSED_CARD": journey.CARD,
        }
        monkeypatch.setattr(journey, name, other[name])

        assert 1 == journey.main()

    def test_sentence(
        self, journey: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The last sentence says what was expected, and no step follows."""
        monkeypatch.setattr(journey, "POLICY", attrs.evolve(journey.POLICY, notice_band_min=Euros(5100)))
        journey.main()
        shown = capsys.readouterr()

        assert ("Not as the guide says: expected", False) == (
            shown.err.strip()[: len("Not as the guide says: expected")],
            "Every step" in shown.out,
        )

    def test_untouched(self, journey: ModuleType) -> None:
        """Untouched, the same module gives status 0."""
        assert 0 == journey.main()
