"""Secret keys: refused values, choice by version, and discretion."""

import copy
import json
import pickle
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from creance_pay._clock import utc_now
from creance_pay.errors import ConfigurationError, UnknownKeyError
from creance_pay.gateways import KeyRing, SecretKey
from sips_merchant import NOON, SECRET, SECRETS, error_of, ring

# The ways to write an object as text.
WAYS_TO_LOOK: dict[str, Callable[[object], object]] = {
    "repr": repr,
    "str": str,
    "format": lambda thing: f"{thing}",
    "percent": lambda thing: "%r" % (thing,),  # noqa: UP031 - loggers write like this
    "json": lambda thing: json.dumps([thing], default=str),
    "copy": lambda thing: repr(copy.copy(thing)),
    "deepcopy": lambda thing: repr(copy.deepcopy(thing)),
}


def key(**changes: object) -> SecretKey:
    """Build a key of the merchant, with changes of any type."""
    return SecretKey(**{"version": "2", "secret": SECRET, **changes})  # type: ignore[arg-type]


def locals_of(error: BaseException) -> str:
    """Write a traceback as a debugging page does, local variables included; only the frames of the library."""
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    whole.stack = traceback.StackSummary.from_list([frame for frame in whole.stack if "creance_pay" in frame.filename])
    return "".join(whole.format())


class TestSecret:
    """A secret is a text as the bank gave it, or it is refused."""

    def test_refused(self) -> None:
        """A value that cannot be a secret is refused in every environment (A26, A27, A29, A31)."""
        secrets = [
            "", " ", None, b"a-secret-of-the-shop", 1234567890123456, ["a-secret"], f" {SECRET}", f"{SECRET} ",
            f"{SECRET}\n", f"\t{SECRET}", f"{SECRET}\u00a0", "a-secret\x00of-the-shop", "a-secret\nof-the-shop",
            "a-secret\ud800",
        ]  # fmt: skip
        errors = [(secret, error_of(key, secret=secret)) for secret in secrets]

        assert [] == [secret for secret, error in errors if "expected a secret as text" not in str(error)]

    def test_absent(self) -> None:
        """There is no default: a key without secret cannot be made (A27)."""
        with pytest.raises(TypeError, match="secret"):
            SecretKey(version="2")  # type: ignore[call-arg]

    @pytest.mark.parametrize("secret", ["s", "secret123", SECRET, "clé-à-l’accent", "two words"])
    def test_accepted(self, secret: str) -> None:
        """A secret is used as it is, short ones included: which one is too weak depends on the environment."""
        assert secret == key(secret=secret).get_secret_value()

    def test_version_refused(self) -> None:
        """A version is 1 to 64 printable ASCII characters without a blank."""
        versions = ["", "two 2", " 1", "1\n", "\u00b2", "\uff11", "2" * 65, 2, None]
        errors = [(version, error_of(key, version=version)) for version in versions]

        assert [] == [version for version, error in errors if "expected a key version" not in str(error)]

    @pytest.mark.parametrize(("version", "found"), [("two 2", "5 characters"), (2, "int")])
    def test_error_of_a_version(self, version: object, found: str) -> None:
        """The error about a version names its length or its type."""
        with pytest.raises(ConfigurationError, match=f"1 to 64 printable ASCII characters, got {found}$"):
            key(version=version)

    def test_longest_version(self) -> None:
        """Sixty-four characters are a version."""
        assert "k" * 64 == key(version="k" * 64).version

    @pytest.mark.parametrize("moment", ["2026-11-23", 0, NOON.date(), NOON.replace(tzinfo=None)])
    def test_last_moment_refused(self, moment: object) -> None:
        """The last moment is a datetime with its zone, or there is none."""
        with pytest.raises(ConfigurationError, match="not_after"):
            key(not_after=moment)


class TestWeakness:
    """A key that cannot protect real payments has a reason."""

    SECRETS = {  # noqa: RUF012 - a table of the tests
        "shorter than 16 characters": ["s", "None", "changeme", "fifteen-letters"],
        # The keys that the vendor prints for its simulators (A28).
        "the public key of a simulator": ["002001000000001_KEY1", "002001000000004_KEY1", "002016000000001_KEY12"],
        # The vendor's test key, and those of its test merchants, which guides and samples print (A28).
        "a published key of a test merchant": [
            "superSafeSecretKey",
            "S9i8qClCnb2CZU3y3Vn0toIOgz3z_aBi79akR30vM9o",
            "mA1c6hfBFX-tk9Pi1KQzQwnq9daF8rfOtclnRaIRc20",
        ],
        # Copied from an example.
        "a key made up for an example": [
            "a-key-made-up-for-this-page", "KEY_MADE_UP_BY_HAND", "a made up key 12", "madeup-0123456789",
        ],
        # Nothing but words that stand for a secret (A31).
        "a placeholder": [
            "changemechangeme", "CHANGE-ME-CHANGE-ME", "your_secret_key_placeholder", "NoneNoneNoneNone", "x" * 16,
            "xxxx-xxxx-xxxx-xxxx", "*" * 17, "password-password", "test_secret_key_todo",
        ],
        None: [SECRET, "sixteen-letters!", "test-7c9e6679f7425", "changemenot-4f8a91", "k3Jw9-of-a-fixture"],
    }  # fmt: skip

    @pytest.mark.parametrize("weakness", SECRETS)
    def test_weakness(self, weakness: str | None) -> None:
        """A weak key has a reason; sixteen characters that are more than such words have none (A30)."""
        secrets = self.SECRETS[weakness]

        assert dict.fromkeys(secrets, weakness) == {secret: key(secret=secret).weakness for secret in secrets}


class TestRetirement:
    """A key authenticates until its last moment, and not after it."""

    @pytest.mark.parametrize(
        ("after", "retired"),
        [(timedelta(seconds=-1), False), (timedelta(0), False), (timedelta(microseconds=1), True)],
    )
    def test_at_the_limit(self, after: timedelta, retired: bool) -> None:  # noqa: FBT001 - a row of a table
        """The last moment itself is included."""
        assert retired is key(not_after=NOON).retired(NOON + after)

    def test_never(self) -> None:
        """A key without last moment never retires."""
        assert not key().retired(datetime.max.replace(tzinfo=UTC))


class TestKeyRing:
    """Keys are chosen by version, never by position."""

    def test_current(self) -> None:
        """The current key is the one of the version that was named."""
        assert SECRETS["2"] == ring().current.get_secret_value()

    def test_versions(self) -> None:
        """The ring lists its versions in the order given."""
        assert ("2", "1") == ring().versions

    def test_iterates(self) -> None:
        """Iterating yields each key once."""
        assert ["2", "1"] == [each.version for each in ring()]

    @pytest.mark.parametrize(
        ("keys", "current"),
        [([], "2"), ([key()], "1"), ([key()], "02"), ([key()], 2), ([key(), key(secret="another-secret-01")], "2"),
         (["a-secret-of-the-shop"], "2"), ([("2", SECRET)], "2")],
        ids=["empty", "no-current", "leading-zero", "number", "duplicate", "text", "tuple"],
    )  # fmt: skip
    def test_refused(self, keys: list[SecretKey], current: str) -> None:
        """Two keys of one version, no current key, or an item that is no key are refused (A32, A33)."""
        with pytest.raises(ConfigurationError):
            KeyRing(keys, current=current)

    def test_no_key(self) -> None:
        """The error about an item that is no key names its type."""
        with pytest.raises(ConfigurationError, match=r"expected a key ring of SecretKey, got str$"):
            KeyRing([key(), "a-secret"], current="2")  # type: ignore[list-item]

    def test_find(self) -> None:
        """The older key is found by its version."""
        assert SECRETS["1"] == ring().find("1", now=NOON).get_secret_value()

    def test_unknown(self) -> None:
        """Another spelling of a version is another version (A25)."""
        versions = ["3", "02", "", "2 ", "\uff12"]
        errors = {version: error_of(ring().find, version, now=NOON) for version in versions}

        assert [] == [version for version, error in errors.items() if not isinstance(error, UnknownKeyError)]

    def test_retired(self) -> None:
        """A key past its last moment is not found, and the error names the reason (A34)."""
        keys = KeyRing([key(), key(version="1", not_after=NOON)], current="2")

        with pytest.raises(UnknownKeyError, match="key 1 is retired"):
            keys.find("1", now=NOON + timedelta(microseconds=1))

    def test_last_moment(self) -> None:
        """A key is found at its last moment."""
        last = key(version="1", not_after=NOON)

        assert last is KeyRing([key(), last], current="2").find("1", now=NOON)


class TestDiscretion:
    """A secret appears in no text, pickle or copy (H4, H5)."""

    @pytest.mark.parametrize("thing", [key(), ring(), key().secret], ids=["key", "ring", "secret"])
    def test_hidden(self, thing: object) -> None:
        """No usual way to write an object shows a secret."""
        assert [] == [name for name, look in WAYS_TO_LOOK.items() if SECRET in str(look(thing))]

    def test_asdict(self) -> None:
        """The dictionary that attrs makes of a key does not show its secret."""
        assert SECRET not in repr(attrs.asdict(key()))

    def test_vars(self) -> None:
        """The variables of a ring do not show a secret, and a key has none."""
        assert SECRET not in repr(vars(ring()))

    @pytest.mark.parametrize("thing", [key(), ring(), key().secret], ids=["key", "ring", "secret"])
    def test_pickle(self, thing: object) -> None:
        """No pickle, of any protocol, contains a secret."""
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot be pickled"):
                pickle.dumps(thing, protocol)

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
    def test_copy(self, copied: Callable[[SecretKey], SecretKey]) -> None:
        """A copy of a key has the same wrapped secret: the secret is not copied."""
        original = key()

        assert original.secret is copied(original).secret

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
    def test_copy_of_the_hidden(self, copied: Callable[[object], object]) -> None:
        """A copy of the wrapped secret is itself."""
        hidden = key().secret

        assert hidden is copied(hidden)

    def test_evolve(self) -> None:
        """A changed key keeps the secret."""
        assert SECRET == attrs.evolve(key(), version="3").get_secret_value()

    def test_equality(self) -> None:
        """Secrets are not compared by equality: two keys of one text differ."""
        assert key() != key()

    def test_equal_to_itself(self) -> None:
        """A key equals itself, and can be in a set."""
        original = key()

        assert 1 == len({original, original})

    @pytest.mark.parametrize("changes", [{"secret": f"{SECRET}\n"}, {"version": "two 2"}, {"not_after": "tomorrow"}])
    def test_traceback_of_a_refusal(self, changes: dict[str, object]) -> None:
        """The local variables of a refused construction do not show the secret."""
        with pytest.raises(ConfigurationError) as caught:
            key(**changes)

        assert SECRET not in locals_of(caught.value)

    @pytest.mark.parametrize("changes", [{"secret": f"{SECRET}\n"}, {"secret": SECRET.encode()}, {"version": SECRET}])
    def test_error_of_a_refusal(self, changes: dict[str, object]) -> None:
        """The error of a refused construction does not quote the value."""
        with pytest.raises(ConfigurationError) as caught:
            key(**changes)

        assert SECRET not in f"{caught.value!r} {caught.value}"


def test_utc_now() -> None:
    """The default clock returns a time in UTC."""
    assert UTC is utc_now().tzinfo
