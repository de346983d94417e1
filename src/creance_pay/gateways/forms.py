"""How the browser leaves for the bank: a form to post, or an address to go to.

>>> FormPost("https://bank.example/pay", {"Data": 'a="b"'}).as_html(nonce="r4nd0m").count("&quot;")
2
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import attrs


@attrs.frozen
class FormPost:
    """A form that the browser posts to the bank.

    Attributes:
        action: The address of the bank's page.
        fields: The hidden fields, sealed: post them as they are.
    """

    action: str
    fields: Mapping[str, str] = attrs.field(repr=lambda fields: f"<{', '.join(fields)}>")

    def as_html(self, nonce: str | None = None, *, button: str = "Payer") -> str:
        """Write the form, every value escaped; it works without any script.

        Args:
            nonce: The nonce of the page's content security policy; with one, a script submits the form at once.
            button: The label of the button.

        Returns:
            A ``<form>``, and perhaps a ``<script>`` after it.
        """
        inputs = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in self.fields.items()
        )
        form = (
            f'<form method="post" action="{escape(self.action)}" accept-charset="utf-8" id="payment-form">'
            f'{inputs}<button type="submit">{escape(button)}</button></form>'
        )
        if not nonce:
            return form
        return f'{form}<script nonce="{escape(nonce)}">document.getElementById("payment-form").submit()</script>'


@attrs.frozen
class Redirect:
    """An address that the browser goes to.

    Attributes:
        url: The address of the bank's page, for this payment alone.
    """

    url: str = attrs.field(repr=False)
