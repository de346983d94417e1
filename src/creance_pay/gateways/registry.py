"""Gateways by name: those of this package, and those that other packages declare as entry points.

A package with a gateway for another bank declares its class in its own ``pyproject.toml``::

    [project.entry-points."creance_pay.gateways"]
    mybank = "my_package.gateway:MyBank"

A name is looked up among the declared names; it is never imported as a module.

>>> load("sipz")  # doctest: +IGNORE_EXCEPTION_DETAIL
Traceback (most recent call last):
creance_pay.errors.ConfigurationError: expected the name of a gateway among direct, sips, got another
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points

from ..errors import ConfigurationError
from .base import Gateway

GROUP = "creance_pay.gateways"


def load(name: str, /, **settings: object) -> Gateway:
    """Build a gateway by its declared name.

    Args:
        name: ``sips``, ``direct``, or a name that another package declares.
        settings: The arguments of the gateway's class, by name.

    Raises:
        ConfigurationError: for a name that no package or two packages declare, a package whose import fails, or a
            setting that is unknown, missing or refused.
    """
    build = _import(_find(name))
    _check_names(build, settings)
    return build(**settings)


def _find(name: str) -> EntryPoint:
    """Return the entry point of a name."""
    declared = entry_points(group=GROUP)
    found = [entry for entry in declared if entry.name == name]
    if not found:
        known = ", ".join(sorted(declared.names))
        raise ConfigurationError(f"expected the name of a gateway among {known}, got another")
    if len({entry.value for entry in found}) > 1:
        raise ConfigurationError(f"two gateways are named {name}: {' and '.join(sorted(e.value for e in found))}")
    return found[0]


def _import(entry: EntryPoint) -> Callable[..., Gateway]:
    """Import the class of an entry point; the error for an import that fails, in whatever way, names the gateway."""
    try:
        build: Callable[..., Gateway] = entry.load()
    except Exception as error:
        raise ConfigurationError(f"the gateway {entry.name} ({entry.value}) cannot be imported") from error
    return build


def _check_names(build: Callable[..., Gateway], settings: dict[str, object]) -> None:
    """Refuse an unknown setting, and a missing one that has no default, by its name."""
    known = inspect.signature(build).parameters
    for name in settings.keys() - known.keys():
        near = get_close_matches(name, known, n=1)
        raise ConfigurationError(f"unknown setting {name}; did you mean: {', '.join(near or known)}?")
    missing = [name for name, each in known.items() if each.default is each.empty and name not in settings]
    if missing:
        raise ConfigurationError(f"missing setting: {', '.join(missing)}")
