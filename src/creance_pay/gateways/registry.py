"""Gateways by name: this package's, and those that other packages declare as entry points.

A package of yours that speaks another bank's dialect declares its class in its own ``pyproject.toml``::

    [project.entry-points."creance_pay.gateways"]
    mybank = "my_package.gateway:MyBank"

A name is looked up among those declared and never taken for a module.

>>> load("sipz")
Traceback (most recent call last):
creance_pay.errors.ConfigurationError: no gateway of that name; known: sips
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
    """Build a gateway by the name it was declared with.

    Args:
        name: ``sips``, or a name that another package declares.
        settings: What the gateway's class takes, by name.

    Raises:
        ConfigurationError: for a name that nobody declares or that two packages declare, a package that fails to
            import, or a setting that is unknown, missing or refused.
    """
    build = _imported(_declared(name))
    _check_names(build, settings)
    return build(**settings)


def _declared(name: str) -> EntryPoint:
    """Find the one declaration of a name."""
    declared = entry_points(group=GROUP)
    found = [entry for entry in declared if entry.name == name]
    if not found:
        raise ConfigurationError(f"no gateway of that name; known: {', '.join(sorted(declared.names))}")
    if len({entry.value for entry in found}) > 1:
        raise ConfigurationError(f"two gateways are named {name}: {' and '.join(sorted(e.value for e in found))}")
    return found[0]


def _imported(entry: EntryPoint) -> Callable[..., Gateway]:
    """Import what an entry point declares; whatever another package's import raises, the error names the gateway."""
    try:
        build: Callable[..., Gateway] = entry.load()
    except Exception as error:
        raise ConfigurationError(f"the gateway {entry.name} ({entry.value}) cannot be imported") from error
    return build


def _check_names(build: Callable[..., Gateway], settings: dict[str, object]) -> None:
    """Refuse a setting that the gateway does not know, or the lack of one that it needs, by name and not by value."""
    known = inspect.signature(build).parameters
    for name in settings.keys() - known.keys():
        near = get_close_matches(name, known, n=1)
        raise ConfigurationError(f"unknown setting {name}; did you mean: {', '.join(near or known)}?")
    missing = [name for name, each in known.items() if each.default is each.empty and name not in settings]
    if missing:
        raise ConfigurationError(f"missing setting: {', '.join(missing)}")
