"""The directory of caisses (rule R3): the CNAM's tables, row by row."""

import csv
from pathlib import Path
from zoneinfo import available_timezones

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
#: The departments whose public holidays differ from the common ones, and their names in the package holidays.
REGIONS = {"57": "57", "67": "6AE", "68": "6AE", "971": "971", "972": "972", "973": "973", "974": "974", "976": "976"}


def caisse(code: str) -> Caisse:
    """Return a caisse that the directory must contain."""
    found = find_caisse(code)
    assert found is not None, code
    return found


def expected(row: dict[str, str]) -> Caisse:
    """Build the caisse of a row of the data, with the time zone and the holidays of its department."""
    return Caisse(
        code=row["code"],
        name=row["name"],
        department=row["department"],
        kind=row["kind"],
        status=STATUS[row["status"]],
        successor=row["successor"] or None,
        time_zone=OVERSEAS.get(row["department"], "Europe/Paris"),
        holiday_region=REGIONS.get(row["department"]),
    )


def test_rows() -> None:
    """Each of the 133 codes has the caisse of its row, and only an absorbed caisse has a successor."""
    assert 133 == len(set(CODES))
    assert [expected(row) for row in ROWS] == [caisse(row["code"]) for row in ROWS]
    assert [] == [row for row in ROWS if (row["status"] == "absorbed") != bool(row["successor"])]


def test_successors() -> None:
    """An absorbed caisse has a successor that is active."""
    successors = [caisse(code).successor for code in CODES]

    assert {CaisseStatus.CAISSE_OK} == {caisse(code).status for code in successors if code}


def test_zones_and_holidays_exist() -> None:
    """The package zoneinfo knows each time zone, and the package holidays each region."""
    zones, regions = ({caisse(code).time_zone for code in CODES}, {caisse(code).holiday_region for code in CODES})

    assert zones <= available_timezones()
    assert regions <= {None, *France.subdivisions}


def test_other_codes() -> None:
    """A text that is no code of the data has no caisse, and raises no error."""
    assert CODES == [code for code in map("{:03d}".format, range(1000)) if find_caisse(code)]
    assert [] == [text for text in ("", "63", "6310", " 631", "\uff1631", "\ud800") if find_caisse(text)]


def test_copies() -> None:
    """A copy and an unpickled pickle equal the caisse."""
    assert [caisse("022")] * len(COPIES) == [travel(caisse("022")) for travel in COPIES]
