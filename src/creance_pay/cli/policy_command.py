"""``creance-pay policy [NAME]``: list the values of a policy, each with its date and its source."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from ..rules import policy_named
from .arguments import DEFAULT_POLICY, add_json
from .output import print_values


def declare(command: ArgumentParser) -> None:
    """Declare the arguments."""
    command.add_argument(
        "name", nargs="?", default=DEFAULT_POLICY, help="the name of the policy (default: %(default)s)"
    )
    add_json(command)
    command.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Print every value of a policy."""
    policy = policy_named(options.name)
    if options.json:
        print_values(options, {name: getattr(policy, name) for name in policy.sources})
        return 0
    for name in policy.sources:
        print(policy.account_for(name))
    return 0
