"""Gateways by name: those of this package, and those that other packages declare as entry points.

A package with a gateway for another bank declares its class in its own ``pyproject.toml``::

    [project.entry-points."creance_pay.gateways"]
    mybank = "my_package.gateway:MyBank"

A name is looked up among the declared names; it is never imported as a module.  Only the package of the name that was
asked for is imported: a package that fails to import disturbs no other.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points

from ..errors import ConfigurationError
from .base import Gateway

GROUP = "creance_pay.gateways"
_MAX_SHOWN = 60  # characters of a wrong name in an error


def find_gateway(name: str) -> Callable[..., Gateway]:
    """Return the class of a gateway by its declared name.

    Raises:
        ConfigurationError: for a name that no package or two packages declare, or a package whose import fails, in
            whatever way; the error has the cause.
    """
    entry = _find(name)
    try:
        build: Callable[..., Gateway] = entry.load()
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"
        raise ConfigurationError(f"the gateway {name} ({entry.value}) cannot be imported: {cause}") from error
    return build


def _find(name: str) -> EntryPoint:
    """Return the entry point of a name."""
    declared = entry_points(group=GROUP)
    found = [entry for entry in declared if entry.name == name]
    if not found:
        known, shown = sorted(declared.names), str(name)[:_MAX_SHOWN]
        near = "".join(f"; did you mean: {each}?" for each in get_close_matches(shown.lower(), known, n=1))
        raise ConfigurationError(f"expected the name of a gateway among {', '.join(known)}, got {shown!r}{near}")
    if len({entry.value for entry in found}) > 1:
        raise ConfigurationError(f"two gateways are named {name}: {' and '.join(sorted(e.value for e in found))}")
    return found[0]
