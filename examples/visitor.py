"""A browser without scripts, controlled by a program: cookies, pages, links and forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import urljoin

import attrs
import requests

_TIMEOUT_S = 60.0


@attrs.define
class Form:
    """A form of a page.

    Attributes:
        method: ``get`` or ``post``.
        action: The address that it is sent to; empty for the page's own.
        fields: The names and values that it sends unchanged, in the order of the page.
        buttons: The attributes of each button, by its text.
    """

    method: str
    action: str
    fields: list[tuple[str, str]] = attrs.field(factory=list)
    buttons: dict[str, Mapping[str, str]] = attrs.field(factory=dict)


class Page(HTMLParser):
    """The content of a page: text, title, links and forms."""

    def __init__(self, html: str) -> None:
        """Parse a page."""
        super().__init__()
        self.title, self.text = "", ""
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self._open: tuple[str, Mapping[str, str]] | None = None
        self._element_text, self._select = "", ""
        self.feed(html)
        self.text = " ".join(self.text.replace("\u202f", " ").replace("\u00a0", " ").split())

    def form_of(self, button: str) -> Form:
        """Return the form that contains a button.

        Raises:
            LookupError: when no form of the page contains it.
        """
        found = next((form for form in self.forms if button in form.buttons), None)
        if found is None:
            raise LookupError(
                f"expected a button « {button} », got {sorted({name for form in self.forms for name in form.buttons})}"
            )
        return found

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Collect forms and their fields."""
        found = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(found.get("method", "get"), found.get("action", "")))
        elif tag in {"title", "a", "button"}:
            self._open, self._element_text = (tag, found), ""
        elif tag == "select":
            self._select = found["name"]
        elif tag == "option" and self._select and "selected" in found:
            self.forms[-1].fields.append((self._select, found["value"]))
        elif tag == "input" and (found.get("type") != "checkbox" or "checked" in found):
            self.forms[-1].fields.append((found["name"], found.get("value", "")))

    def handle_data(self, data: str) -> None:
        """Collect the text."""
        self.text += data
        self._element_text += data

    def handle_endtag(self, tag: str) -> None:
        """Store a title, a link or a button: its text is complete."""
        self._select = "" if tag == "select" else self._select
        if self._open is None or tag != self._open[0]:
            return
        text, found = " ".join(self._element_text.split()), self._open[1]
        self._open = None
        if tag == "title":
            self.title = text
        elif tag == "a":
            self.links[text] = found.get("href", "")
        elif self.forms:
            self.forms[-1].buttons[text] = found


class Visitor:
    """A person with a browser.

    Attributes:
        url: The address of the current page.
        status: Its HTTP status.
        headers: Its HTTP headers.
        content: Its body.
        html: Its body as text; empty for another type than HTML.
        page: Its parsed content.
        cookies: The cookies of the browser.
    """

    def __init__(self, url: str) -> None:
        """Open a first page, without proxy: the server is on this machine."""
        self._browser = requests.Session()
        self._browser.trust_env = False
        self.cookies = self._browser.cookies
        self.open(url)

    def open(self, url: str) -> None:
        """Get an address."""
        self._show(self._browser.get(urljoin(getattr(self, "url", ""), url), timeout=_TIMEOUT_S))

    def follow(self, text: str) -> None:
        """Follow a link by its text."""
        self.open(self.page.links[text])

    def form_data(self, button: str, **typed: str | list[str] | None) -> list[tuple[str, str]]:
        """Return the names and values that a form sends when a button is pressed.

        Args:
            button: The text of the button.
            typed: The values to type or to tick, by the field's name; ``None`` leaves a field out.
        """
        form = self.page.form_of(button)
        pressed = form.buttons[button]
        kept = [(name, value) for name, value in form.fields if name not in typed]
        own = [(pressed["name"], pressed.get("value", ""))] if "name" in pressed else []
        return [*kept, *own, *_pairs(typed)]

    def press(self, button: str, **typed: str | list[str] | None) -> None:
        """Fill in a form and press one of its buttons."""
        form, fields = self.page.form_of(button), self.form_data(button, **typed)
        target = urljoin(self.url, form.buttons[button].get("formaction", form.action))
        if form.method == "get":
            self._show(self._browser.get(target, params=fields, timeout=_TIMEOUT_S))
        else:
            self._show(self._browser.post(target, data=fields, timeout=_TIMEOUT_S))

    def post(self, url: str, fields: list[tuple[str, str]]) -> None:
        """Post fields to an address, without a form of the page."""
        self._show(self._browser.post(urljoin(self.url, url), data=fields, timeout=_TIMEOUT_S))

    def close(self) -> None:
        """Close the browser."""
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
