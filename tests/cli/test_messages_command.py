"""``creance-pay messages``: list, render, check."""

import json
from pathlib import Path

import pytest

from creance_pay.cli import main
from creance_pay.messages import MESSAGES


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Each message has a line: key, severity, money, fields."""
    assert 0 == main(["messages", "list"])

    lines = capsys.readouterr().out.splitlines()
    assert [kind.key for kind in MESSAGES] == [line.split()[0] for line in lines]
    assert "amount_out_of_range      error    money no       minimum, maximum" in lines


def test_render(capsys: pytest.CaptureFixture[str]) -> None:
    """A message is rendered with sample values, slot by slot."""
    assert 0 == main(["messages", "render", "amount_out_of_range", "--lang", "en", "--medium", "sms"])

    lines = capsys.readouterr().out.splitlines()
    assert "short            Amount outside the limits: enter between €16 and €50." in lines
    assert "segments         1" in lines


def test_render_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has the slots by name, without those that the message lacks."""
    assert 0 == main(["messages", "render", "payment_refused", "--wording", "plain", "--json"])

    found = json.loads(capsys.readouterr().out)
    assert ("Votre banque a refusé le paiement. Rien n’a été débité.", False) == (found["body"], "sender" in found)


def test_render_with_overrides(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The sentences of a caisse replace the shipped ones."""
    (tmp_path / "fr.toml").write_text('[nothing_due]\ntitle = "Tout est payé"', encoding="utf-8")
    assert 0 == main(["messages", "render", "nothing_due", "--overrides", str(tmp_path)])

    assert "title            Tout est payé" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(("options", "found"), [([], False), (["--details"], True)])
def test_details(capsys: pytest.CaptureFixture[str], options: list[str], found: bool) -> None:  # noqa: FBT001 - a case
    """An SMS shows an amount of the person on demand only."""
    assert 0 == main(["messages", "render", "notice", "--medium", "sms", "--json", *options])

    assert found == ("60,00" in json.loads(capsys.readouterr().out)["short"])


def test_measure(capsys: pytest.CaptureFixture[str]) -> None:
    """Each message has a line with the length of its sentences and words, or a JSON object."""
    assert 0 == main(["messages", "measure"])
    lines = capsys.readouterr().out.splitlines()
    assert 0 == main(["messages", "measure", "--json", "--wording", "plain"])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [kind.key for kind in MESSAGES] == [line.split()[0] for line in lines] == [each["message"] for each in found]
    # « Paiement accepté » in plain words: « Votre paiement est accepté. Merci. Consultez votre compte : le paiement y
    # apparaît sous 24 h. »
    (accepted,) = [each for each in found if each["message"] == "payment_accepted"]
    assert (15, 4, 7, 5) == (
        accepted["words"], accepted["sentences"], accepted["longest_sentence"], accepted["long_words"],
    )  # fmt: skip


def test_unknown_key(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown key is an error that names the command to list the keys."""
    assert 1 == main(["messages", "render", "nothing"])

    assert (
        "creance-pay: expected the key of a message (see creance-pay messages list), got 'nothing'\n"
        == capsys.readouterr().err
    )


def test_check(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A folder without error is reported as checked."""
    (tmp_path / "en.toml").write_text('[nothing_due]\ntitle = "All is paid"', encoding="utf-8")
    assert 0 == main(["messages", "check", str(tmp_path)])

    assert "1 file(s) checked, nothing to correct\n" == capsys.readouterr().out


def test_check_finds_an_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """An error names the file and the key."""
    (tmp_path / "fr.toml").write_text('[nothing_due]\ntitle = "C\'est payé"', encoding="utf-8")
    assert 1 == main(["messages", "check", str(tmp_path)])

    assert (
        f"creance-pay: {tmp_path / 'fr.toml'}: nothing_due.title: a straight apostrophe in place of ’\n"
        == capsys.readouterr().err
    )
