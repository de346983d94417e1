"""The settings of Sphinx; ``python3 dev.py docs`` builds the pages, and a warning is a failure."""

import sys
import zlib
from importlib.metadata import version as version_of
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_ext"))

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
]
exclude_patterns = ["_build"]
nitpicky = True
nitpick_ignore = [
    ("py:class", "markupsafe.Markup"),  # documented elsewhere
    ("py:class", "creance_pay._secret.Secret"),  # callers pass a text
    ("py:class", "narwhals._native.IntoFrameT"),  # a dataframe of any engine
    ("py:class", "timedelta"),  # shown as it is written in a default value
    ("py:class", "os.PathLike"),  # documented elsewhere
    ("py:class", "random.Random"),  # the same
    ("py:class", "Site"),  # a part of a simulated world
    ("py:class", "Process"),  # the same
]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"creance-pay {release}"
html_show_sphinx = False
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

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

doctest_global_setup = """
from datetime import UTC, date, datetime
from creance_pay import *
from creance_pay.gateways import *
from creance_pay.gateways.sips import *
from creance_pay.codes import *
from creance_pay.errors import *
from creance_pay.ledger import *
from creance_pay.payments import *
from creance_pay.testing import *
from creance_pay.testing.sips import *
from creance_pay.messages import *
from creance_pay.rules import *
"""

# The names of Python's documentation that these pages link to, so that a build needs no network; `-n` reports others.
PYTHON_NAMES = {
    "library/collections.abc.html": "Callable Collection Iterable Iterator Mapping Sequence",
    "library/datetime.html": "date datetime timedelta",
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


intersphinx_mapping = {"python": ("https://docs.python.org/3", python_inventory())}
