"""Skip or fail a test that needs a part of the system that pip cannot install: a browser, a Java runtime, a font."""

import os
from typing import NoReturn

import pytest


def missing(part: str, how: str) -> NoReturn:
    """Skip the running test; fail it where ``CI`` is set, since ``.ci/run`` installs every part.

    Args:
        part: The missing part, such as ``"Chromium"``.
        how: The way to install it, such as ``"apt install chromium"``.

    Raises:
        pytest.skip.Exception: on a person's machine.
        pytest.fail.Exception: where ``CI`` is set.
    """
    sentence = f"{part} is missing: {how}"
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)
