"""The directory of caisses (rule R3): the CNAM's tables, row by row."""

import csv
from collections.abc import Callable
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from holidays.countries.france import France

from creance_pay import Caisse, find_caisse
from creance_pay.codes import CaisseStatus
from samples import COPIES

DATA = Path(__file__).parents[1] / "data" / "caisses.csv"
ROWS = list(csv.DictReader(DATA.read_text(encoding="utf-8").splitlines()))
CODES = [row["code"] for row in ROWS]
STATUS = {"active_2020": CaisseStatus.CAISSE_OK, "absorbed": CaisseStatus.CAISSE_ABSORBED}
OVERSEAS = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "976": "Indian/Mayotte",
}
#: The departments whose public holidays differ from the common ones, and what the package holidays calls them.
REGIONS = {"57": "57", "67": "6AE", "68": "6AE", "971": "971", "972": "972", "973": "973", "974": "974", "976": "976"}


def caisse(code: str) -> Caisse:
    """Give a caisse that the directory must know."""
    found = find_caisse(code)
    assert found is not None
    return found


def test_no_code_stands_twice() -> None:
    """The data have 133 codes."""
    assert 133 == len(set(CODES))


@pytest.mark.parametrize("row", ROWS, ids=CODES)
def test_agrees_with_the_data(row: dict[str, str]) -> None:
    """Name, department, kind, status and successor are those of the tables."""
    found = caisse(row["code"])
    expected = (
        row["code"],
        row["name"],
        row["department"],
        row["kind"],
        STATUS[row["status"]],
        row["successor"] or None,
    )

    assert expected == (found.code, found.name, found.department, found.kind, found.status, found.successor)


def test_knows_no_other_code() -> None:
    """Of all thousand codes only those of the data are known; an unknown one is no error."""
    assert CODES == [code for code in map("{:03d}".format, range(1000)) if find_caisse(code)]


@pytest.mark.parametrize("text", ["", "63", "6310", " 631", "\uff1631", "\ud800"])
def test_any_other_text_is_an_unknown_code(text: str) -> None:
    """What is not a code is not found."""
    assert find_caisse(text) is None


@pytest.mark.parametrize("code", CODES)
def test_zone_is_that_of_the_department(code: str) -> None:
    """A caisse overseas has its own zone, the others that of Paris, and zoneinfo knows it."""
    zone = caisse(code).time_zone

    assert OVERSEAS.get(caisse(code).department, "Europe/Paris") == zone
    assert zone in available_timezones()


@pytest.mark.parametrize("code", CODES)
def test_holidays_are_those_of_the_department(code: str) -> None:
    """Alsace, Moselle and the departments overseas keep more holidays, and the package holidays knows them."""
    region = caisse(code).holiday_region

    assert REGIONS.get(caisse(code).department) == region
    assert region is None or region in France.subdivisions


@pytest.mark.parametrize("code", [row["code"] for row in ROWS if row["status"] == "absorbed"])
def test_successor_is_active(code: str) -> None:
    """An absorbed caisse leads to one that is there, in one step."""
    assert CaisseStatus.CAISSE_OK == caisse(caisse(code).successor or "").status


@pytest.mark.parametrize("code", [row["code"] for row in ROWS if row["status"] == "active_2020"])
def test_active_caisse_has_no_successor(code: str) -> None:
    """Only what is gone is replaced."""
    assert caisse(code).successor is None


@pytest.mark.parametrize("travel", COPIES)
def test_survives_travel(travel: Callable[[Caisse], Caisse]) -> None:
    """A copy and a pickle are the same caisse."""
    assert caisse("022") == travel(caisse("022"))
