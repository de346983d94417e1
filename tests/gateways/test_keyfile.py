"""Key files: only the passphrase or key decrypts a file, and no error shows its content."""

import base64
import json
import os
import stat
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creance_pay._secret import Secret, as_secret
from creance_pay.errors import ConfigurationError
from creance_pay.gateways import KeyRing, SecretKey, keyfile
from creance_pay.gateways.keyfile import KEY, PASSPHRASE, FileKey, encrypt, locked, read_secret, write_secret
from sips_merchant import NOON, SECRET, SECRETS, error_of, ring

WORDS = "a passphrase of the tests"
KEY_BYTES = bytes(range(32))
KEY_TEXT = base64.b64encode(KEY_BYTES).decode()
OPENS = FileKey(KEY, Secret(KEY_TEXT))
# Made once with AES-256-GCM itself, by the key above and a nonce of zeros.
SEALED_ONCE = (
    "dZ7Wq8de5tN8ipMVOh2ztfJhPTZR8kIVoMXIobOaLyUnMIieENKaNxHvUdeyqwo8zHNj3FlTNdAg0011KwYrt4wMTG_lmjWb8aXz"
    "5XhLPMY8c0L8Uop_YVrTeC-DAqwUisgApEHZLHfdU3viWmY9"
)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables of the tests' own environment."""
    monkeypatch.delenv("CREANCE_PAY_PASSPHRASE", raising=False)
    monkeypatch.delenv("CREANCE_PAY_KEY", raising=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write a key file of the merchant, during a rotation."""
    found = tmp_path / "keys.json"
    ring().to_file(found, OPENS)
    return found


def rewrite(path: Path, **changes: object) -> None:
    """Change fields of a key file without decrypting it."""
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def written_once(folder: Path, protection: str, sealed: str) -> Path:
    """Write a key file by hand, with a salt and a nonce of zeros."""
    found = folder / "keys.json"
    zeros = {"salt": "AAAAAAAAAAAAAAAAAAAAAA==", "nonce": "AAAAAAAAAAAAAAAA"}
    content = {"format": "creance-pay-keys-1", "protection": protection, **zeros, "sealed": sealed}
    found.write_text(json.dumps(content), encoding="ascii")
    found.chmod(0o600)
    return found


def secrets_of(keys: KeyRing) -> dict[str, str]:
    """Return the secrets of a ring by version."""
    return {key.version: key.get_secret_value() for key in keys}


class TestRoundTrip:
    """A ring is written and read again."""

    def test_secrets(self, path: Path) -> None:
        """Each secret is read again under its version."""
        assert SECRETS == secrets_of(KeyRing.from_file(path, key=KEY_TEXT))

    def test_current(self, path: Path) -> None:
        """The current version is read again."""
        assert "2" == KeyRing.from_file(path, key=KEY_TEXT).current.version

    def test_last_moment(self, tmp_path: Path) -> None:
        """A last moment is read again with its zone."""
        keys = [SecretKey(version="1", secret=SECRET, not_after=NOON), SecretKey(version="2", secret=SECRET)]
        KeyRing(keys, current="2").to_file(tmp_path / "keys.json", OPENS)

        found = KeyRing.from_file(tmp_path / "keys.json", key=KEY_TEXT)
        assert [NOON, None] == [key.not_after for key in found]

    def test_passphrase(self, tmp_path: Path) -> None:
        """A passphrase decrypts the file that it encrypted."""
        ring().to_file(tmp_path / "keys.json", FileKey(PASSPHRASE, Secret(WORDS)))

        assert SECRETS == secrets_of(KeyRing.from_file(str(tmp_path / "keys.json"), passphrase=WORDS))

    def test_spellings_of_a_key(self, path: Path) -> None:
        """A key is read in either alphabet, with or without padding."""
        spellings = [KEY_TEXT, KEY_TEXT.rstrip("="), base64.urlsafe_b64encode(KEY_BYTES).decode()]

        assert [("2", "1")] * 3 == [KeyRing.from_file(path, key=spelling).versions for spelling in spellings]

    @pytest.mark.parametrize(("name", "words"), [("CREANCE_PAY_KEY", KEY_TEXT), ("CREANCE_PAY_PASSPHRASE", WORDS)])
    def test_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str) -> None:
        """Without argument the environment decrypts the file."""
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
        """A file that the first release wrote is still read."""
        found = written_once(tmp_path, "key", SEALED_ONCE)

        assert {"1": "superSafeSecretKey"} == secrets_of(KeyRing.from_file(found, key=KEY_TEXT))

    def test_stable_cost(self, tmp_path: Path) -> None:
        """So is one under a passphrase, whose scrypt has a cost that is part of the format."""
        found = written_once(tmp_path, "passphrase", "N4OninDsDZZZ9yh6ueYuhEL_LRu3PQ==")

        assert "a text" == read_secret(found, FileKey(PASSPHRASE, Secret(WORDS))).get_secret_value()


class TestChanged:
    """A changed file does not decrypt."""

    def test_each_byte(self, path: Path) -> None:
        """No change of a byte gives another ring."""
        content = path.read_bytes()
        rings = []
        for place in range(len(content)):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            try:
                rings.append(secrets_of(KeyRing.from_file(path, key=KEY_TEXT)))
            except ConfigurationError:
                continue
        assert [] == [found for found in rings if found != SECRETS]  # another blank between two fields changes nothing

    def test_cut(self, path: Path) -> None:
        """A file that was cut does not decrypt."""
        contents = [path.read_bytes()[:length] for length in (0, 1, 20, 100, 200, 300)]

        assert [] == [content for content in contents if not self.refused(path, content, "a key file of the format")]

    def test_field(self, path: Path) -> None:
        """The tag of the ciphertext covers each field."""
        changes: list[dict[str, object]] = [
            {"salt": ""}, {"salt": "AAAA"}, {"nonce": ""}, {"nonce": "AAAA"}, {"nonce": "A" * 16}, {"sealed": ""},
            {"sealed": "AAAA"}, {"sealed": "not base64!"}, {"protection": "passphrase"}, {"protection": "none"},
        ]  # fmt: skip

        assert [] == [each for each in changes if not self.refused(path, each, "the key file does not decrypt")]

    def test_other_format(self, path: Path) -> None:
        """A file of another format, another type or one more field is refused."""
        changes: list[dict[str, object]] = [
            {"format": "creance-pay-keys-2"}, {"format": None}, {"salt": 5}, {"kdf": "none"},
        ]  # fmt: skip

        assert [] == [each for each in changes if not self.refused(path, each, "a key file of the format")]

    def test_no_key_file(self, path: Path) -> None:
        """Any other content is refused."""
        contents = [b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 60_000, b"1" * 5000, b'{"format": "creance-pay-keys-1"}']

        assert [] == [
            content[:9] for content in contents if not self.refused(path, content, "a key file of the format")
        ]

    def refused(self, path: Path, change: bytes | dict[str, object], words: str) -> bool:
        """Return whether a key file with another content, or with other fields, is refused; restore it."""
        before = path.read_bytes()
        path.write_bytes(change if isinstance(change, bytes) else json.dumps(json.loads(before) | change).encode())
        error = error_of(KeyRing.from_file, path, key=KEY_TEXT)
        path.write_bytes(before)
        return isinstance(error, ConfigurationError) and words in str(error)

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
        """A file whose content is no text is refused."""
        fields = {"format": "creance-pay-keys-1", "protection": KEY, "salt": "", "nonce": "A" * 16}
        sealed = OPENS.cipher(b"").encrypt(bytes(12), b"\xff", b"creance-pay-keys-1 key ")
        found = tmp_path / "keys.json"
        found.write_text(json.dumps(fields | {"sealed": base64.b64encode(sealed).decode()}), encoding="ascii")
        found.chmod(0o600)

        with pytest.raises(ConfigurationError, match="the key file does not decrypt"):
            KeyRing.from_file(found, key=KEY_TEXT)


class TestInside:
    """A content that was correctly encrypted has to be a ring."""

    ENTRY = {"version": "1", "secret": SECRET, "not_after": None}  # noqa: RUF012 - a value of the tests
    CONTENTS = [  # noqa: RUF012 - a table of the tests
        "", "{", "[" * 40_000, "nothing",
        *map(json.dumps, [
            None, [], "ring", {}, {"current": "1"}, {"current": "1", "keys": None}, {"current": "1", "keys": {}},
            {"current": "1", "keys": [1]}, {"current": "1", "keys": [{}]}, {"current": "2", "keys": [ENTRY]},
            {"current": ["1"], "keys": [ENTRY]}, {"current": "1", "keys": [ENTRY, ENTRY]},
            {"current": "1", "keys": [{**ENTRY, "version": 1}]}, {"current": "1", "keys": [{**ENTRY, "secret": ""}]},
            {"current": "1", "keys": [{"version": "1", "secret": SECRET}]},
            {"current": "1", "keys": [{"version": "1", "not_after": None}]},
            {"current": "1", "keys": [{**ENTRY, "not_after": "2026-12-31"}]},
            {"current": "1", "keys": [{**ENTRY, "not_after": "tomorrow"}]},
            {"current": "1", "keys": [{**ENTRY, "not_after": 5}]}, {"current": "1", "keys": [{**ENTRY, "more": 1}]},
        ]),
    ]  # fmt: skip

    def test_no_ring(self, path: Path) -> None:
        """Any other content is refused."""
        errors = {}
        for content in self.CONTENTS:
            write_secret(path, Secret(content), OPENS)
            errors[content] = error_of(KeyRing.from_file, path, key=KEY_TEXT)

        assert [] == [each for each, error in errors.items() if "expected a key ring in the key file" not in str(error)]


class TestFile:
    """The file is accessible to its owner alone, complete, and small."""

    def test_mode(self, path: Path) -> None:
        """A new file is accessible to its owner alone."""
        assert 0o600 == path.stat().st_mode & 0o777

    def test_modes(self, path: Path) -> None:
        """A file that other users may access in any way is refused; the owner's own rights are free."""
        accepted = []
        for mode in (0o600, 0o400, 0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666):
            path.chmod(mode)
            error = error_of(KeyRing.from_file, path, key=KEY_TEXT)
            assert error is None or f"accessible to its owner alone (mode 600), got mode {mode:o}" in str(error)
            accepted += [] if error else [mode]

        assert [0o600, 0o400] == accepted

    def test_other_systems(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """On a system without such modes they are not checked."""
        path.chmod(0o644)
        monkeypatch.setattr(keyfile, "_POSIX", False)

        assert ("2", "1") == KeyRing.from_file(path, key=KEY_TEXT).versions

    def test_mode_of_a_replaced_file(self, path: Path) -> None:
        """Writing over a file that other users could read makes it private."""
        path.chmod(0o644)
        ring().to_file(path, OPENS)

        assert 0o600 == path.stat().st_mode & 0o777

    def test_nothing_left(self, path: Path) -> None:
        """Nothing is left beside the file."""
        assert [path] == list(path.parent.iterdir())

    def test_failure_half_way(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """When the disk fails, the older file is unchanged, and nothing is left beside it."""
        before = path.read_bytes()

        def fail(_: int) -> None:
            raise OSError

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(ConfigurationError, match="cannot be written: OSError"):
            ring().to_file(path, OPENS)

        assert (before, [path]) == (path.read_bytes(), list(path.parent.iterdir()))

    def test_new(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A new file never replaces one; when the disk fails, none is left."""
        path = tmp_path / "new.json"
        ring().to_file(path, OPENS, new=True)
        before = path.read_bytes()
        with pytest.raises(ConfigurationError, match="expected the path of a new file"):
            ring().to_file(path, OPENS, new=True)
        assert (before, 0o600) == (path.read_bytes(), path.stat().st_mode & 0o777)

        def fail(_: int) -> None:
            raise OSError

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(ConfigurationError, match="cannot be written: OSError"):
            ring().to_file(tmp_path / "other.json", OPENS, new=True)
        assert [path] == list(tmp_path.iterdir())

    def test_synchronised(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The content and then the folder are written to the disk."""
        synchronised: list[bool] = []
        monkeypatch.setattr(os, "fsync", lambda handle: synchronised.append(stat.S_ISDIR(os.fstat(handle).st_mode)))
        ring().to_file(path, OPENS)

        assert [False, True] == synchronised

    def test_locked(self, path: Path) -> None:
        """A second change of a file of the same folder waits for the first."""
        entered, order = threading.Event(), list[str]()

        def second() -> None:
            entered.set()
            with locked(path):
                order.append("second")

        with locked(path):
            other = threading.Thread(target=second)
            other.start()
            entered.wait(60)
            other.join(0.2)
            order.append("first")
        other.join(60)

        assert ["first", "second"] == order

    def test_locked_elsewhere(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A system without the lock changes the file all the same; a folder that is missing is an error."""
        with (
            pytest.raises(ConfigurationError, match="cannot be read: FileNotFoundError"),
            locked(path.parent / "none" / "x"),
        ):
            pass
        monkeypatch.setattr("creance_pay.gateways.keyfile._POSIX", False)
        with locked(path):
            ring().to_file(path, OPENS)

        assert path.exists()

    def test_no_folder(self, tmp_path: Path) -> None:
        """A missing folder is an error that names the cause."""
        with pytest.raises(ConfigurationError, match="cannot be written: FileNotFoundError"):
            ring().to_file(tmp_path / "none" / "keys.json", OPENS)

    @pytest.mark.parametrize("name", ["none.json", "nul\x00.json"])
    def test_no_file(self, tmp_path: Path, name: str) -> None:
        """A missing file, or an impossible name, is an error that names the cause."""
        with pytest.raises(ConfigurationError, match="cannot be read"):
            KeyRing.from_file(tmp_path / name, key=KEY_TEXT)

    def test_folder(self, tmp_path: Path) -> None:
        """A folder is no key file."""
        with pytest.raises(ConfigurationError, match="to be a key file"):
            KeyRing.from_file(tmp_path, key=KEY_TEXT)

    def test_pipe(self, tmp_path: Path) -> None:
        """A pipe is refused without waiting for its writer."""
        os.mkfifo(tmp_path / "pipe", 0o600)

        with pytest.raises(ConfigurationError, match="to be a key file"):
            KeyRing.from_file(tmp_path / "pipe", key=KEY_TEXT)

    def test_elsewhere(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The temporary file is beside the file: the folder of temporary files may be another disk, or missing."""
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
    """A file is encrypted by a passphrase of some length, or by a whole key."""

    def test_poor_passphrase(self) -> None:
        """A passphrase has twelve characters, and no blank at either end."""
        texts = ["", "eleven-long", f" {WORDS}", f"{WORDS}\n", "a\x00passphrase of the tests"]
        errors = {text: error_of(FileKey, PASSPHRASE, as_secret(text)) for text in texts}

        assert [] == [
            text for text, error in errors.items() if "a passphrase of at least 12 characters" not in str(error)
        ]

    def test_shortest_passphrase(self) -> None:
        """Twelve characters are enough."""
        assert "twelve-chars" == FileKey(PASSPHRASE, as_secret("twelve-chars")).text.get_secret_value()

    def test_poor_key(self) -> None:
        """A key is 32 bytes in base64."""
        texts = ["", WORDS, KEY_TEXT[:-5], f"{KEY_TEXT}AAAA", KEY_TEXT.replace("A", "!"), KEY_BYTES.hex(), "é" * 43]
        errors = {text: error_of(FileKey, KEY, as_secret(text)) for text in texts}

        assert [] == [text for text, error in errors.items() if "a key file to be 32 bytes" not in str(error)]

    def test_neither(self, path: Path) -> None:
        """With neither passphrase nor key, the error names both variables."""
        with pytest.raises(ConfigurationError, match="CREANCE_PAY_PASSPHRASE or CREANCE_PAY_KEY"):
            KeyRing.from_file(path)

    def test_both(self, path: Path) -> None:
        """Both at once are refused."""
        with pytest.raises(ConfigurationError, match="got both"):
            KeyRing.from_file(path, passphrase=WORDS, key=KEY_TEXT)

    def test_both_in_the_environment(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """So are both in the environment."""
        monkeypatch.setenv("CREANCE_PAY_PASSPHRASE", WORDS)
        monkeypatch.setenv("CREANCE_PAY_KEY", KEY_TEXT)

        with pytest.raises(ConfigurationError, match="got both"):
            KeyRing.from_file(path)

    def test_empty_argument(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An empty passphrase is refused, not treated as absent."""
        monkeypatch.setenv("CREANCE_PAY_KEY", KEY_TEXT)

        with pytest.raises(ConfigurationError, match="at least 12 characters"):
            KeyRing.from_file(path, passphrase="")

    @pytest.mark.parametrize("name", ["CREANCE_PAY_PASSPHRASE", "CREANCE_PAY_KEY"])
    def test_empty_variable(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """An empty variable is treated as absent."""
        monkeypatch.setenv(name, "")

        assert None is FileKey.from_environment()


def traceback_of(error: BaseException) -> str:
    """Write a traceback with the local variables of the library's frames, causes included."""
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in whole.stack if "creance_pay" in frame.filename]
    return f"{error!r} {error.__context__!r} " + " ".join(str(frame.locals) for frame in frames)


class TestDiscretion:
    """No error and no traceback shows the content of a file, its passphrase or its key (H5, H7)."""

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
        """The error of a file that cannot be written shows none of them either."""

        def fail(_: int) -> None:
            raise OSError

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(ConfigurationError) as caught:
            ring().to_file(path, OPENS)

        shown = traceback_of(caught.value)
        assert [] == [secret for secret in (KEY_TEXT, repr(KEY_BYTES), *SECRETS.values()) if secret in shown]

    def test_repr(self) -> None:
        """The repr of a passphrase or key shows its kind alone."""
        assert "FileKey(protection='key', text=<hidden>)" == repr(OPENS)

    def test_encrypted(self) -> None:
        """The text of a file does not contain the secret."""
        assert SECRET not in encrypt(Secret(SECRET), OPENS)
