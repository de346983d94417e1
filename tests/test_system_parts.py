"""A missing part of the system is a skip for a person and a failure for CI."""

import pytest

from system_parts import missing


def test_person_sees_a_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CI the test is skipped, and the reason says how to get the part."""
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception) as caught:
        missing("Chromium", "apt install chromium")

    assert "Chromium is missing: apt install chromium" == str(caught.value)


def test_ci_sees_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """With CI set the same call fails the test."""
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception) as caught:
        missing("Chromium", "apt install chromium")

    assert "Chromium is missing: apt install chromium" == str(caught.value)
