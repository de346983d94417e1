"""The sources as data: every rule, reading, value, code and sentence names one by its id."""

import re
from datetime import date
from pathlib import Path

import pytest

from creance_pay.codes import Code
from creance_pay.errors import ConfigurationError
from creance_pay.messages import Overrides, Wording, contact_line, read_overrides
from creance_pay.messages.sentences import sentences_of
from creance_pay.rules import sources
from creance_pay.rules.citations import readings, rules, source_of
from samples import POLICY

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_sources() -> None:
    """A source has a document, a publisher, a place, the day of the last reading, and an address where there is one."""
    minimum = sources()["guide.minimum"]

    assert ("l'Assurance Maladie", date(2019, 11, 1), None) == (minimum.publisher, minimum.dated, minimum.link)
    assert "article R112-11-2" == sources()["CRPA.R112-11-2"].place
    assert [] == [each for each in sources().values() if each.link and not re.match("https://[^ ]+/?$", each.link)]
    assert {*sources()} == {each.id for each in sources().values()}


def test_readings() -> None:
    """A reading is a source, and names the source that it reads."""
    assert ("reading Q7", "guide.minimum") == (str(sources()["Q7"]), sources()["Q7"].reading_of)
    assert [] == [each for each in readings().values() if each.source not in sources()]


def test_every_name() -> None:
    """Every rule, value and code names a source that exists."""
    named = {
        **{number: rule.sources for number, rule in rules().items()},
        **{name: [each.source] for name, each in POLICY.sources.items()},
        **{str(code): [code.source] for kind in Code.__subclasses__() for code in kind},
    }

    assert [] == [name for name, ids in named.items() if not ids or {*ids} - sources().keys()]


def test_every_rule() -> None:
    """The rules are those of the page, in its order, with its titles."""
    page = (DOCS / "rule-numbers.md").read_text(encoding="utf-8")

    assert re.findall(r"\{rule\} (R\d+) (.*)", page) == [(number, rule.title) for number, rule in rules().items()]


def test_every_choice() -> None:
    """A value of the policy that follows from a reading is the value that the reading names."""
    named = {each.other.partition(" ")[0] for each in readings().values() if each.other}

    assert named == {name for name, each in POLICY.sources.items() if each.source in readings()} | {
        "retention_counted_in"
    }


def test_every_sentence() -> None:
    """Every sentence names a source that exists; the guide's sentences name a place of the guide."""
    named = {
        (wording, lang, key): sentences.source
        for wording in Wording
        for lang in ("fr", "en")
        for key, sentences in sentences_of(lang, wording, Overrides()).items()
    }
    telephone = [contact_line(day).source for day in (date(2018, 7, 5), date(2026, 11, 23))]

    assert [] == [place for place, source in named.items() if source not in sources()]
    assert ["guide.acknowledgement", "ameli.telephone"] == telephone
    key = "below_online_minimum"
    assert ["guide.minimum", "project.proposed", "project.proposed"] == [named[each, "fr", key] for each in Wording]


def test_own_sentence() -> None:
    """A sentence of a caisse names its source, or else the caisse's file."""
    body = 'body = "Cette référence est fermée."\n'
    shown = {
        text: sentences_of("fr", Wording.GUIDE, read_overrides({"fr.toml": f"[reference_not_open]\n{text}"}))
        for text in (body, body + 'source = "note"\n', 'title = "Fermée"\n')
    }

    assert ["fr.toml", "note", "guide.closed"] == [each["reference_not_open"].source for each in shown.values()]


def test_unknown() -> None:
    """An unknown id is an error that names it."""
    with pytest.raises(ConfigurationError, match=r"^unknown source 'guide.maximum'$"):
        source_of("guide.maximum", sources())
