"""What a test says when it needs a part of the system that pip cannot give: a browser, a Java runtime, a font."""

import os
from typing import NoReturn

import pytest


def missing(part: str, how: str) -> NoReturn:
    """Skip the running test; where ``CI`` is set everything was to be installed, so fail it instead.

    Args:
        part: What is not there, such as ``"Chromium"``.
        how: How a person gets it, such as ``"apt install chromium"``.

    Raises:
        pytest.skip.Exception: on a person's machine.
        pytest.fail.Exception: where ``CI`` is set.
    """
    sentence = f"{part} is missing: {how}"
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)
