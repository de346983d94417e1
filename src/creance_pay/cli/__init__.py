"""The command line: ``creance-pay``, also ``python -m creance_pay``.

Each command is a module of this folder: its function ``register`` declares the arguments, and the function that this
names runs it and gives the exit status: 0 for a yes, 1 for a no, 2 for a usage that is not one.
An error of this package, or of a file, is one line on the standard error, and status 1; an interruption is status 130.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from ..errors import CreancePayError
from . import assess_command as assess
from . import bank_command as bank
from . import caisse_command as caisse
from . import explain_command as explain
from . import keys_command as keys
from . import ledger_command as ledger
from . import messages_command as messages
from . import policy_command as policy
from . import reference_command as reference

_INTERRUPTED = 130  # what shells give to a program that Ctrl-C has stopped
_COMMANDS = (reference, explain, caisse, policy, assess, messages, keys, ledger, bank)


class _PrintVersion(argparse.Action):
    """Print the version of this package and exit.  The metadata are read only when the option is used."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print the version and exit with status 0."""
        print(f"{parser.prog} {version('creance-pay')}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """Declare every command."""
    top = argparse.ArgumentParser(prog="creance-pay", description="Payment of a debt to a health insurance fund")
    top.add_argument("--version", action=_PrintVersion, nargs=0, help="print the version and exit")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.register(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: The words after the program's name; by default, those it was called with.

    Returns:
        The exit status.
    """
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except CreancePayError as error:
        return _stopped(str(error), 1)
    except OSError as error:
        return _stopped(f"{error.filename}: {error.strerror}", 1)
    except KeyboardInterrupt:
        return _stopped("interrupted", _INTERRUPTED)


def _stopped(why: str, status: int) -> int:
    print(f"creance-pay: {why}", file=sys.stderr)
    return status
