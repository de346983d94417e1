"""The guide row by row: each row that is exact is in the HTML that the portal and the bank's page serve.

``docs/guide-rows.csv`` has a line for each row of the guide: its sentence, the screen, a CSS selector and the text.  A
row that is not exact is marked with a reason, or lost in the guide's text, and ``docs/portal.md`` names it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from visitor import Visitor

from portal_scenario import ACCEPTED, REFUSED, Scenario, go_to_bank
from samples import plain

DOCS = Path(__file__).resolve().parents[2] / "docs"
with (DOCS / "guide-rows.csv").open(encoding="utf-8", newline="") as opened:
    ROWS = [*csv.DictReader(opened)]
LETTER = "Accusé de réception de votre paiement de créance"


def search(reference: str) -> Callable[[Visitor], None]:
    """Return the step that searches a reference."""

    def step(person: Visitor) -> None:
        """Search it."""
        person.open("/creance")
        person.press("Rechercher", reference=reference)

    return step


def open_account(name: str) -> Callable[[Visitor], None]:
    """Return the step that opens the debts of an account."""

    def step(person: Visitor) -> None:
        """Open it."""
        person.press("Se déconnecter")
        person.press(f"Ouvrir le compte {name}")
        person.open("/creances")

    return step


def pay(card: str, *, back: bool = True) -> Callable[[Visitor], None]:
    """Return the step that pays by card, and perhaps returns."""

    def step(person: Visitor) -> None:
        """Pay."""
        go_to_bank(person)
        person.press("Valider", card=card)
        if back:
            person.press("Aller au compte")

    return step


def read(person: Visitor, *, letter: bool = True) -> None:
    """Pay, and open the mailbox, and perhaps its letter."""
    pay(ACCEPTED)(person)
    person.follow("Ma messagerie")
    if letter:
        person.follow(LETTER)


def leave(person: Visitor) -> None:
    """Confirm a payment, up to the page with the form to the bank."""
    person.open("/creances/4/recapitulatif?montant=20")
    person.press("Confirmer et payer")


#: The steps to each screen, from the first page of account A.
SCREENS: Mapping[str, Callable[[Visitor], None]] = {
    "accueil": lambda person: person.open("/"),
    "reference": lambda person: person.open("/creance"),
    "mes-creances": lambda person: person.open("/creances"),
    "exclusion-avis": open_account("C"),
    "exclusion-seuil": open_account("D"),
    "exclusion-plafond": open_account("E"),
    "annexe-non-ouverte": search("6311 7054 0000 0344 F"),
    "annexe-minimum": search("6311632600000408F"),
    "selection": lambda person: person.open("/creances/4?choix=3&choix=5"),
    "depart": leave,
    "banque": go_to_bank,
    "banque-acceptee": pay(ACCEPTED, back=False),
    "retour-accepte": pay(ACCEPTED),
    "retour-refuse": pay(REFUSED),
    "messagerie": lambda person: read(person, letter=False),
    "accuse": read,
}


def normalised(text: str, compare: str) -> str:
    """Return a text with plain spaces, and with its digits hidden where they differ at each payment."""
    flat = " ".join(plain(text).split())
    return re.sub(r"\d", "0", flat) if compare == "digits" else flat


def is_shown(row: Mapping[str, str], html: str) -> bool:
    """Return whether an element that the selector finds contains the text, in parts where it is compared in parts."""
    parts = [part.strip() for part in row["text"].split("…")] if row["compare"] == "parts" else [row["text"]]
    pattern = ".*".join(re.escape(normalised(part, row["compare"])) for part in parts)
    found = (each.get_text(" ") for each in BeautifulSoup(html, "html.parser").select(row["selector"]))
    return any(re.search(pattern, re.sub(r" (?=[.)])", "", normalised(text, row["compare"]))) for text in found)


@pytest.mark.parametrize("screen", [*dict.fromkeys(row["screen"] for row in ROWS if row["screen"])])
def test_rows(scenario: Scenario, visitor: Visitor, screen: str) -> None:
    """The screen has the text of each of its rows, in the element of the row."""
    assert scenario.url in visitor.url
    SCREENS[screen](visitor)
    rows = [row for row in ROWS if row["screen"] == screen]

    assert [] == [(row["row"], row["text"]) for row in rows if not is_shown(row, visitor.html)]


def test_complete() -> None:
    """The table has the 75 rows of the guide; an exact row has its screen, and any other row has its reason."""
    wrong = [
        row["row"]
        for row in ROWS
        if row["state"] not in {"exact", "marked", "lost"}
        or not (row["screen"] and row["selector"] and row["text"] if row["state"] == "exact" else row["reason"])
    ]

    assert ([str(number) for number in range(1, 76)], []) == ([row["row"] for row in ROWS], wrong)


def test_documented() -> None:
    """The page about the portal names each row that is not exact."""
    text = (DOCS / "portal.md").read_text(encoding="utf-8")
    named = {
        int(number) for found in re.findall(r"\(rows? ([\d, and]+)\)", text) for number in re.findall(r"\d+", found)
    }

    assert {int(row["row"]) for row in ROWS if row["state"] != "exact"} == named
