"""Key files: what was written is read again by who may open it, and everybody else learns nothing."""

import base64
import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creance_pay._secret import Secret, as_secret
from creance_pay.errors import ConfigurationError
from creance_pay.gateways import KeyRing, SecretKey, keyfile
from creance_pay.gateways.keyfile import KEY, PASSPHRASE, FileKey, encrypt, read_secret, write_secret
from sips_shop import NOON, SECRET, SECRETS, ring

WORDS = "a passphrase of the tests"
KEY_BYTES = bytes(range(32))
KEY_TEXT = base64.b64encode(KEY_BYTES).decode()
OPENS = FileKey(KEY, Secret(KEY_TEXT))
# Made once with AES-256-GCM itself, of the key above and a nonce of zeros.
SEALED_ONCE = (
    "dZ7Wq8de5tN8ipMVOh2ztfJhPTZR8kIVoMXIobOaLyUnMIieENKaNxHvUdeyqwo8zHNj3FlTNdAg0011KwYrt4wMTG_lmjWb8aXz"
    "5XhLPMY8c0L8Uop_YVrTeC-DAqwUisgApEHZLHfdU3viWmY9"
)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open nothing by what the environment of the tests may hold."""
    monkeypatch.delenv("CREANCE_PAY_PASSPHRASE", raising=False)
    monkeypatch.delenv("CREANCE_PAY_KEY", raising=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a key file of the shop, in the middle of a rotation."""
    found = tmp_path / "keys.json"
    ring().to_file(found, OPENS)
    return found


def rewrite(path: Path, **changes: object) -> None:
    """Change fields of a key file without opening it."""
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def written_once(folder: Path, protection: str, sealed: str) -> Path:
    """Write a key file by hand, of a salt and a nonce of zeros."""
    found = folder / "keys.json"
    zeros = {"salt": "AAAAAAAAAAAAAAAAAAAAAA==", "nonce": "AAAAAAAAAAAAAAAA"}
    content = {"format": "creance-pay-keys-1", "protection": protection, **zeros, "sealed": sealed}
    found.write_text(json.dumps(content), encoding="ascii")
    found.chmod(0o600)
    return found


def secrets_of(keys: KeyRing) -> dict[str, str]:
    """Gather the secrets of a ring by version."""
    return {key.version: key.get_secret_value() for key in keys}


class TestRoundTrip:
    """What was written is read again."""

    def test_secrets(self, path: Path) -> None:
        """Each secret comes back under its version."""
        assert SECRETS == secrets_of(KeyRing.from_file(path, key=KEY_TEXT))

    def test_current(self, path: Path) -> None:
        """The current version comes back."""
        assert "2" == KeyRing.from_file(path, key=KEY_TEXT).current.version

    def test_last_moment(self, tmp_path: Path) -> None:
        """A last moment comes back with its zone."""
        keys = [SecretKey(version="1", secret=SECRET, not_after=NOON), SecretKey(version="2", secret=SECRET)]
        KeyRing(keys, current="2").to_file(tmp_path / "keys.json", OPENS)

        found = KeyRing.from_file(tmp_path / "keys.json", key=KEY_TEXT)
        assert [NOON, None] == [key.not_after for key in found]

    def test_passphrase(self, tmp_path: Path) -> None:
        """A passphrase opens what it closed."""
        ring().to_file(tmp_path / "keys.json", FileKey(PASSPHRASE, Secret(WORDS)))

        assert SECRETS == secrets_of(KeyRing.from_file(str(tmp_path / "keys.json"), passphrase=WORDS))

    @pytest.mark.parametrize(
        "spelling",
        [KEY_TEXT, KEY_TEXT.rstrip("="), base64.urlsafe_b64encode(KEY_BYTES).decode()],
        ids=["base64", "without padding", "base64url"],
    )
    def test_spellings_of_a_key(self, path: Path, spelling: str) -> None:
        """A key is read in either alphabet, with or without padding."""
        assert ("2", "1") == KeyRing.from_file(path, key=spelling).versions

    @pytest.mark.parametrize(("name", "words"), [("CREANCE_PAY_KEY", KEY_TEXT), ("CREANCE_PAY_PASSPHRASE", WORDS)])
    def test_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str) -> None:
        """The environment opens what no argument does."""
        monkeypatch.setenv(name, words)
        file_key = FileKey.from_environment()
        assert file_key is not None
        ring().to_file(tmp_path / "keys.json", file_key)

        assert ("2", "1") == KeyRing.from_file(tmp_path / "keys.json").versions

    def test_argument_before_environment(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An argument comes before the environment."""
        monkeypatch.setenv("CREANCE_PAY_PASSPHRASE", WORDS)

        assert ("2", "1") == KeyRing.from_file(path, key=KEY_TEXT).versions

    def test_never_the_same(self, path: Path) -> None:
        """Writing the same ring again makes another file: salt and nonce are new."""
        before = json.loads(path.read_text(encoding="utf-8"))
        ring().to_file(path, OPENS)

        after = json.loads(path.read_text(encoding="utf-8"))
        assert [True, True, True] == [before[name] != after[name] for name in ("salt", "nonce", "sealed")]

    def test_nothing_in_clear(self, path: Path) -> None:
        """Neither a secret nor a version can be read in the file."""
        text = path.read_text(encoding="utf-8")

        assert [] == [secret for secret in SECRETS.values() if secret in text]

    def test_stable_format(self, tmp_path: Path) -> None:
        """A file written by this version's first release opens for ever."""
        found = written_once(tmp_path, "key", SEALED_ONCE)

        assert {"1": "superSafeSecretKey"} == secrets_of(KeyRing.from_file(found, key=KEY_TEXT))

    def test_stable_cost(self, tmp_path: Path) -> None:
        """So does one under a passphrase, which became its key by scrypt at a cost that is part of the format."""
        found = written_once(tmp_path, "passphrase", "N4OninDsDZZZ9yh6ueYuhEL_LRu3PQ==")

        assert "a text" == read_secret(found, FileKey(PASSPHRASE, Secret(WORDS))).get_secret_value()


class TestChanged:
    """A file that was changed in any way does not open."""

    def test_each_byte(self, path: Path) -> None:
        """No byte can be changed so that another ring comes out."""
        content = path.read_bytes()
        rings = []
        for place in range(len(content)):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            try:
                rings.append(secrets_of(KeyRing.from_file(path, key=KEY_TEXT)))
            except ConfigurationError:
                continue
        assert [] == [found for found in rings if found != SECRETS]  # a blank that became another changes nothing

    @pytest.mark.parametrize("length", [0, 1, 20, 100, 200, 300])
    def test_cut(self, path: Path, length: int) -> None:
        """A file that was cut does not open."""
        path.write_bytes(path.read_bytes()[:length])

        with pytest.raises(ConfigurationError, match="expected a key file of the format"):
            KeyRing.from_file(path, key=KEY_TEXT)

    @pytest.mark.parametrize(
        "changes",
        [{"salt": ""}, {"salt": "AAAA"}, {"nonce": ""}, {"nonce": "AAAA"}, {"nonce": "A" * 16}, {"sealed": ""},
         {"sealed": "AAAA"}, {"sealed": "not base64!"}, {"protection": "passphrase"}, {"protection": "none"}],
        ids=str,
    )  # fmt: skip
    def test_field(self, path: Path, changes: dict[str, str]) -> None:
        """Each field is covered by the proof."""
        rewrite(path, **changes)

        with pytest.raises(ConfigurationError, match="the key file does not decrypt"):
            KeyRing.from_file(path, key=KEY_TEXT)

    @pytest.mark.parametrize(
        "changes", [{"format": "creance-pay-keys-2"}, {"format": None}, {"salt": 5}, {"kdf": "none"}], ids=str
    )
    def test_other_format(self, path: Path, changes: dict[str, object]) -> None:
        """Another version, another type or one more field is no key file of this version."""
        rewrite(path, **changes)

        with pytest.raises(ConfigurationError, match="expected a key file of the format"):
            KeyRing.from_file(path, key=KEY_TEXT)

    @pytest.mark.parametrize(
        "content", [b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 60_000, b"1" * 5000, b'{"format": "creance-pay-keys-1"}']
    )
    def test_no_key_file(self, path: Path, content: bytes) -> None:
        """Whatever else stands in the file is refused."""
        path.write_bytes(content)

        with pytest.raises(ConfigurationError, match="expected a key file of the format"):
            KeyRing.from_file(path, key=KEY_TEXT)

    @pytest.mark.parametrize(
        ("words", "kind"),
        [("another passphrase", PASSPHRASE), (WORDS.upper(), PASSPHRASE), (f"{WORDS}.", PASSPHRASE), (KEY_TEXT, KEY)],
    )
    def test_other_passphrase(self, tmp_path: Path, words: str, kind: str) -> None:
        """Another passphrase, or a key in its place, does not open the file."""
        write_secret(tmp_path / "keys.json", Secret("{}"), FileKey(PASSPHRASE, Secret(WORDS)))

        with pytest.raises(ConfigurationError, match="the key file does not decrypt"):
            read_secret(tmp_path / "keys.json", FileKey(kind, Secret(words)))

    def test_not_text(self, tmp_path: Path) -> None:
        """What decrypts to no text is refused."""
        fields = {"format": "creance-pay-keys-1", "protection": KEY, "salt": "", "nonce": "A" * 16}
        sealed = OPENS.cipher(b"").encrypt(bytes(12), b"\xff", b"creance-pay-keys-1 key ")
        found = tmp_path / "keys.json"
        found.write_text(json.dumps(fields | {"sealed": base64.b64encode(sealed).decode()}), encoding="ascii")
        found.chmod(0o600)

        with pytest.raises(ConfigurationError, match="the key file does not decrypt"):
            KeyRing.from_file(found, key=KEY_TEXT)


class TestInside:
    """What was rightly encrypted still has to be a ring."""

    @pytest.mark.parametrize(
        "content",
        [None, [], "ring", {}, {"current": "1"}, {"current": "1", "keys": None}, {"current": "1", "keys": {}},
         {"current": "1", "keys": [1]}, {"current": "1", "keys": [{}]},
         {"current": "2", "keys": [{"version": "1", "secret": SECRET, "not_after": None}]},
         {"current": ["1"], "keys": [{"version": "1", "secret": SECRET, "not_after": None}]},
         {"current": "1", "keys": [{"version": "1", "secret": SECRET, "not_after": None}] * 2},
         {"current": "1", "keys": [{"version": 1, "secret": SECRET, "not_after": None}]},
         {"current": "1", "keys": [{"version": "1", "secret": "", "not_after": None}]},
         {"current": "1", "keys": [{"version": "1", "secret": SECRET}]},
         {"current": "1", "keys": [{"version": "1", "not_after": None}]},
         {"current": "1", "keys": [{"version": "1", "secret": SECRET, "not_after": "2026-12-31"}]},
         {"current": "1", "keys": [{"version": "1", "secret": SECRET, "not_after": "tomorrow"}]},
         {"current": "1", "keys": [{"version": "1", "secret": SECRET, "not_after": 5}]},
         {"current": "1", "keys": [{"version": "1", "secret": SECRET, "not_after": None, "more": 1}]}],
        ids=str,
    )  # fmt: skip
    def test_no_ring(self, path: Path, content: object) -> None:
        """Whatever is no ring is refused, and not shown."""
        write_secret(path, Secret(json.dumps(content)), OPENS)

        with pytest.raises(ConfigurationError, match="expected a key ring in the key file"):
            KeyRing.from_file(path, key=KEY_TEXT)

    @pytest.mark.parametrize("content", ["", "{", "[" * 40_000, "nothing"])
    def test_no_json(self, path: Path, content: str) -> None:
        """Whatever is no JSON is refused."""
        write_secret(path, Secret(content), OPENS)

        with pytest.raises(ConfigurationError, match="expected a key ring in the key file"):
            KeyRing.from_file(path, key=KEY_TEXT)


class TestFile:
    """The file is its owner's alone, whole, and small."""

    def test_mode(self, path: Path) -> None:
        """A new file is open to its owner alone."""
        assert 0o600 == path.stat().st_mode & 0o777

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666])
    def test_open_to_others(self, path: Path, mode: int) -> None:
        """A file that others may touch in any way is refused."""
        path.chmod(mode)

        with pytest.raises(ConfigurationError, match="accessible to its owner alone"):
            KeyRing.from_file(path, key=KEY_TEXT)

    @pytest.mark.parametrize("mode", [0o600, 0o400])
    def test_closed_to_others(self, path: Path, mode: int) -> None:
        """The owner's own rights do not matter."""
        path.chmod(mode)

        assert ("2", "1") == KeyRing.from_file(path, key=KEY_TEXT).versions

    def test_other_systems(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where modes say nothing about others, they are not asked."""
        path.chmod(0o644)
        monkeypatch.setattr(keyfile, "_POSIX", False)

        assert ("2", "1") == KeyRing.from_file(path, key=KEY_TEXT).versions

    def test_loose_file_is_closed_again(self, path: Path) -> None:
        """Writing over a file that was open to others closes it."""
        path.chmod(0o644)
        ring().to_file(path, OPENS)

        assert 0o600 == path.stat().st_mode & 0o777

    def test_nothing_left(self, path: Path) -> None:
        """Nothing is left beside the file."""
        assert [path] == list(path.parent.iterdir())

    def test_failure_half_way(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """When the disk fails, the older file stays as it was, and nothing is left beside it."""
        before = path.read_bytes()

        def fail(_: int) -> None:
            raise OSError

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(ConfigurationError, match="cannot be written: OSError"):
            ring().to_file(path, OPENS)

        assert (before, [path]) == (path.read_bytes(), list(path.parent.iterdir()))

    def test_no_folder(self, tmp_path: Path) -> None:
        """A folder that is not there is said so."""
        with pytest.raises(ConfigurationError, match="cannot be written: FileNotFoundError"):
            ring().to_file(tmp_path / "none" / "keys.json", OPENS)

    @pytest.mark.parametrize("name", ["none.json", "nul\x00.json"])
    def test_no_file(self, tmp_path: Path, name: str) -> None:
        """A file that is not there, or cannot be, is said so."""
        with pytest.raises(ConfigurationError, match="cannot be read"):
            KeyRing.from_file(tmp_path / name, key=KEY_TEXT)

    def test_folder(self, tmp_path: Path) -> None:
        """A folder is no key file."""
        with pytest.raises(ConfigurationError, match="to be a key file"):
            KeyRing.from_file(tmp_path, key=KEY_TEXT)

    def test_pipe(self, tmp_path: Path) -> None:
        """Nobody waits at a pipe."""
        os.mkfifo(tmp_path / "pipe", 0o600)

        with pytest.raises(ConfigurationError, match="to be a key file"):
            KeyRing.from_file(tmp_path / "pipe", key=KEY_TEXT)

    def test_elsewhere(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing is written but beside the file: the place for temporary files may be another disk, or not there."""
        monkeypatch.setattr("tempfile.tempdir", str(path.parent / "none"))
        ring().to_file(path, OPENS)

        assert ("2", "1") == KeyRing.from_file(path, key=KEY_TEXT).versions

    def test_largest(self, path: Path) -> None:
        """A file of 64 KiB is read."""
        path.write_bytes(path.read_bytes().ljust(65_536))

        assert ("2", "1") == KeyRing.from_file(path, key=KEY_TEXT).versions

    def test_large(self, path: Path) -> None:
        """A file of more than 64 KiB is not even read."""
        path.write_bytes(b" " * 65_537)

        with pytest.raises(ConfigurationError, match="to be a key file"):
            KeyRing.from_file(path, key=KEY_TEXT)


class TestFileKey:
    """What opens a file is a passphrase of some length, or a whole key."""

    @pytest.mark.parametrize("words", ["", "eleven-long", f" {WORDS}", f"{WORDS}\n", "a\x00passphrase of the tests"])
    def test_poor_passphrase(self, words: str) -> None:
        """A passphrase has twelve characters, and no blank at either end."""
        with pytest.raises(ConfigurationError, match="expected a passphrase of at least 12 characters"):
            FileKey(PASSPHRASE, as_secret(words))

    def test_shortest_passphrase(self) -> None:
        """Twelve characters are enough."""
        assert "twelve-chars" == FileKey(PASSPHRASE, as_secret("twelve-chars")).text.get_secret_value()

    @pytest.mark.parametrize(
        "words", ["", WORDS, KEY_TEXT[:-5], f"{KEY_TEXT}AAAA", KEY_TEXT.replace("A", "!"), KEY_BYTES.hex(), "é" * 43]
    )
    def test_poor_key(self, words: str) -> None:
        """A key is 32 bytes in base64."""
        with pytest.raises(ConfigurationError, match="expected the key of a key file to be 32 bytes"):
            FileKey(KEY, as_secret(words))

    def test_neither(self, path: Path) -> None:
        """With nothing to open it, the error says what there could be."""
        with pytest.raises(ConfigurationError, match="CREANCE_PAY_PASSPHRASE or CREANCE_PAY_KEY"):
            KeyRing.from_file(path)

    def test_both(self, path: Path) -> None:
        """Both at once is one too many."""
        with pytest.raises(ConfigurationError, match="got both"):
            KeyRing.from_file(path, passphrase=WORDS, key=KEY_TEXT)

    def test_both_in_the_environment(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same holds for the environment."""
        monkeypatch.setenv("CREANCE_PAY_PASSPHRASE", WORDS)
        monkeypatch.setenv("CREANCE_PAY_KEY", KEY_TEXT)

        with pytest.raises(ConfigurationError, match="got both"):
            KeyRing.from_file(path)

    def test_empty_argument(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An empty passphrase is refused, and not taken for none."""
        monkeypatch.setenv("CREANCE_PAY_KEY", KEY_TEXT)

        with pytest.raises(ConfigurationError, match="at least 12 characters"):
            KeyRing.from_file(path, passphrase="")

    @pytest.mark.parametrize("name", ["CREANCE_PAY_PASSPHRASE", "CREANCE_PAY_KEY"])
    def test_empty_variable(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """An empty variable is one that is not set."""
        monkeypatch.setenv(name, "")

        assert None is FileKey.from_environment()


def traceback_of(error: BaseException) -> str:
    """Write a traceback with the local variables of the library's frames, causes included."""
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in whole.stack if "creance_pay" in frame.filename]
    return f"{error!r} {error.__context__!r} " + " ".join(str(frame.locals) for frame in frames)


class TestDiscretion:
    """No error and no traceback shows what a file holds or what opens it (H5, H7)."""

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda path: path.write_text("[]", encoding="ascii"),
            lambda path: path.chmod(0o644),
            lambda path: rewrite(path, nonce="A" * 16),
            lambda path: write_secret(path, Secret(json.dumps({"current": "1", "keys": [{"secret": SECRET}]})), OPENS),
            lambda path: path.unlink(),
        ],
        ids=["no object", "open to others", "changed", "no ring", "none"],
    )
    def test_reading(self, path: Path, spoil: Callable[[Path], Any]) -> None:
        """A refused file shows neither the key nor a secret, even among local variables."""
        spoil(path)

        with pytest.raises(ConfigurationError) as caught:
            KeyRing.from_file(path, key=KEY_TEXT)

        shown = traceback_of(caught.value)
        assert [] == [secret for secret in (KEY_TEXT, repr(KEY_BYTES), SECRET) if secret in shown]

    def test_writing(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file that cannot be written shows nothing either."""

        def fail(_: int) -> None:
            raise OSError

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(ConfigurationError) as caught:
            ring().to_file(path, OPENS)

        shown = traceback_of(caught.value)
        assert [] == [secret for secret in (KEY_TEXT, repr(KEY_BYTES), *SECRETS.values()) if secret in shown]

    def test_repr(self) -> None:
        """What opens a file shows which kind it is, and no more."""
        assert "FileKey(protection='key', text=<hidden>)" == repr(OPENS)

    def test_encrypted(self) -> None:
        """The text of a file does not hold what it hides."""
        assert SECRET not in encrypt(Secret(SECRET), OPENS)
