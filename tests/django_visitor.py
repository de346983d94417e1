"""The browser of a person in the Django portal: cookies as browsers treat them, forms, and the bank's page."""

from __future__ import annotations

import html
import re
from typing import Any, Self
from urllib.parse import urljoin

import attrs
import requests

from creance_pay.gateways import FormPost
from creance_pay.testing import TrialCard

_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_ACTION = re.compile(r'<form method="post" action="([^"]+)"')
TIMEOUT_S = 60


@attrs.define
class Person:
    """A person's browser.

    Args:
        portal: The served portal.
    """

    portal: Any
    session: requests.Session = attrs.field(factory=requests.Session)

    def __enter__(self) -> Self:
        """Ignore the proxies of the environment."""
        self.session.trust_env = False
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.session.close()

    def get(self, path: str, **options: Any) -> requests.Response:  # noqa: ANN401 - of requests
        """Get a page of the portal."""
        return self.session.get(urljoin(self.portal.url, path), timeout=TIMEOUT_S, **options)

    def post(self, path: str, **fields: str) -> requests.Response:
        """Post the form of a page, with its hidden fields."""
        hidden = self.hidden(self.get(path).text)
        return self.session.post(self.portal.url + path, data={**hidden, **fields}, timeout=TIMEOUT_S)

    @staticmethod
    def hidden(page: str) -> dict[str, str]:
        """Return the hidden fields of a page."""
        return {html.unescape(name): html.unescape(value) for name, value in _FIELD.findall(page)}

    def sign_in(self, name: str) -> None:
        """Sign in."""
        self.post("/connexion", username=name, password="pw")

    def start(self, reference: str, amount: str = "20,00", **more: str) -> FormPost:
        """Start a payment, and return the form to the bank."""
        page = self.post("/", reference=reference, amount=amount, **more).text
        found = _ACTION.search(page)
        assert found is not None, page
        return FormPost(html.unescape(found[1]), self.hidden(page))

    def pay(self, reference: str, card: str = TrialCard.ACCEPTED) -> requests.Response:
        """Pay by card, and return from the bank; the browser sends no cookie with the bank's post."""
        message = self.portal.bank.pay(self.start(reference), card)
        return self.come_back(message.body, dict(message.headers))

    def come_back(self, body: bytes, headers: dict[str, str]) -> requests.Response:
        """Post from the bank's page, and get the page that follows."""
        with requests.Session() as other:
            other.trust_env = False
            answer = other.post(
                f"{self.portal.url}/bank/return", data=body, headers=headers, allow_redirects=False, timeout=TIMEOUT_S
            )
        return self.get(answer.headers["Location"]) if answer.status_code == requests.codes.see_other else answer
