"""The errors of the database as our own: with the cause that an operator needs, and without the values of any row."""

from __future__ import annotations

import re
import sqlite3

from sqlalchemy import URL

from ...errors import ConflictError, CreancePayError, GatewayUnavailableError, InvalidValueError

#: The errors of Python that the drivers raise for a value.
UNSTORABLE = (UnicodeEncodeError, OverflowError)

_CONFLICTS = {"40001", "40P01"}  # the SQLSTATE of a serialization failure and of a deadlock
_DATA = re.compile("22")  # the class of SQLSTATE of a value that does not fit; psycopg has none for NUL in a text
# Classes of SQLSTATE whose primary message names objects of the server, and no value of a row: connection,
# authorisation, unknown database, unknown table or no right, resources, state of an object, operator, system.
_DISCREET = re.compile("08|28|3D|42|53|55|57|58")
# A person has to change the configuration: authorisation, unknown database, unknown table or no right.
_LASTING = re.compile("28|3D|42")
_LASTING_SQLITE = ("CANTOPEN", "NOTADB", "READONLY", "PERM", "AUTH")
# An error of libpq about a connection has no SQLSTATE.  These texts come from a server that is there and busy.
_BUSY = ("too many", "remaining connection slots", "starting up", "shutting down", "recovery")
_REFUSED = ("authentication failed", "does not exist", "no pg_hba.conf entry", "no password supplied")
# The errors of the driver that are about the connection, even in a transaction.
_ABOUT_CONNECTIONS = {"OperationalError", "InterfaceError"}


def failure_of(error: Exception, address: URL, *, connecting: bool, reached: bool) -> CreancePayError:
    """Build our error for an error of SQLAlchemy or of the driver.

    A value that the database cannot store is the caller's fault.  A lasting cause, such as a wrong path, port or
    password, is not retryable.

    Args:
        error: The error.
        address: The URL of the database.
        connecting: Whether the error came before the transaction began.
        reached: Whether the database was reached before: a refused port then is a server that restarts.
    """
    kind, cause = type(error).__name__, getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None)
    if kind == "DataError" or _DATA.match(state or "") or isinstance(cause, UNSTORABLE):
        return InvalidValueError(
            "expected texts of Unicode characters without NUL, and numbers of 64 bits, got a value that the ledger's"
            f" database cannot store ({type(cause).__name__})"
        )
    if state in _CONFLICTS:
        return ConflictError(_text(f"{kind} ({state})", address), retryable=True)
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", type(cause).__name__)
        lasting = name.removeprefix("SQLITE_").startswith(_LASTING_SQLITE)
        return GatewayUnavailableError(_text(f"{kind} ({name}): {cause}", address), retryable=not lasting)
    if state is not None:
        primary = getattr(getattr(cause, "diag", None), "message_primary", None)
        shown = f": {primary}" if primary and _DISCREET.match(state) else ""
        described = _text(f"{kind} ({state}){shown}", address)
        return GatewayUnavailableError(described, retryable=not _LASTING.match(state))
    if not connecting and kind not in _ABOUT_CONNECTIONS:
        return GatewayUnavailableError(_text(kind, address), retryable=True)
    text = " ".join(str(cause).split())
    lasting = any(words in text for words in _REFUSED) or not (reached or any(words in text for words in _BUSY))
    return GatewayUnavailableError(_text(f"{kind}: {text}", address), retryable=not lasting)


def _text(cause: str, address: URL) -> str:
    """Name the file, or the host, port and database; never the password."""
    password = address.password
    if password:
        cause = cause.replace(str(password), "***")
    place = f"{address.host or 'local'}:{address.port or 5432}/{address.database}"
    where = f"file {address.database}" if address.drivername == "sqlite" else f"server {place}"
    return f"the ledger's database does not answer, or refuses: {where}: {cause}"
