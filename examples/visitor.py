"""A person at a browser without scripts, as far as a walk through the portal needs one: cookies, pages, forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import urljoin

import attrs
import requests

_PATIENCE = 60.0


@attrs.define
class Form:
    """A form of a page.

    Attributes:
        method: ``get`` or ``post``.
        action: Where it leads; empty for the page itself.
        fields: What it sends as it stands, pairs in the page's order.
        buttons: What each button adds or changes, by its words.
    """

    method: str
    action: str
    fields: list[tuple[str, str]] = attrs.field(factory=list)
    buttons: dict[str, Mapping[str, str]] = attrs.field(factory=dict)


class Page(HTMLParser):
    """What a person sees: the words, the title, the links, the forms."""

    def __init__(self, html: str) -> None:
        """Read a page."""
        super().__init__()
        self.title, self.words = "", ""
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self._open: tuple[str, Mapping[str, str]] | None = None
        self._text, self._select = "", ""
        self.feed(html)
        self.words = " ".join(self.words.replace("\u202f", " ").replace("\u00a0", " ").split())

    def form_of(self, button: str) -> Form:
        """Find the form that has a button."""
        found = next((form for form in self.forms if button in form.buttons), None)
        if found is None:
            raise LookupError(f"no button « {button} »")
        return found

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Gather forms and what is in them."""
        found = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(found.get("method", "get"), found.get("action", "")))
        elif tag in {"title", "a", "button"}:
            self._open, self._text = (tag, found), ""
        elif tag == "select":
            self._select = found["name"]
        elif tag == "option" and self._select and "selected" in found:
            self.forms[-1].fields.append((self._select, found["value"]))
        elif tag == "input" and (found.get("type") != "checkbox" or "checked" in found):
            self.forms[-1].fields.append((found["name"], found.get("value", "")))

    def handle_data(self, data: str) -> None:
        """Gather the words."""
        self.words += data
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        """Close a title, a link or a button: its words are known now."""
        self._select = "" if tag == "select" else self._select
        if self._open is None or tag != self._open[0]:
            return
        words, found = " ".join(self._text.split()), self._open[1]
        self._open = None
        if tag == "title":
            self.title = words
        elif tag == "a":
            self.links[words] = found.get("href", "")
        elif self.forms:
            self.forms[-1].buttons[words] = found


class Visitor:
    """A person.

    Attributes:
        url: The address of the page.
        status: Its HTTP status.
        html: Its source.
        page: What is on it.
    """

    def __init__(self, url: str) -> None:
        """Come to a first page, by no proxy: it is on this machine."""
        self._browser = requests.Session()
        self._browser.trust_env = False
        self.cookies = self._browser.cookies
        self.open(url)

    def open(self, url: str) -> None:
        """Go to an address."""
        self._show(self._browser.get(urljoin(getattr(self, "url", ""), url), timeout=_PATIENCE))

    def follow(self, words: str) -> None:
        """Follow a link by its words."""
        self.open(self.page.links[words])

    def filled(self, button: str, **typed: str | list[str] | None) -> list[tuple[str, str]]:
        """Give what a form sends when a button is pressed.

        Args:
            button: The words of the button.
            typed: What to type or to tick, by the field's name; ``None`` leaves a field out.
        """
        form = self.page.form_of(button)
        pressed = form.buttons[button]
        kept = [(name, value) for name, value in form.fields if name not in typed]
        own = [(pressed["name"], pressed.get("value", ""))] if "name" in pressed else []
        return [*kept, *own, *_pairs(typed)]

    def press(self, button: str, **typed: str | list[str] | None) -> None:
        """Fill a form and press one of its buttons."""
        form, fields = self.page.form_of(button), self.filled(button, **typed)
        target = urljoin(self.url, form.buttons[button].get("formaction", form.action))
        if form.method == "get":
            self._show(self._browser.get(target, params=fields, timeout=_PATIENCE))
        else:
            self._show(self._browser.post(target, data=fields, timeout=_PATIENCE))

    def post(self, url: str, fields: list[tuple[str, str]]) -> None:
        """Post what no form of the page would."""
        self._show(self._browser.post(urljoin(self.url, url), data=fields, timeout=_PATIENCE))

    def close(self) -> None:
        """Go away."""
        self._browser.close()

    def _show(self, answer: requests.Response) -> None:
        self.url, self.status, self.headers, self.content = (
            answer.url,
            answer.status_code,
            answer.headers,
            answer.content,
        )
        self.html = answer.text if answer.headers.get("Content-Type", "").startswith("text/html") else ""
        self.page = Page(self.html)


def _pairs(typed: Mapping[str, str | list[str] | None]) -> Iterator[tuple[str, str]]:
    for name, values in typed.items():
        for value in [values] if isinstance(values, str) else values or []:
            yield name, value
