"""Check the words of code and documentation: run by ``python3 dev.py lint``.

Three checks, each from a table below.  The docstring of a function begins with an imperative verb that names what the
function does, or with a noun.  House metaphors stay out: a reader searches for the term of the field.  No sentence has
a clause with "what" or "who" as its subject; a question may.  A word in backticks is a quotation and is not checked.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The folders and files whose docstrings are checked, and those whose whole text is checked.
DOCSTRINGS = ("src", "tests", "examples", "benchmarks", "tools", "docs/_ext", "docs/conf.py", "dev.py")
TEXTS = ("src", "docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")

# First words of docstrings, and a better one.
FIRST_WORDS = {
    "Bring": "Read, Fetch or Return",
    "Find out": "Return or Check",
    "Give": "Return or Yield",
    "Have": "name the act",
    "Hold": "Check, Store or Lock",
    "Keep": "Store, Record or Preserve",
    "Let": "Allow or Accept",
    "Put": "Write, Add or Set",
    "Say": "Return or Report",
    "Take": "Accept, Read or Receive",
    "Tell": "Return or Report",
    "What": "name the thing",
    "Whatever": "name the thing",
    "Who": "name the actor",
    "Whoever": "name the actor",
}
# Words that stand for something else: a pattern, and the term of the field.
METAPHORS = {
    r"rooms?": "package",
    r"halls?": "values, or the module's name",
    r"porch(?:es)?": "the module's name",
    r"doors?": "entry point, function or URL",
    r"floors?": "layer or level",
    r"house": "project or package",
    r"books?": "store, ledger or table",
    r"shops?": "merchant",
    r"desks?": "service, or counter for the caisse's own",
    r"told": "reported, or the record's own verb",
    r"heard": "received",
    r"for ever": "without a limit, or permanently",
    r"(?:say|says|said) nothing": "name what is absent",
}
SUBJECTS = re.compile(r"\b(?:What|Whatever|Who|Whoever)\b(?P<rest>[^.!?]*[.!?]?)")
# Quotations, addresses, and headings of Markdown.
IGNORED = re.compile(r"(`+)[^`]+\1|https?://\S+|^##+ .*$", re.MULTILINE)


def files(places: tuple[str, ...], *suffixes: str) -> Iterator[Path]:
    """List the files of folders that have one of the suffixes."""
    for place in (ROOT / name for name in places):
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (path for path in found if path.suffix in suffixes and "_build" not in path.parts)


def docstring_findings(text: str) -> Iterator[tuple[int, str, str]]:
    """List the docstrings of functions that begin with a banned word: line, word, replacement."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (docstring := ast.get_docstring(node)):
            for word, instead in FIRST_WORDS.items():
                if re.match(rf"{word}\b", docstring):
                    yield node.body[0].lineno, word, instead


def text_findings(text: str) -> Iterator[tuple[int, str, str]]:
    """List metaphors and clauses used as subjects: line, word, replacement."""
    plain = IGNORED.sub(lambda match: re.sub(r"[^\n]", "`", match[0]), text)
    for pattern, instead in METAPHORS.items():
        for match in re.finditer(rf"\b{pattern}\b", plain, re.IGNORECASE):
            yield text.count("\n", 0, match.start()) + 1, match[0], instead
    for match in SUBJECTS.finditer(plain):
        if not match["rest"].endswith("?"):
            yield text.count("\n", 0, match.start()) + 1, match[0].split()[0], "name the subject with a noun"


def findings() -> Iterator[tuple[str, int, str, str]]:
    """List all findings: path, line, word, replacement."""
    checks = ((files(DOCSTRINGS, ".py"), docstring_findings), (files(TEXTS, ".py", ".md"), text_findings))
    for paths, check in checks:
        for path in paths:
            for finding in check(path.read_text(encoding="utf-8")):
                yield (path.relative_to(ROOT).as_posix(), *finding)


def main() -> int:
    """Print the findings; return 1 when there are any."""
    found = sorted(set(findings()))
    for path, line, word, instead in found:
        print(f"{path}:{line}: {word}: {instead}")
    print(f"{len(found)} findings")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
