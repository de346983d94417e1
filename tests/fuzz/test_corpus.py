"""What fuzzing starts from, and what it once found: every input again, without the fuzzer."""

from pathlib import Path

import pytest

from fuzz.targets import TARGETS

CORPUS = Path(__file__).resolve().parent / "corpus"
INPUTS = sorted(path for path in CORPUS.glob("*/*"))


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_input(path: Path) -> None:
    """An input is verified or refused, and nothing else happens."""
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_nothing(target: str) -> None:
    """No bytes at all are an input too."""
    TARGETS[target](b"")


def test_targets() -> None:
    """Each target has a corpus, and each corpus a target."""
    assert sorted(TARGETS) == sorted({path.parent.name for path in INPUTS})
