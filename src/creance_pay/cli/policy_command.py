"""``creance-pay policy [NAME]``: the values of a policy, each with its day and its source."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..rules import policy_named
from .output import answer

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def register(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser("policy", help="show the values of a policy and their sources")
    command.add_argument("name", nargs="?", default="ameli-2019-11", help="its name (default: %(default)s)")
    command.add_argument("--json", action="store_true", help="answer in JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print every value of the policy."""
    policy = policy_named(options.name)
    if options.json:
        answer(options, {name: getattr(policy, name) for name in policy.sources})
        return 0
    for name in policy.sources:
        print(policy.account_for(name))
    return 0
