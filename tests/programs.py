"""Import dev.py and the programs of ``tools/`` by their paths: they belong to no package."""

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]


def load(path: str) -> ModuleType:
    """Import a program; each call returns a module of its own, for a test to change.

    Args:
        path: Its path from the top of the repository, such as ``"tools/words.py"``.
    """
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
