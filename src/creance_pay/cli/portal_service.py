"""The service of a portal, by the name that a person types."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pkgutil import resolve_name

from ..errors import ConfigurationError
from ..payments import PaymentService, Problem
from .output import print_row


def add_service(command: ArgumentParser) -> None:
    """Declare the argument that names the service."""
    command.add_argument(
        "service",
        help="the portal's PaymentService, or a function that builds it, as MODULE:NAME",
    )


def import_service(name: str) -> PaymentService:
    """Import the service of a portal, or call the function that builds it; search the current folder too.

    Raises:
        ConfigurationError: when the name cannot be imported, or leads to no service.
    """
    sys.path.insert(0, "")  # like web servers
    try:
        found = resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"{name!r} cannot be imported: {type(error).__name__}: {error}") from error
    if callable(found) and not isinstance(found, PaymentService):
        found = found()
    if not isinstance(found, PaymentService):
        raise ConfigurationError(
            f"expected {name!r} to be a PaymentService, as MODULE:NAME, got {type(found).__name__}"
        )
    return found


def print_problems(options: Namespace, problems: Sequence[Problem]) -> int:
    """Print the problems of a service, and return the status that monitors expect: 0 none, 1 warning, 2 critical."""
    for problem in problems:
        since = problem.since.isoformat(timespec="seconds") if problem.since else None
        level = "CRITICAL" if problem.critical else "WARNING"
        found = {"level": level, "kind": problem.kind, "count": problem.count, "since": since, "detail": problem.detail}
        print_row(options, found)
    if not problems and not options.json:
        print("OK")
    return 2 if any(problem.critical for problem in problems) else min(len(problems), 1)
