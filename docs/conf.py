"""The settings of Sphinx for both sites; ``python3 dev.py docs`` builds them, and a warning is a failure.

The English pages are in ``docs``; the French ones, written in French, are in ``docs/fr`` and built with ``-t fr``.
They link to each other: ``[texte](fr:regles)`` in an English page, ``[text](en:limits)`` in a French one.
"""

import sys
import zlib
from importlib.metadata import version as version_of
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_ext"))

FRENCH = tags.has("fr")  # type: ignore[name-defined] # noqa: F821 - Sphinx defines it

project = "creance-pay"
author = "creance-pay developers"
project_copyright = "creance-pay developers"
version = release = version_of("creance-pay")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.doctest",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "public_names",
    "tables",
    "french",
    "sources",
    "accessible",
    "exports",
    "extras",
]
language = "fr" if FRENCH else "en"
exclude_patterns = ["_build", "fr", "README.md"]
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_search_scorer = str(HERE / "_static" / "scorer.js")
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {
    "**": [
        f"sidebar/{name}.html" for name in ("brand", "search", "scroll-start", "languages", "navigation", "scroll-end")
    ]
}
nitpicky = True
nitpick_ignore = [
    ("py:class", "creance_pay.payments.health.ConfirmedValues"),  # a policy, or any object with its method
    ("py:class", "ConfirmedValues"),  # the same
    ("py:mod", "creance_pay.rules.predicates"),  # a private module that a docstring names
    ("py:class", "markupsafe.Markup"),  # documented elsewhere
    ("py:class", "django.http.request.HttpRequest"),  # the same
    ("py:class", "creance_pay._secret.Secret"),  # callers pass a text
    ("py:class", "narwhals._native.IntoFrameT"),  # a dataframe of any engine
    ("py:class", "creance_pay.testing.direct.opening.DirectCheckouts"),  # the base of a test bank
    ("py:class", "SipsRequests"),  # the same
    ("py:class", "timedelta"),  # shown as it is written in a default value
    ("py:class", "os.PathLike"),  # documented elsewhere
    ("py:class", "random.Random"),  # the same
    ("py:class", "Site"),  # a part of a simulated world
    ("py:class", "Process"),  # the same
]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
myst_url_schemes = {
    "http": None,
    "https": None,
    "mailto": None,
    "en": "../{{path}}.html#{{fragment}}",
    "fr": "fr/{{path}}.html#{{fragment}}",
}

html_theme = "furo"
html_title = f"creance-pay {release}" + (" · français" if FRENCH else "")
html_show_sphinx = False
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
doctest_test_doctest_blocks = ""  # pytest runs the examples of docstrings; here only the fragments of pages run

autodoc_default_options = {"members": True}
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_class_signature = "mixed"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # otherwise a property that `Attributes` lists is described twice
python_use_unqualified_type_names = True

# The names of Python's documentation that these pages link to, so that a build needs no network; `-n` reports others.
PYTHON_NAMES = {
    "library/collections.abc.html": "Awaitable Callable Collection Iterable Iterator Mapping MutableMapping Sequence",
    "library/datetime.html": "date datetime time timedelta",
    "library/decimal.html": "Decimal",
    "library/enum.html": "IntFlag StrEnum",
    "library/exceptions.html": "Exception ImportError LookupError ValueError",
    "library/functions.html": "bool int sum",
    "library/pathlib.html": "Path",
    "library/stdtypes.html": "bytes str",
    "library/typing.html": "Any ClassVar Literal Protocol Self",
}
BUILTIN_PAGES = {"exceptions", "functions", "stdtypes"}


def python_inventory() -> str:
    """Write the local index of Python's documentation, and return its path."""
    lines = []
    for page, names in PYTHON_NAMES.items():
        module = page.removeprefix("library/").removesuffix(".html")
        prefix = "" if module in BUILTIN_PAGES else f"{module}."
        for name in names.split():
            role = "function" if name == "sum" else "class"
            lines.append(f"{prefix}{name} py:{role} 1 {page}#$ -\n")
    place = HERE / "_build" / "python.inv"
    place.parent.mkdir(exist_ok=True)
    head = "# Sphinx inventory version 2\n# Project: Python\n# Version: 3\n# The remainder is compressed using zlib.\n"
    place.write_bytes(head.encode() + zlib.compress("".join(sorted(lines)).encode()))
    return str(place)


intersphinx_mapping: dict[str, tuple[str, str]] = {"python": ("https://docs.python.org/3", python_inventory())}
if FRENCH:
    intersphinx_mapping["en"] = ("..", str(HERE.parent / "build" / "docs" / "objects.inv"))
