"""The command line: ``creance-pay``, also ``python -m creance_pay``.

Each command is a module ``NAME_command`` of this package.  Its function ``declare`` adds the arguments to a parser and
sets the function ``run`` that runs the command and returns the exit status.  Only the module of the command in use is
imported, so that a command does not load what another one needs.

Exit status: 0 for a positive answer or work done, 1 for a negative answer or an error, 2 for a usage error (unknown
option, missing or invalid argument), 3 to 5 for the rejected lines of a file (see ``assess --help``) and for the bank
(see ``gateway_command``), 130 after Ctrl-C, 141 when the reader of the output stops early (``| head``).
An error is one line on the standard error.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from .._text import printable
from ..errors import CreancePayError

#: The help text of each command.
COMMANDS = {
    "reference": "parse a notice reference",
    "explain": "decide one debt, and list the rules and sources behind the decision",
    "caisse": "look up a caisse by its code",
    "policy": "list the values of a policy, check a file of policies, compare two policies",
    "assess": "decide every debt of a file, CSV or Parquet",
    "letters": "write a letter as a PDF file for every row of a file",
    "scope": "decide every balance and notice of a file, CSV or Parquet",
    "messages": "list, render and check the messages to the insured person",
    "keys": "manage the encrypted file of a merchant's keys",
    "gateway": "check the configuration of a bank's gateway",
    "ledger": "read, explain and operate a ledger",
    "work": "run the effects of a portal's service, ask the bank, watch its health",
    "bank": "serve a test bank on this machine",
    "office": "serve the office's pages about a ledger on this machine",
}
# The statuses of a program that SIGINT or SIGPIPE ended, as a shell reports them.
_INTERRUPTED, _BROKEN_PIPE = 130, 141
# An error is one line: without a handler, Python would print the library's log events beside it.
_QUIET = logging.NullHandler()


class _PrintVersion(argparse.Action):
    """The action of ``--version``."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print the version and exit with status 0."""
        from importlib.metadata import version  # noqa: PLC0415 - takes longer to load than most commands to run

        print(f"{parser.prog} {version('creance-pay')}")
        parser.exit()


def parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Build the parser of a command line, with the arguments of the command that it uses."""
    top = argparse.ArgumentParser(prog="creance-pay", description="Payment of debts to a French health insurance fund")
    top.add_argument("--version", action=_PrintVersion, nargs=0, help="print the version and exit")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    used = next((word for word in arguments if not word.startswith("-")), None)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(parser=command)
        if name == used:
            import_module(f"{__name__}.{name}_command").declare(command)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: The arguments after the program's name; ``None`` for those of this process.

    Returns:
        The exit status.
    """
    words = sys.argv[1:] if arguments is None else arguments
    return run(lambda: parse(parser(words), words))


def parse(top: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """Parse the words of a command line; the usage beside an unknown word is that of the command or act in use.

    Args:
        top: The parser of the whole command line; the parser of each command and act is its default ``parser``.
        words: The words.
    """
    options, unknown = top.parse_known_args(words)
    if unknown:
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def run(read: Callable[[], argparse.Namespace]) -> int:
    """Run the command that a function reads from the command line; an error is one line on the standard error.

    Returns:
        The exit status.
    """
    logging.getLogger("creance_pay").addHandler(_QUIET)
    try:
        options = read()
        status = int(options.run(options))
        print(end="", flush=True)  # a broken pipe shows here, and not when Python exits
    except CreancePayError as error:
        return _fail(str(error), 1)
    except BrokenPipeError:
        # Otherwise Python writes the rest of the output when it exits, and reports the broken pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except OSError as error:
        reason = str(error.strerror or error)
        return _fail(f"{error.filename}: {reason}" if error.filename else reason, 1)
    except KeyboardInterrupt:
        return _fail("interrupted", _INTERRUPTED)
    return status


def _fail(reason: str, status: int) -> int:
    print(f"creance-pay: {printable(reason)}", file=sys.stderr)
    return status
