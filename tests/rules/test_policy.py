"""Policies: every value has a unit, a source and a day, and an invalid file is refused."""

import re
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

import pytest

from creance_pay import DebtKind, Euros
from creance_pay.errors import ConfigurationError, InvalidValueError, NoPolicyError
from creance_pay.rules import Policy, Statement, load_policies, policy_named, policy_on, sources
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
#: The unit of a line for a person, after the value.
SHOWN = {"cents": " EUR", "hours": " hours", "months": " months"}
WRONG_TYPES = {
    "cents": ["16.0", '"1600"', "true", "-1", "[1600]", "2019-11-01"],
    "choice": ["1", "[]", '"never"', "2019-11-01"],
    "codes of IR_NDT_V": ['"PFR"', '["PFR", "XXX"]', "[3]", "3", "[true]"],
    "hours": ["24.0", '"24"', "true", "0", "-1"],
    "months": ["6.5", '"6"', "false", "0", "-6"],
    "words": ['"web"', "[3]", "true", '["web", 3]'],
}


def with_value(name: str, value: str, text: str = SHIPPED) -> str:
    """Return the shipped file with another value."""
    return re.sub(rf"(values\.{name}\]\nvalue = ).*", lambda found: found[1] + value, text)


def with_line(name: str, key: str, line: str, text: str = SHIPPED) -> str:
    """Return the shipped file with another line of a value, or without that line."""
    return re.sub(rf"(values\.{name}\]\n(?:.+\n)*?){key} = .*\n", lambda found: found[1] + line, text)


def refusal(text: str) -> str:
    """Return the text of the error that loading a file raises."""
    with pytest.raises(ConfigurationError) as caught:
        load_policies(text, origin="caisse.toml")
    return str(caught.value)


def dated(valid_from: str = "", valid_to: str = "", text: str = SHIPPED) -> Policy:
    """Load the shipped policy with a first day of effect, and optionally a last one."""
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

    def test_statements(self) -> None:
        """Each value has its unit, a source, and the day of the guide."""
        statements = {name: POLICY.sources[name] for name in UNITS}

        assert UNITS == {name: each.unit for name, each in statements.items()}
        assert {date(2019, 11, 1)} == {each.documented_on for each in statements.values()}
        assert [] == [name for name, each in statements.items() if not each.source]

    def test_line_of_a_shipped_value(self) -> None:
        """The line has the value, its unit, its day and its source."""
        cited = {name: re.escape(str(sources()[POLICY.sources[name].source])) for name in UNITS}
        patterns = {
            name: f"{name} = .+{SHOWN.get(unit, '')}, documented on 2019-11-01: {cited[name]}: .+"
            for name, unit in UNITS.items()
        }

        assert [] == [name for name in UNITS if not re.fullmatch(patterns[name], POLICY.account_for(name))]

    def test_line_of_a_changed_value(self) -> None:
        """A value that the caller changed has no source."""
        lines: list[tuple[str, object, str]] = [
            ("online_min", Euros(1000), "online_min = 10.00 EUR"),
            ("min_basis", "selection", "min_basis = selection"),
            ("band_inclusive", False, "band_inclusive = False"),
            ("open_debt_kinds", ["IND"], "open_debt_kinds = IND"),
            ("display_delay_hours", 48, "display_delay_hours = 48 hours"),
            ("channels", ["web", "app"], "channels = web, app"),
        ]

        assert [f"{line}, set by the caller" for _, _, line in lines] == [
            a_policy(**{name: value}).account_for(name) for name, value, _ in lines
        ]

    def test_line_without_a_file(self) -> None:
        """A policy that was built by hand has no sources."""
        assert "online_min = 16.00 EUR, set by the caller" == a_policy(sources={}).account_for("online_min")

    def test_line_with_a_first_day(self) -> None:
        """The line of a value with a first day has that day."""
        text = with_line("online_min", "documented_on", "since = 2024-01-01\n")

        assert "online_min = 16.00 EUR, since 2024-01-01: " in dated(text=text).account_for("online_min")

    def test_copies(self) -> None:
        """A copy and an unpickled pickle have the same values and sources."""
        copies = [travel(POLICY) for travel in COPIES]

        assert [(POLICY, POLICY.sources)] * len(COPIES) == [(each, each.sources) for each in copies]

    def test_can_be_a_key(self) -> None:
        """Equal policies have equal hashes."""
        assert hash(POLICY) == hash(a_policy())


class TestLoading:
    """No value is converted, inherited, optional or ignored; the error names the file and the policy."""

    def test_shipped_text_loads(self) -> None:
        """The shipped text, which the tests below change, is valid."""
        assert (POLICY,) == load_policies(SHIPPED)

    def test_loads_several(self) -> None:
        """A file can contain several policies, in its order."""
        names = [policy.name for policy in load_policies(SHIPPED + SHIPPED.replace(NAME, "a-caisse"))]

        assert [NAME, "a-caisse"] == names

    def test_other_types(self) -> None:
        """A value of another type, an unknown choice or kind, or a number out of range is refused."""
        texts = {(name, value): with_value(name, value) for name, unit in UNITS.items() for value in WRONG_TYPES[unit]}

        assert [] == [
            case for case, text in texts.items() if not refusal(text).startswith(f"caisse.toml: policy {NAME}: ")
        ]

    def test_other_units(self) -> None:
        """A value in another unit is refused, and the error names both units."""
        refused = {
            (name, unit): refusal(with_line(name, "unit", f'unit = "{unit}"\n'))
            for name in UNITS
            for unit in ("EUR", "")
        }
        got = {"EUR": "'EUR'", "": "no unit"}

        assert refused == {
            (name, unit): f"caisse.toml: policy {NAME}: {name}: expected the unit '{UNITS[name]}', got {got[unit]}"
            for name in UNITS
            for unit in got
        }

    def test_missing_values(self) -> None:
        """Every value is required."""
        refused = {name: refusal(re.sub(rf"\[{NAME}\.values\.{name}\]\n(?:.+\n)*", "", SHIPPED)) for name in UNITS}

        lists = "`creance-pay policy` lists them all"
        assert refused == {name: f"caisse.toml: policy {NAME}: missing values: {name}; {lists}" for name in UNITS}

    def test_unknown_value(self) -> None:
        """A misspelt value is refused."""
        text = SHIPPED + f'[{NAME}.values.online_mim]\nvalue = 1\nunit = "cents"\nsource = "x"\nsince = 2024-01-01\n'

        lists = "`creance-pay policy` lists them all"
        assert f"caisse.toml: policy {NAME}: unknown values: online_mim; {lists}" == refusal(text)

    def test_missing_lines(self) -> None:
        """A value needs its line, a unit and a source."""
        cases = [(name, key) for name in UNITS for key in ("value", "unit", "source")]
        refused = {(name, key): refusal(with_line(name, key, "")) for name, key in cases}

        assert [] == [
            (name, key)
            for (name, key), text in refused.items()
            if not re.match(rf"caisse\.toml: .*{NAME}.*{name}.*{key}", text)
        ]

    def test_wrong_statements(self) -> None:
        """A value has a source, and exactly one of its first day and the day of its document."""
        lines = [
            ("documented_on", ""),
            ("documented_on", "documented_on = 2019-11-01\nsince = 2019-01-01\n"),
            ("source", 'source = ""\n'),
            ("source", 'source = " "\n'),
        ]
        refused = {line: refusal(with_line("online_min", *line)) for line in lines}
        pattern = rf"caisse\.toml: .*a value needs a source.*{NAME}.*online_min"

        assert [] == [line for line, text in refused.items() if not re.match(pattern, text)]

    def test_wrong_lines(self) -> None:
        """A value has its own keys only, of their own types."""
        lines = ['unit = "cents"\nremark = "x"\n', "unit = 3\n"]
        refused = {line: refusal(with_line("online_min", "unit", line)) for line in lines}

        assert [] == [
            line for line, text in refused.items() if not re.match(rf"caisse\.toml: .*{NAME}.*online_min", text)
        ]

    def test_wrong_heads(self) -> None:
        """A policy has a title and the day of its document, and no key of another name."""
        heads = [
            ('title = "', 'titel = "'),
            ('title = "', 'colour = "blue"\ntitle = "'),
            ('title = "', 'valid_from = "2019-11-01"\ntitle = "'),
            ('title = "', 'title = 3 # "'),
            ("documented_on = 2019-11-01\n\n[", "\n["),
            ("documented_on = 2019-11-01\n\n[", 'documented_on = "2019-11-01"\n\n['),
            ("documented_on = 2019-11-01\n\n[", "documented_on = 2019-11-01T00:00:00\n\n["),
        ]
        refused = {(old, new): refusal(SHIPPED.replace(old, new, 1)) for old, new in heads}

        assert [] == [head for head, text in refused.items() if not re.match(rf"caisse\.toml: .*{NAME}", text)]

    def test_other_files(self) -> None:
        """For invalid TOML, and for TOML of another kind, the error names the file."""
        texts = ["[a", "a = ", "= 1", SHIPPED + SHIPPED, "a = 1", "a = []", "\ud800"]

        assert [] == [text for text in texts if not refusal(text).startswith("caisse.toml: ")]

    def test_plain_errors(self) -> None:
        """An error names the value, and what was expected, in the words of this package."""
        refused = [
            refusal(with_line(name, key, line))
            for name, key, line in [
                ("min_basis", "value", 'value = "total"\n'),
                ("online_min", "value", "value = 16.0\n"),
                ("channels", "value", 'value = "web"\n'),
                ("online_min", "source", ""),
                ("online_min", "documented_on", ""),
                ("online_min", "documented_on", 'documented_on = "2019-11-01"\n'),
            ]
        ]
        place = f" @ $['{NAME}'].values['online_min']"

        assert [
            f"policy {NAME}: min_basis: expected one of reference, selection, got a text of 5 characters",
            f"policy {NAME}: online_min: expected cents to be an int, got float",
            f"policy {NAME}: channels: expected a list of words, got a text of 3 characters",
            f"required field missing{place}.source",
            f"a value needs a source, and either since or documented_on{place}",
            f"expected date, got str{place}.documented_on",
        ] == [text.removeprefix("caisse.toml: ") for text in refused]

    @pytest.mark.parametrize(
        ("given", "found"), [("caisse.toml", "the name of a file"), (PurePosixPath("a"), "PurePosixPath")]
    )
    def test_name_of_a_file(self, given: object, found: str) -> None:
        """The name of a file is refused where its text is expected."""
        with pytest.raises(ConfigurationError, match=f"^policy file: expected the text of a file, got {found}$"):
            load_policies(given)  # type: ignore[arg-type]

    def test_default_origin(self) -> None:
        """The error for a text without a file name has a default name."""
        with pytest.raises(ConfigurationError, match=r"^policy file: "):
            load_policies("[a")


STRANDED = "online_max_per_payment is below twice online_min: a remainder too small to be paid could not be avoided"
CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"notice_band_min": Euros(15001)}, "the band from notice_band_min to notice_band_max is empty"),
    ({"notice_band_max": Euros(4999)}, "the band from notice_band_min to notice_band_max is empty"),
    (
        {"band_inclusive": False, "notice_band_min": Euros(5000), "notice_band_max": Euros(5001)},
        "the band from notice_band_min to notice_band_max is empty",
    ),
    ({"online_min": Euros(0)}, "the range from online_min to online_max_per_payment is empty"),
    ({"online_min": Euros(5001)}, "the range from online_min to online_max_per_payment is empty"),
    ({"online_max_per_payment": Euros(1599)}, "the range from online_min to online_max_per_payment is empty"),
    ({"online_min": Euros(2501)}, STRANDED),
    ({"online_max_per_payment": Euros(3198)}, STRANDED),
    ({"valid_from": date(2020, 1, 2), "valid_to": date(2020, 1, 1)}, "the last day comes before the first"),
]
SOUND: list[dict[str, Any]] = [
    {"notice_band_min": Euros(15000)},
    {"notice_band_min": Euros(0)},
    {"band_inclusive": False, "notice_band_min": Euros(5000), "notice_band_max": Euros(5002)},
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
    """A policy is validated when it is built, from a file or by attrs.evolve."""

    def test_contradictions(self) -> None:
        """Values that contradict each other are refused."""
        for values, message in CONTRADICTIONS:
            with pytest.raises(ConfigurationError, match=f"^{message}$"):
                a_policy(**values)

    def test_edges(self) -> None:
        """The edge of each check is valid."""
        assert {Policy} == {type(a_policy(**values)) for values in SOUND}

    def test_twice_the_minimum(self) -> None:
        """In a file too, twice the minimum may exceed the maximum by one cent at most (R12)."""
        texts = {
            minimum: with_value("online_max_per_payment", "4999", with_value("online_min", str(minimum)))
            for minimum in (2500, 2501)
        }
        stranded = f"caisse.toml: policy {NAME}: {STRANDED}"

        assert Euros(2500) == load_policies(texts[2500])[0].online_min
        assert stranded == refusal(texts[2501])

    def test_amounts_are_euros(self) -> None:
        """A number of cents is no amount."""
        for name in ("notice_band_min", "notice_band_max", "online_min", "online_max_per_payment"):
            for value in (1600, "16.00", None):
                with pytest.raises(ConfigurationError, match=name):
                    a_policy(**{name: value})

    def test_other_types(self) -> None:
        """The error for a value of another type or out of range names the value."""
        wrong: list[tuple[str, object]] = [
            ("name", 3),
            ("documented_on", "2019-11-01"),
            ("valid_from", "2019-11-01"),
            ("documented", 1),
            ("band_inclusive", 1),
            ("display_delay_hours", 0),
            ("display_delay_hours", True),
            ("mailbox_retention_months", -1),
            ("mailbox_retention_months", 6.0),
        ]
        for name, value in wrong:
            with pytest.raises(ConfigurationError, match=name):
                a_policy(**{name: value})

    def test_unknown_words(self) -> None:
        """A choice is one of its words, and a list is a list: the error names the expected and the received value."""
        wrong: list[tuple[str, object, str]] = [
            ("band_checked_at", "never", "^expected one of notice, access, got a text of 5 characters$"),
            ("min_basis", None, "^expected one of reference, selection, got NoneType$"),
            ("open_debt_kinds", ["XXX"], "^expected kinds among PFR, .*, got XXX$"),
            ("open_debt_kinds", "PFR", "^expected a list of words, got a text of 3 characters$"),
            ("channels", "web", "^expected a list of words, got a text of 3 characters$"),
            ("payment_means", [1], "^expected a list of words, got list$"),
        ]
        choices = ("total_basis", "max_basis", "stranding", "display_counted_in", "retention_counted_in")
        for name, value, text in (*wrong, *((name, "sometimes", "^expected one of") for name in choices)):
            with pytest.raises(ConfigurationError, match=text):
                a_policy(**{name: value})

    def test_words(self) -> None:
        """A choice can be given by its word."""
        words: list[tuple[str, object, object]] = [
            ("band_checked_at", "access", BandCheck.ACCESS),
            ("band_checked_at", BandCheck.NOTICE, BandCheck.NOTICE),
            ("min_basis", "selection", MinBasis.SELECTION),
            ("open_debt_kinds", ["IND", DebtKind.PFR], (DebtKind.IND, DebtKind.PFR)),
        ]

        assert [member for _, _, member in words] == [
            getattr(a_policy(**{name: word}), name) for name, word, _ in words
        ]

    def test_days_of_a_statement(self) -> None:
        """A statement has exactly one of its two days."""
        wrong: list[dict[str, Any]] = [{}, {"since": date(2019, 1, 1), "documented_on": date(2019, 11, 1)}]
        for days in wrong:
            with pytest.raises(ConfigurationError):
                Statement(value=1, unit="cents", source="a source", **days)


class TestDays:
    """A policy applies from its first to its last day, both included; without a first day, on none."""

    def test_applies_from_its_first_day_to_its_last(self) -> None:
        """The policy applies on its first and its last day."""
        expected = {
            ("2020-01-01", "2020-12-31", date(2019, 12, 31)): False,
            ("2020-01-01", "2020-12-31", date(2020, 1, 1)): True,
            ("2020-01-01", "2020-12-31", date(2020, 12, 31)): True,
            ("2020-01-01", "2020-12-31", date(2021, 1, 1)): False,
            ("2020-01-01", "", date(2019, 12, 31)): False,
            ("2020-01-01", "", date(9999, 12, 31)): True,
            ("", "2020-12-31", date(2020, 1, 1)): False,
            ("", "", date(2019, 11, 1)): False,
        }

        assert expected == {(first, last, day): dated(first, last).applies_on(day) for first, last, day in expected}

    def test_no_day_has_a_known_policy(self) -> None:
        """The guide gives no first day, so that no shipped policy is known to apply."""
        for day in (date(2016, 9, 1), date(2019, 11, 1), date(2026, 11, 23)):
            with pytest.raises(NoPolicyError, match=str(day)):
                policy_on(day)

    def test_latest_is_given_with_a_flag(self) -> None:
        """The latest documented policy is the shipped one, marked as not documented for the day."""
        assert a_policy(documented=False) == policy_on(date(2026, 11, 23), undocumented="latest")

    def test_the_policy_of_the_day_needs_no_flag(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of several policies, the one that applies is returned unchanged."""
        policies = (POLICY, dated("2020-01-01", "2020-12-31"), dated("2021-01-01"))
        monkeypatch.setattr(module, "_shipped", lambda: policies)

        assert policies[1] == policy_on(date(2020, 12, 31))

    def test_latest_is_the_last_documented(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where none applies, the latest document decides, not the order."""
        newer = a_policy(name="newer", documented_on=date(2024, 1, 1))
        monkeypatch.setattr(module, "_shipped", lambda: (newer, POLICY))

        assert "newer" == policy_on(date(2026, 11, 23), undocumented="latest").name

    def test_is_known_by_its_name(self) -> None:
        """A policy that was requested by name is documented."""
        assert (NAME, True) == (policy_named(NAME).name, policy_named(NAME).documented)

    def test_unknown_name_lists_the_known_ones(self) -> None:
        """The error lists the known names."""
        with pytest.raises(NoPolicyError, match=NAME):
            policy_named("ameli-1999")


class TestFiles:
    """A file of policies: in order, without overlap, checked again in time."""

    def own(self, *texts: str) -> tuple[Policy, ...]:
        """Load the shipped policy under other names and days."""
        whole = "\n".join(
            SHIPPED.replace("ameli-2019-11", name).replace("documented_on = 2019-11-01\nlongest", f"{days}\nlongest")
            for name, _, days in (text.partition(":") for text in texts)
        )
        return load_policies(whole, origin="caisse.toml")

    def test_by_day(self) -> None:
        """Each day of a known period has its policy, its first and its last day included."""
        first, second = (
            "early:documented_on = 2026-01-01\nvalid_from = 2026-01-01\nvalid_to = 2026-06-30",
            "late:documented_on = 2026-06-01\nvalid_from = 2026-07-01",
        )
        policies = self.own(first, second)

        days = [date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1), date(2099, 1, 1)]

        assert ["early", "early", "late", "late"] == [policy_on(day, policies=policies).name for day in days]
        assert policy_named("late", policies=policies) == policies[1]

    def test_out_of_order(self) -> None:
        """Policies out of order, or of one day, are refused with the file and the policy."""
        late, early = (
            "documented_on = 2026-06-01\nvalid_from = 2026-07-01",
            "documented_on = 2026-01-01\nvalid_from = 2026-01-01",
        )
        files = [
            (["b:documented_on = 2026-02-01", "a:documented_on = 2026-01-01"], "documented before the one above it"),
            ([f"a:{early}\nvalid_to = 2026-07-01", f"b:{late}"], "it begins before a ends"),
            ([f"a:{early}", f"b:{late}"], "it begins before a ends"),
        ]
        for texts, problem in files:
            with pytest.raises(ConfigurationError, match=rf"caisse\.toml: policy \w: {problem}"):
                self.own(*texts)

    def test_moment(self) -> None:
        """A datetime falls on different days in different zones, and is refused."""
        with pytest.raises(InvalidValueError, match=r"^expected day to be a date, got datetime$"):
            policy_on(datetime(2026, 1, 1, tzinfo=UTC))

    def test_no_policy_at_all(self) -> None:
        """Without any policy there is no latest one."""
        with pytest.raises(LookupError):
            policy_on(date(2026, 1, 1), undocumented="latest", policies=())

    def test_overdue(self) -> None:
        """A value is overdue after the months that the file allows, counted from the last check."""
        due, of_the_law = date(2021, 11, 1), {"schedule_max_months"}  # the law was read in November 2026

        assert () == POLICY.overdue(due)
        assert set(POLICY.sources) - of_the_law == set(POLICY.overdue(date(2021, 11, 2)))
        assert {due} == {POLICY.confirm_by(name) for name in POLICY.sources.keys() - of_the_law}

    def test_seen_again(self) -> None:
        """A check of a value starts its months again."""
        text = SHIPPED.replace("value = 24\n", "value = 24\nseen_on = 2026-11-23\n")

        (policy,) = load_policies(text)

        assert "display_delay_hours" not in policy.overdue(date(2028, 11, 23))
        assert "display_delay_hours" in policy.overdue(date(2028, 11, 24))

    def test_line_of_an_overdue_value(self) -> None:
        """The line of a value that is overdue on a day has the last day on which it was confirmed."""
        lines = [POLICY.account_for("online_min", on=day) for day in (date(2021, 11, 1), date(2021, 11, 2))]

        assert [lines[0], f"{lines[0]} (overdue: last confirmed on 2019-11-01)"] == lines
        assert lines[0] == POLICY.account_for("online_min")


#: The file of a caisse: a policy that states only what it changes, and one for another kind of debt.
OWN = """
[sources.note]
document = "Note du directeur comptable et financier"
publisher = "a caisse"
seen_on = 2026-12-01
places.values = "values of 2027"

[own-2027]
title = "Own values"
based_on = "ameli-2019-11"
documented_on = 2026-12-01
valid_from = 2027-01-01
confirmed = { on = 2026-12-01, source = "note.values", values = ["online_max_per_payment", "notice_band_max"] }

[own-2027.values.online_min]
value = 1000
unit = "cents"
source = "note.values"
since = 2027-01-01

[own-2027-indus]
title = "Own values for indus"
based_on = "own-2027"
documented_on = 2026-12-01
valid_from = 2027-01-01

[own-2027-indus.values.open_debt_kinds]
value = ["IND"]
unit = "codes of IR_NDT_V"
source = "note.values"
note = "indus are open"
since = 2027-01-01
"""


def own(old: str = "", new: str = "") -> tuple[Policy, ...]:
    """Load the caisse's file, with a change."""
    assert old in OWN
    return load_policies(OWN.replace(old, new, 1), origin="caisse.toml")


class TestOwnFile:
    """A caisse's file states only what it changes, and is checked as a whole."""

    def test_changes(self) -> None:
        """A policy has its own values and, for the others, those of its base with their sources."""
        general, indus = own()

        assert ("ameli-2019-11", Euros(1000), Euros(5000)) == (
            general.based_on,
            general.online_min,
            general.online_max_per_payment,
        )
        assert POLICY.sources["min_basis"] == general.sources["min_basis"]
        assert (Euros(1000), (DebtKind.IND,)) == (indus.online_min, indus.open_debt_kinds)
        assert a_policy(name="own-2027", documented_on=date(2026, 12, 1), valid_from=date(2027, 1, 1),
                        online_min=Euros(1000)) == general  # fmt: skip

    def test_line(self) -> None:
        """The line of a value names the caisse's own source, in a policy that is based on the first one too."""
        general, indus = own()

        assert "online_min = 10.00 EUR, since 2027-01-01: note, values of 2027" == general.account_for("online_min")
        assert general.account_for("online_min") == indus.account_for("online_min")
        assert "open_debt_kinds = IND, since 2027-01-01: note, values of 2027: indus are open" == indus.account_for(
            "open_debt_kinds"
        )

    def test_confirmation(self) -> None:
        """A value that the caisse confirms is not overdue for two years; another inherited value is."""
        general, indus = own()
        day = date(2028, 12, 1)

        assert {"online_min", "online_max_per_payment", "notice_band_max"} == {*POLICY.sources} - {
            *general.overdue(day)
        }
        assert {*POLICY.sources} - {"online_min", "open_debt_kinds"} == {*indus.overdue(date(2028, 12, 2))}
        assert "note.values" == general.sources["notice_band_max"].seen_in
        assert ", documented on 2019-11-01, confirmed on 2026-12-01: guide, " in general.account_for("notice_band_max")

    def test_checked_as_a_whole(self) -> None:
        """An own value that contradicts an inherited one is refused, and every fault names the file and the policy."""
        faults = [
            ("value = 1000", "value = 2501", f"own-2027: {STRANDED}"),
            ('based_on = "ameli-2019-11"', 'based_on = "ameli"', "own-2027: no policy of that name; known: ameli-2019"),
            ('based_on = "ameli-2019-11"', "", "own-2027: missing longest_unseen_months"),
            ('based_on = "ameli-2019-11"', "longest_unseen_months = 24", "own-2027: missing values: ackn"),
            ('based_on = "own-2027"', 'based_on = "own-2027-indus"', "own-2027-indus: no policy of that name; known"),
            ('"online_max_per_payment", "n', '"online_maximum", "n', "own-2027: confirmed: unknown values: online_max"),
            ('source = "note.values", values', 'source = "note", values', "own-2027: unknown source 'note'"),
            ('source = "note.values"\nsince', 'source = "notes"\nsince', "own-2027: unknown source 'notes'"),
            ('value = ["IND"]', 'value = ["IND", "FRR"]', "own-2027-indus: it begins before own-2027 ends"),
        ]
        for old, new, text in faults:
            with pytest.raises(ConfigurationError, match=f"^caisse.toml: policy {re.escape(text)}"):
                own(old, new)

    def test_broken_source(self) -> None:
        """The sources of the file are a table, and a document has all its keys."""
        with pytest.raises(ConfigurationError, match=r"^caisse.toml: sources: .*publisher"):
            own('publisher = "a caisse"')
        with pytest.raises(ConfigurationError, match=r"^caisse.toml: sources: expected a table, got int$"):
            load_policies("sources = 3", origin="caisse.toml")

    def test_one_after_the_other(self) -> None:
        """Two policies of one kind may follow each other."""
        text = OWN.replace('value = ["IND"]', 'value = ["FRR"]').replace(
            "01-01\nconf", "01-01\nvalid_to = 2027-06-30\nconf"
        )
        later = text.replace("valid_from = 2027-01-01\n\n", "valid_from = 2027-07-01\n\n")

        assert ["own-2027", "own-2027-indus"] == [policy.name for policy in load_policies(later)]
        with pytest.raises(ConfigurationError, match="it begins before own-2027 ends"):
            load_policies(text)


class TestKinds:
    """A day has one policy for each kind of debt."""

    def test_of_a_kind(self) -> None:
        """The policy that opens the kind applies; a kind that none opens has the first policy, which refuses it."""
        day, policies = date(2027, 1, 1), own()
        found = {kind: policy_on(day, kind=DebtKind(kind), policies=policies).name for kind in ("PFR", "IND", "ASP")}

        assert {"PFR": "own-2027", "IND": "own-2027-indus", "ASP": "own-2027"} == found

    def test_no_kind(self) -> None:
        """Without a kind, several policies of one day are an error."""
        with pytest.raises(InvalidValueError, match=r"^expected kind, .* on 2027-01-01: own-2027, own-2027-indus$"):
            policy_on(date(2027, 1, 1), policies=own())

    def test_latest_of_a_kind(self) -> None:
        """Where none is known to apply, the latest document that opens the kind is returned."""
        policies = (POLICY, *own())
        found = {
            kind: policy_on(date(2026, 1, 1), kind=DebtKind(kind), undocumented="latest", policies=policies)
            for kind in ("PFR", "IND", "ASP")
        }

        assert {"PFR": "own-2027", "IND": "own-2027-indus", "ASP": "own-2027"} == {
            kind: each.name for kind, each in found.items()
        }
        assert {False} == {each.documented for each in found.values()}
