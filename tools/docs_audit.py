"""Audit the built documentation: ``docs_audit.py [FOLDER]``, by default ``build/docs``; run by ``python3 dev.py docs``.

It prints, for each page, the words of its text, the share of sentences with a negation, and the share of sentences that
open with a passive verb.  It fails on a page above its budget of words, a dead link inside the site, a picture without
a text alternative, and a page without a description or with more than one first heading.  With ``--browser`` it also
loads every page in Chromium at 1280 and 390 pixels, runs axe, and measures the overflow.

Tables, code and the index are looked up rather than read, so their words do not count.
"""

import argparse
import functools
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urldefrag

import requests
from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).resolve().parents[1]
BUDGET = 2_500
# Pages of Sphinx itself, and the ones that list rather than explain.
TOOLS = {"genindex", "search", "py-modindex"}
UNBOUND = {"changelog"}
SKIPPED = ("table", "pre", ".sig", ".toctree-wrapper", "nav", ".headerlink", "script", "style")
NEGATION = re.compile(
    r"\b(?:no|not|never|none|nothing|nobody|cannot|without|neither|nor|\w+n't|ne|n’\w+|pas|aucune?|jamais|rien|sans)\b",
    re.IGNORECASE,
)
# A subject of at most four words, then a form of "to be" (or "être") and a participle.
PASSIVE = re.compile(
    r"^(?:[\w’'`-]+\s+){1,4}?(?:is|are|was|were|be|est|sont)\s+(?:\w+ly\s+)?(?:\w+(?:ed|en|wn|ght|pt|ept|id|nt|ées?|és?))\b",
    re.IGNORECASE,
)
# A shorter text is a title or a label.
SHORTEST = 4
SENTENCE = re.compile(r"(?<=[.!?:])\s+")
WIDTHS = (1280, 390)
LEVELS = '{runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}'


class Page(NamedTuple):
    """A page and its figures."""

    name: str
    soup: BeautifulSoup
    words: int
    sentences: list[str]

    def share(self, pattern: re.Pattern[str]) -> float:
        """Return the percentage of sentences that a pattern matches."""
        return 100 * sum(1 for each in self.sentences if pattern.search(each)) / max(len(self.sentences), 1)


def text_of(soup: BeautifulSoup) -> list[str]:
    """Return the blocks of text of a page: paragraphs, items and headings."""
    article = soup.select_one("article[role=main]")
    if article is None:
        return []
    copy = BeautifulSoup(str(article), "html.parser")
    for selector in SKIPPED:
        for each in copy.select(selector):
            each.decompose()
    blocks = copy.select("p, li, dd, h1, h2, h3, h4, figcaption")
    # A block that contains another one is read by way of the inner one.
    return [each.get_text(" ", strip=True) for each in blocks if not each.select("p, li, dd")]


def read_page(folder: Path, path: Path) -> Page:
    """Read a built page."""
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    blocks = text_of(soup)
    sentences = [each for block in blocks for each in SENTENCE.split(block) if len(each.split()) >= SHORTEST]
    name = path.relative_to(folder).with_suffix("").as_posix()
    return Page(name, soup, sum(len(block.split()) for block in blocks), sentences)


def pages(folder: Path) -> dict[str, Page]:
    """Read the pages of a built site, without the source code that viewcode shows."""
    left_out = {"_modules", "_static", "404.html"}
    found = (path for path in sorted(folder.rglob("*.html")) if not left_out & set(path.parts))
    return {page.name: page for page in (read_page(folder, path) for path in found)}


def targets(soup: BeautifulSoup) -> Iterator[str]:
    """List the addresses that a page links to or loads."""
    for each in soup.select("a[href], img[src], link[href], script[src]"):
        yield str(each.get("href") or each.get("src"))


def dead_links(folder: Path, found: Mapping[str, Page]) -> Iterator[str]:
    """List the links inside the site that lead to no file, or to no place of a page."""
    ids = {f"{name}.html": {str(each["id"]) for each in page.soup.select("[id]")} for name, page in found.items()}
    for name, page in found.items():
        for target in targets(page.soup):
            if re.match(r"[a-z]+:|//|data:", target):
                continue
            address, fragment = urldefrag(target)
            here = folder / f"{name}.html"
            path = (here.parent / unquote(address.partition("?")[0])).resolve() if address else here
            if not path.is_file():
                yield f"{name}: no file {target}"
                continue
            place = path.relative_to(folder.resolve()).as_posix() if path != here else f"{name}.html"
            if fragment and place in ids and unquote(fragment) not in ids[place]:
                yield f"{name}: no place {target}"


def faults(folder: Path, found: Mapping[str, Page]) -> Iterator[str]:
    """List everything that fails the audit."""
    for name, page in found.items():
        short = name.rpartition("/")[2]
        if page.words > BUDGET and short not in TOOLS | UNBOUND:
            yield f"{name}: {page.words} words, the budget is {BUDGET}"
        if len(page.soup.select("h1")) != 1 and short not in TOOLS:
            yield f"{name}: expected one first heading"
        for picture in page.soup.select("article img"):
            if not str(picture.get("alt", "")).strip():
                yield f"{name}: a picture without a text alternative: {picture.get('src')}"
        description = page.soup.select_one('meta[name="description"]')
        if short not in TOOLS and (not isinstance(description, Tag) or not description.get("content")):
            yield f"{name}: no description"
    yield from dead_links(folder, found)


def silent_addresses(found: Mapping[str, Page]) -> Iterator[str]:
    """List the external addresses that do not answer; each is asked once."""
    addresses = {
        urldefrag(each)[0] for page in found.values() for each in targets(page.soup) if each.startswith("https:")
    }
    for address in sorted(addresses):
        try:
            status = requests.get(address, timeout=10, headers={"User-Agent": "docs-audit"}).status_code
        except requests.RequestException as error:
            yield f"{address}: {type(error).__name__}"
        else:
            if status >= HTTPStatus.BAD_REQUEST:
                yield f"{address}: {status}"


class QuietHandler(SimpleHTTPRequestHandler):
    """A server of files that prints no requests."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Print nothing."""


def browse(folder: Path, names: list[str], shots: Path | None) -> Iterator[str]:
    """Load each page in Chromium, and list the violations of axe and the pages wider than the window."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - needed here only

    axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as play:
        system = Path("/usr/bin/chromium")
        browser = play.chromium.launch(executable_path=str(system) if system.exists() else None)
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
            for name in names:
                page.goto(f"http://127.0.0.1:{server.server_port}/{name}.html")
                page.evaluate(axe)
                for each in page.evaluate(f"() => axe.run(document, {LEVELS})")["violations"]:
                    places = [node["target"][0] for node in each["nodes"][:3]]
                    yield f"{name} at {width}: {each['id']} ({each['impact']}), {len(each['nodes'])}: {places}"
                wide = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
                if wide > 0:
                    yield f"{name} at {width}: {wide} pixels too wide"
                if shots:
                    page.screenshot(path=shots / f"{name.replace('/', '-')}-{width}.png", full_page=True)
                    if width == WIDTHS[0]:
                        page.pdf(path=shots / f"{name.replace('/', '-')}.pdf")
            page.close()
        browser.close()
    server.shutdown()


def main() -> int:
    """Print the figures and the faults; return 1 when there are faults."""
    parser = argparse.ArgumentParser(description="Audit the built documentation.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "docs")
    parser.add_argument("--browser", action="store_true", help="also load the pages in Chromium and run axe")
    parser.add_argument("--online", action="store_true", help="also request each external address")
    parser.add_argument("--shots", type=Path, help="write a picture and a PDF of each page into this folder")
    parser.add_argument("pages", nargs="*", help="with --browser: the pages to load, all by default")
    args = parser.parse_args()
    found = pages(args.folder)
    if not found:
        parser.error(f"no page in {args.folder}")
    print(f"{'page':34}{'words':>7}{'negation %':>12}{'passive %':>11}")
    for name, page in found.items():
        print(f"{name:34}{page.words:>7}{page.share(NEGATION):>12.0f}{page.share(PASSIVE):>11.0f}")
    every = Page("all pages", BeautifulSoup(), 0, [each for page in found.values() for each in page.sentences])
    total = sum(page.words for page in found.values())
    print(f"{every.name:34}{total:>7}{every.share(NEGATION):>12.0f}{every.share(PASSIVE):>11.0f}")
    wrong = faults(args.folder, found)
    if args.browser:
        wrong = chain(wrong, browse(args.folder, args.pages or list(found), args.shots))
    if args.online:
        wrong = chain(wrong, silent_addresses(found))
    number = 0
    for fault in wrong:
        number += 1
        print(f"fault: {fault}", flush=True)
    print(f"{len(found)} pages, {number} faults")
    return int(number > 0)


if __name__ == "__main__":
    sys.exit(main())
