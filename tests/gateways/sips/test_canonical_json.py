"""The JSON that Sips seals: the vectors, the order of the values, and texts that are no document."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creance_pay.gateways import SealAlgorithm, SecretKey, seal
from creance_pay.gateways.sips.canonical_json import load, text_to_seal
from creance_pay.gateways.sips.data import Data
from creance_pay.gateways.sips.paypage_json import nest
from message_strategies import any_text
from sips_merchant import read_cases

VECTORS = [vector for vector in read_cases("sips_vectors.json")["vectors"] if "json" in vector]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)


def test_vectors() -> None:
    """The documents of the vendor's guides and of other tools have the texts and the seals of their vectors."""
    assert VECTORS
    assert {vector["id"]: (vector["seal_input"], vector["seal"]) for vector in VECTORS} == {
        vector["id"]: (
            text_to_seal(load(json.dumps(vector["json"]))),
            seal(
                text_to_seal(load(json.dumps({**vector["json"], "seal": "another"}))),
                SecretKey(version="1", secret=vector["key"]),
                SealAlgorithm(vector["algorithm"]),
            ),
        )
        for vector in VECTORS
    }


class TestConcatenated:
    """Values follow the ASCII order of their names, each as JSON writes it (I7)."""

    def test_text(self) -> None:
        """A document has one text, in any spelling."""
        texts = {
            "{}": "",
            '{"b": "2", "a": "1"}': "12",
            '{"a": "1", "B": "2"}': "21",
            '{"a": {"z": "1", "b": "2"}, "ab": "3"}': "213",
            '{"a": ["2", "1"]}': "21",
            '{"a": [{"z": "1", "b": "2"}, ["3", ["4"]]]}': "2134",
            '{"a": null, "b": [null, {"c": null}]}': "",
            '{"a": "None", "b": "null", "c": null}': "Nonenull",
            '{"a": true, "b": false}': "truefalse",
            '{"a": 44000, "b": 1.50, "c": 1e3, "d": -0}': "440001.501e3-0",
            '{"a": NaN, "b": -Infinity}': "NaN-Infinity",
            '{"keyVersion": "1", "sealAlgorithm": "x", "seal": "y", "a": "1"}': "1",
            '{"a": {"seal": "y", "keyVersion": "1"}}': "1y",
            '{"a": "é\\u20ac"}': "é€",
            '{"a": "2", "a": "1"}': "21",
        }

        assert texts == {text: text_to_seal(load(text)) for text in texts}

    def test_long_number(self) -> None:
        """A number of any length is the text of its digits."""
        assert "9" * 5000 == text_to_seal(load(f'{{"a": {"9" * 5000}}}'))


class TestLoad:
    """A document is one object of a bounded size."""

    @pytest.mark.parametrize(
        "text",
        ["", "x", "[]", "null", '"a"', "1", "{", '{"a": 1', '{"a": 1}}', "{'a': 1}", '{"a": "\n"}', "<html></html>",
         '{"a": ' + "[" * 100_000, '{"a": ' + "[" * 200 + "]" * 200 + "}", "\ufeff{}"],
        ids=range(15),
    )  # fmt: skip
    def test_refused(self, text: str) -> None:
        """Any other text is refused, at any depth."""
        with pytest.raises(ValueError):  # noqa: PT011 - each of them is no document
            load(text)

    @pytest.mark.parametrize(
        ("largest", "larger"),
        [
            ('{"a": [' + ",".join(["{}"] * 98) + "]}", '{"a": [' + ",".join(["{}"] * 99) + "]}"),
            ('{"a": ' * 8 + "1" + "}" * 8, '{"a": ' * 9 + "1" + "}" * 9),
            ('{"a": ' + "[" * 7 + "1" + "]" * 7 + "}", '{"a": ' + "[" * 8 + "1" + "]" * 8 + "}"),
            ("{" + ",".join(['"a":1'] * 1000) + "}", "{" + ",".join(['"a":1'] * 1001) + "}"),
            ('{"a": [' + ",".join("1" * 1000) + "]}", '{"a": [' + ",".join("1" * 1001) + "]}"),
            ('{"' + "a" * 64 + '": 1}', '{"' + "a" * 65 + '": 1}'),
        ],
        ids=["containers", "objects in objects", "lists in lists", "names", "items", "characters of a name"],
    )
    def test_bounds(self, largest: str, larger: str) -> None:
        """A document of the largest size is parsed; a larger one is refused before anything is built from it."""
        assert load(largest)
        with pytest.raises(ValueError, match="expected"):
            load(larger)


class TestData:
    """The answers that are JSON have the same names as those of pairs."""

    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ('{"a": 44000, "b": true, "c": null, "d": "x"}', {"a": "44000", "b": "true", "c": "null", "d": "x"}),
            ('{"a": {"b": {"c": "1"}}}', {"a.b.c": "1"}),
            ('{"a": ["CB", "VISA"], "b": []}', {"a": "CB,VISA", "b": ""}),
            ('{"a": [{"b": 1}, {"b": 2}]}', {"a.0.b": "1", "a.1.b": "2"}),
        ],
    )
    def test_values(self, text: str, values: dict[str, str]) -> None:
        """Containers have dots, lists commas, and every value is a text."""
        data = Data.parse_json(text)

        assert (True, {name: (value,) for name, value in values.items()}) == (data.well_formed, data.values)

    def test_null(self) -> None:
        """A null is no value, and not the word None (I7)."""
        assert None is Data.parse_json('{"a": null}').get("a")

    @pytest.mark.parametrize(
        "text",
        ['{"a": "1", "a": "1"}', '{"a.b": "1", "a": {"b": "2"}}', '{"": "1"}', '{"a": "\\u0000"}', '{"a\\n": ""}',
         '{"a": "\\ud800"}', "{", "{a=1|b=2"],
    )  # fmt: skip
    def test_ill_formed(self, text: str) -> None:
        """A document with a repeated or empty name, or a control character, is ill-formed (J26)."""
        assert not Data.parse_json(text).well_formed

    def test_unreadable(self) -> None:
        """A text that is no document has no fields."""
        assert Data(values={}, repeated=(), well_formed=False) == Data.parse_json("{")

    def test_repeated(self) -> None:
        """Both values of a repeated name are kept."""
        assert {"a": ("1", "2")} == Data.parse_json('{"a": "1", "a": "2"}').values

    @given(st.dictionaries(any_text, values, max_size=4))
    def test_no_exception(self, document: dict[str, Any]) -> None:
        """A document is parsed, and has the same text under the seal in any order of its names."""
        text, back = json.dumps(document), json.dumps(dict(reversed(document.items())))

        assert (True, text_to_seal(load(text))) == (isinstance(Data.parse_json(text), Data), text_to_seal(load(back)))

    @given(any_text)
    def test_any_text(self, text: str) -> None:
        """Any text after a brace is parsed without an exception."""
        assert isinstance(Data.parse_json("{" + text), Data)


@given(st.dictionaries(st.sampled_from(["a", "b.c", "b.d", "eList"]), st.text("xyz", min_size=1)))
def test_nest(fields: dict[str, str]) -> None:
    """Nested fields are parsed back to their dotted names."""
    assert {name: (value,) for name, value in fields.items()} == Data.parse_json(json.dumps(nest(fields))).values
