"""Policies: every value has a unit, a source and a day, and nothing wrong is loaded."""

import re
from collections.abc import Callable
from datetime import date
from importlib import resources
from typing import Any

import pytest

from creance_pay import DebtKind, Euros
from creance_pay.errors import ConfigurationError, NoPolicyError
from creance_pay.rules import Policy, Statement, load_policies, policy_named, policy_on
from creance_pay.rules import policy as module
from creance_pay.rules.choices import BandCheck, MinBasis
from samples import COPIES, POLICY, a_policy

SHIPPED = resources.files("creance_pay.rules").joinpath("policy.toml").read_text(encoding="utf-8")
NAME = "ameli-2019-11"
UNITS = {
    "notice_band_min": "cents",
    "notice_band_max": "cents",
    "band_inclusive": "choice",
    "band_checked_at": "choice",
    "online_min": "cents",
    "online_max_per_payment": "cents",
    "min_basis": "choice",
    "open_debt_kinds": "codes of IR_NDT_V",
    "display_delay_hours": "hours",
    "mailbox_retention_months": "months",
    "channels": "words",
    "payment_means": "words",
}
WRONG_TYPES = {
    "cents": ["16.0", '"1600"', "true", "-1", "[1600]", "2019-11-01"],
    "choice": ["1", "[]", '"never"', "2019-11-01"],
    "codes of IR_NDT_V": ['"PFR"', '["PFR", "XXX"]', "[3]", "3", "[true]"],
    "hours": ["24.0", '"24"', "true", "0", "-1"],
    "months": ["6.5", '"6"', "false", "0", "-6"],
    "words": ['"web"', "[3]", "true", '["web", 3]'],
}


def with_value(name: str, value: str, text: str = SHIPPED) -> str:
    """Give the shipped file with one value written otherwise."""
    return re.sub(rf"(values\.{name}\]\nvalue = ).*", lambda found: found[1] + value, text)


def with_line(name: str, key: str, line: str, text: str = SHIPPED) -> str:
    """Give the shipped file with one line of one value written otherwise, or left out."""
    return re.sub(rf"(values\.{name}\]\n(?:.+\n)*?){key} = .*\n", lambda found: found[1] + line, text)


def refusal(text: str) -> str:
    """Give the text of the error that a file meets."""
    with pytest.raises(ConfigurationError) as caught:
        load_policies(text, origin="caisse.toml")
    return str(caught.value)


def dated(valid_from: str = "", valid_to: str = "", text: str = SHIPPED) -> Policy:
    """Load the shipped policy as one that is known to apply from a day, perhaps to another."""
    days = {"valid_from": valid_from, "valid_to": valid_to}
    lines = "".join(f"{key} = {day}\n" for key, day in days.items() if day)
    (policy,) = load_policies(text.replace("title = ", f"{lines}title = ", 1))
    return policy


class TestShipped:
    """The shipped policy has the guide's values, each with its unit, source and day."""

    def test_has_the_values_of_the_guide(self) -> None:
        """The amounts are those of the screens."""
        values = [POLICY.notice_band_min, POLICY.notice_band_max, POLICY.online_min, POLICY.online_max_per_payment]

        assert [Euros(5000), Euros(15000), Euros(1600), Euros(5000)] == values

    @pytest.mark.parametrize("name", UNITS)
    def test_value_can_be_checked(self, name: str) -> None:
        """Each value has its unit, a source, and the day on which it was documented."""
        statement = POLICY.sources[name]

        assert (UNITS[name], True, date(2019, 11, 1)) == (
            statement.unit,
            bool(statement.source),
            statement.documented_on,
        )

    @pytest.mark.parametrize("name", UNITS)
    def test_accounts_for_a_shipped_value(self, name: str) -> None:
        """The line has the value, its unit, its day and its source."""
        line = POLICY.account_for(name)

        assert re.fullmatch(
            rf"{name} = .+ \({UNITS[name]}\), documented on 2019-11-01: {re.escape(POLICY.sources[name].source)}", line
        )

    @pytest.mark.parametrize(
        ("name", "value", "line"),
        [
            ("online_min", Euros(1000), "online_min = 10.00 (cents), set by the caller"),
            ("min_basis", "selection", "min_basis = selection (choice), set by the caller"),
            ("band_inclusive", False, "band_inclusive = False (choice), set by the caller"),
            ("open_debt_kinds", ["IND"], "open_debt_kinds = IND (codes of IR_NDT_V), set by the caller"),
            ("display_delay_hours", 48, "display_delay_hours = 48 (hours), set by the caller"),
            ("channels", ["web", "app"], "channels = web, app (words), set by the caller"),
        ],
    )
    def test_accounts_for_a_value_of_the_caller(self, name: str, value: object, line: str) -> None:
        """A source is not claimed for a value that it does not give."""
        assert line == a_policy(**{name: value}).account_for(name)

    def test_accounts_for_a_value_without_a_file(self) -> None:
        """A policy built by hand has no sources."""
        assert "online_min = 16.00 (cents), set by the caller" == a_policy(sources={}).account_for("online_min")

    def test_accounts_for_a_first_day(self) -> None:
        """A value whose first day is known says so."""
        text = with_line("online_min", "documented_on", "since = 2024-01-01\n")

        assert "online_min = 16.00 (cents), since 2024-01-01: " in dated(text=text).account_for("online_min")

    @pytest.mark.parametrize("travel", COPIES)
    def test_survives_travel(self, travel: Callable[[Policy], Policy]) -> None:
        """A copy and a pickle have the same values and sources."""
        travelled = travel(POLICY)

        assert (POLICY, POLICY.sources) == (travelled, travelled.sources)

    def test_can_be_a_key(self) -> None:
        """Equal policies have equal hashes."""
        assert hash(POLICY) == hash(a_policy())


class TestLoading:
    """Nothing is coerced, inherited, optional or ignored; the error names the file and the policy."""

    def test_shipped_text_loads(self) -> None:
        """The text that the tests below spoil is good."""
        assert (POLICY,) == load_policies(SHIPPED)

    def test_loads_several(self) -> None:
        """A file may hold many policies, in its order."""
        names = [policy.name for policy in load_policies(SHIPPED + SHIPPED.replace(NAME, "a-caisse"))]

        assert [NAME, "a-caisse"] == names

    @pytest.mark.parametrize(
        ("name", "value"), [(name, value) for name, unit in UNITS.items() for value in WRONG_TYPES[unit]]
    )
    def test_refuses_another_type(self, name: str, value: str) -> None:
        """A value of another type, an unknown choice or kind, or a number out of range is refused."""
        assert refusal(with_value(name, value)).startswith(f"caisse.toml: policy {NAME}: ")

    @pytest.mark.parametrize("name", UNITS)
    @pytest.mark.parametrize("unit", ["EUR", ""])
    def test_refuses_another_unit(self, name: str, unit: str) -> None:
        """A value in another unit would be read wrongly."""
        message = refusal(with_line(name, "unit", f'unit = "{unit}"\n'))

        assert f"caisse.toml: policy {NAME}: expected {name} in {UNITS[name]}, got '{unit}'" == message

    @pytest.mark.parametrize("name", UNITS)
    def test_refuses_a_missing_value(self, name: str) -> None:
        """Every value has to be there."""
        text = re.sub(rf"\[{NAME}\.values\.{name}\]\n(?:.+\n)*", "", SHIPPED)

        assert f"caisse.toml: policy {NAME}: missing or unknown values: {name}" == refusal(text)

    def test_refuses_an_unknown_value(self) -> None:
        """A misspelt value is not ignored."""
        text = SHIPPED + f'[{NAME}.values.online_mim]\nvalue = 1\nunit = "cents"\nsource = "x"\nsince = 2024-01-01\n'

        assert f"caisse.toml: policy {NAME}: missing or unknown values: online_mim" == refusal(text)

    @pytest.mark.parametrize("name", UNITS)
    @pytest.mark.parametrize("key", ["value", "unit", "source"])
    def test_refuses_a_missing_line(self, name: str, key: str) -> None:
        """A value without unit or source cannot be checked."""
        message = refusal(with_line(name, key, ""))

        assert re.match(rf"caisse\.toml: .*{NAME}.*{name}.*{key}", message)

    @pytest.mark.parametrize(
        ("key", "line"),
        [
            ("documented_on", ""),
            ("documented_on", "documented_on = 2019-11-01\nsince = 2019-01-01\n"),
            ("source", 'source = ""\n'),
            ("source", 'source = " "\n'),
        ],
        ids=["neither day", "both days", "empty source", "blank source"],
    )
    def test_refuses_what_nobody_could_check(self, key: str, line: str) -> None:
        """A value has a source, and exactly one of its first day and the day of its document."""
        message = refusal(with_line("online_min", key, line))

        assert re.match(rf"caisse\.toml: .*a value needs a source.*{NAME}.*online_min", message)

    @pytest.mark.parametrize(
        ("name", "line", "place"),
        [
            ("online_min", 'unit = "cents"\nnote = "x"\n', "online_min"),
            ("online_min", "unit = 3\n", "online_min"),
        ],
        ids=["unknown key", "unit is a number"],
    )
    def test_refuses_a_wrong_line(self, name: str, line: str, place: str) -> None:
        """A value has its own keys only, of their own types."""
        assert re.match(rf"caisse\.toml: .*{NAME}.*{place}", refusal(with_line(name, "unit", line)))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('title = "', 'titel = "'),
            ('title = "', 'colour = "blue"\ntitle = "'),
            ('title = "', 'valid_from = "2019-11-01"\ntitle = "'),
            ('title = "', 'title = 3 # "'),
            ("documented_on = 2019-11-01\n\n[", "\n["),
            ("documented_on = 2019-11-01\n\n[", 'documented_on = "2019-11-01"\n\n['),
            ("documented_on = 2019-11-01\n\n[", "documented_on = 2019-11-01T00:00:00\n\n["),
        ],
    )
    def test_refuses_a_wrong_head(self, old: str, new: str) -> None:
        """A policy has a title and the day of its document, and no key of another name."""
        assert re.match(rf"caisse\.toml: .*{NAME}", refusal(SHIPPED.replace(old, new, 1)))

    @pytest.mark.parametrize("text", ["[a", "a = ", "= 1", SHIPPED + SHIPPED, "a = 1", "a = []", "\ud800"])
    def test_refuses_what_is_no_file_of_policies(self, text: str) -> None:
        """Broken TOML, and TOML of something else, name the file."""
        assert refusal(text).startswith("caisse.toml: ")

    def test_names_a_text_without_name(self) -> None:
        """A text that came from nowhere is called so."""
        with pytest.raises(ConfigurationError, match=r"^policy file: "):
            load_policies("[a")


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"notice_band_min": Euros(15001)}, "the band is empty"),
    ({"notice_band_max": Euros(4999)}, "the band is empty"),
    ({"online_min": Euros(0)}, "the range of online payments is empty"),
    ({"online_min": Euros(5001)}, "the range of online payments is empty"),
    ({"online_max_per_payment": Euros(1599)}, "the range of online payments is empty"),
    ({"online_min": Euros(2501)}, "a remainder too small to be paid online could not be avoided"),
    ({"online_max_per_payment": Euros(3198)}, "a remainder too small to be paid online could not be avoided"),
    ({"valid_from": date(2020, 1, 2), "valid_to": date(2020, 1, 1)}, "the last day comes before the first"),
]
SOUND: list[dict[str, Any]] = [
    {"notice_band_min": Euros(15000)},
    {"notice_band_min": Euros(0)},
    {"online_min": Euros(2500)},
    {"online_min": Euros(1)},
    {"online_max_per_payment": Euros(3199)},
    {"online_min": Euros(1), "online_max_per_payment": Euros(1)},
    {"valid_from": date(2020, 1, 1), "valid_to": date(2020, 1, 1)},
    {"valid_to": date(2020, 1, 1)},
    {"open_debt_kinds": []},
    {"channels": []},
    {"display_delay_hours": 1, "mailbox_retention_months": 1},
]


class TestChecks:
    """A policy is checked whenever it is made, from a file or by attrs.evolve."""

    @pytest.mark.parametrize(("values", "message"), CONTRADICTIONS)
    def test_refuses_a_contradiction(self, values: dict[str, Any], message: str) -> None:
        """Values that could not be lived with together are refused."""
        with pytest.raises(ConfigurationError) as caught:
            a_policy(**values)

        assert message == str(caught.value)

    @pytest.mark.parametrize("values", SOUND)
    def test_takes_what_is_just_sound(self, values: dict[str, Any]) -> None:
        """The edge of each check is on the good side."""
        assert isinstance(a_policy(**values), Policy)

    @pytest.mark.parametrize(("minimum", "sound"), [(2500, True), (2501, False)])
    def test_a_file_is_held_to_twice_the_minimum(self, minimum: int, *, sound: bool) -> None:
        """Twice the minimum may exceed the maximum by one cent at most (R12)."""
        text = with_value("online_max_per_payment", "4999", with_value("online_min", str(minimum)))
        stranded = f"caisse.toml: policy {NAME}: a remainder too small to be paid online could not be avoided"

        assert (minimum == load_policies(text)[0].online_min.cents) if sound else (stranded == refusal(text))

    @pytest.mark.parametrize("name", ["notice_band_min", "notice_band_max", "online_min", "online_max_per_payment"])
    @pytest.mark.parametrize("value", [1600, "16.00", None])
    def test_amounts_are_euros(self, name: str, value: object) -> None:
        """A number of cents is not taken for an amount."""
        with pytest.raises(ConfigurationError, match=name):
            a_policy(**{name: value})

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("name", 3),
            ("documented_on", "2019-11-01"),
            ("valid_from", "2019-11-01"),
            ("documented", 1),
            ("band_inclusive", 1),
            ("display_delay_hours", 0),
            ("display_delay_hours", True),
            ("mailbox_retention_months", -1),
            ("mailbox_retention_months", 6.0),
        ],
    )
    def test_names_the_value(self, name: str, value: object) -> None:
        """A value of another type or out of range is named."""
        with pytest.raises(ConfigurationError, match=name):
            a_policy(**{name: value})

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("band_checked_at", "never"),
            ("min_basis", None),
            ("open_debt_kinds", ["XXX"]),
            ("open_debt_kinds", "PFR"),
            ("channels", "web"),
            ("payment_means", [1]),
        ],
    )
    def test_refuses_an_unknown_word(self, name: str, value: object) -> None:
        """A choice is one of its words, and a list is a list."""
        with pytest.raises(ConfigurationError, match="expected"):
            a_policy(**{name: value})

    @pytest.mark.parametrize(
        ("name", "word", "member"),
        [
            ("band_checked_at", "access", BandCheck.ACCESS),
            ("band_checked_at", BandCheck.NOTICE, BandCheck.NOTICE),
            ("min_basis", "selection", MinBasis.SELECTION),
            ("open_debt_kinds", ["IND", DebtKind.PFR], (DebtKind.IND, DebtKind.PFR)),
        ],
    )
    def test_takes_a_word_for_its_member(self, name: str, word: object, member: object) -> None:
        """A choice may be given by its word."""
        assert member == getattr(a_policy(**{name: word}), name)

    @pytest.mark.parametrize(
        "days", [{}, {"since": date(2019, 1, 1), "documented_on": date(2019, 11, 1)}], ids=["neither", "both"]
    )
    def test_statement_has_one_day(self, days: dict[str, date]) -> None:
        """A statement made by hand is held to the same."""
        with pytest.raises(ConfigurationError):
            Statement(value=1, unit="cents", source="a source", **days)


class TestDays:
    """A policy applies from its first day to its last, both included; without a first day, on none."""

    @pytest.mark.parametrize(
        ("valid_from", "valid_to", "day", "applies"),
        [
            ("2020-01-01", "2020-12-31", date(2019, 12, 31), False),
            ("2020-01-01", "2020-12-31", date(2020, 1, 1), True),
            ("2020-01-01", "2020-12-31", date(2020, 12, 31), True),
            ("2020-01-01", "2020-12-31", date(2021, 1, 1), False),
            ("2020-01-01", "", date(2019, 12, 31), False),
            ("2020-01-01", "", date(9999, 12, 31), True),
            ("", "2020-12-31", date(2020, 1, 1), False),
            ("", "", date(2019, 11, 1), False),
        ],
    )
    def test_applies_from_its_first_day_to_its_last(
        self, valid_from: str, valid_to: str, day: date, *, applies: bool
    ) -> None:
        """The bounds are inside."""
        assert applies == dated(valid_from, valid_to).applies_on(day)

    @pytest.mark.parametrize("day", [date(2016, 9, 1), date(2019, 11, 1), date(2026, 11, 23)])
    def test_no_day_has_a_known_policy(self, day: date) -> None:
        """The guide gives no first day, so that no shipped policy is known to apply."""
        with pytest.raises(NoPolicyError, match=str(day)):
            policy_on(day)

    def test_latest_is_given_with_a_flag(self) -> None:
        """The documented policy is the shipped one, and says that it is not known to apply."""
        assert a_policy(documented=False) == policy_on(date(2026, 11, 23), undocumented="latest")

    def test_the_policy_of_the_day_needs_no_flag(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of several policies the one that applies is given as it is."""
        policies = (POLICY, dated("2020-01-01", "2020-12-31"), dated("2021-01-01"))
        monkeypatch.setattr(module, "_shipped", lambda: policies)

        assert policies[1] == policy_on(date(2020, 12, 31))

    def test_latest_is_the_last_documented(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where none applies, the day of the document decides, not the order."""
        newer = a_policy(name="newer", documented_on=date(2024, 1, 1))
        monkeypatch.setattr(module, "_shipped", lambda: (newer, POLICY))

        assert "newer" == policy_on(date(2026, 11, 23), undocumented="latest").name

    def test_is_known_by_its_name(self) -> None:
        """A policy is asked for by name, and is documented."""
        assert (NAME, True) == (policy_named(NAME).name, policy_named(NAME).documented)

    def test_unknown_name_lists_the_known_ones(self) -> None:
        """The error helps."""
        with pytest.raises(NoPolicyError, match=NAME):
            policy_named("ameli-1999")
