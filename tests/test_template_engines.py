"""Messages and forms in the templates of a portal: Django's engine and Jinja2's, both with automatic escaping."""

from collections.abc import Callable
from html import unescape
from typing import TypeAlias

import attrs
import jinja2
import pytest
from markupsafe import escape

from creance_pay.gateways import FormPost
from creance_pay.messages import MESSAGES, Acknowledgement, Medium, Rendered, render, sample
from creance_pay.messages.catalogue import PaymentPending

Engine: TypeAlias = Callable[[str, object], str]

HOSTILE = "<script>alert('x')</script> & \"y\""
ELEMENT = (
    '<div class="message message-warning" role="alert" lang="en">'
    '<p class="message-title"><strong>Payment pending</strong></p>'
    "<p>We do not have the bank’s answer yet.</p>"
    '<p class="message-action">Do not pay a second time. Come back to your account tomorrow.</p>'
    '<p class="message-help">If you have a question, write to us in your account, under “Ma Messagerie”.</p></div>'
)


def in_django(source: str, value: object) -> str:
    """Fill a Django template that knows the value as ``it``."""
    template = pytest.importorskip("django.template")
    shown: str = template.Engine().from_string(source).render(template.Context({"it": value}))
    return shown


def in_jinja2(source: str, value: object) -> str:
    """Fill a Jinja2 template that knows the value as ``it``."""
    return jinja2.Environment(autoescape=True).from_string(source).render(it=value)


@pytest.fixture(params=[in_django, in_jinja2], ids=["django", "jinja2"])
def show(request: pytest.FixtureRequest) -> Engine:
    """Return one of the two engines."""
    engine: Engine = request.param
    return engine


def letter(medium: Medium) -> Rendered:
    """Render an acknowledgement with a hostile address."""
    return render(attrs.evolve(sample(Acknowledgement), address=HOSTILE), medium=medium, details=True)


class TestRendered:
    """``{{ rendered }}`` shows the whole message."""

    def test_html_is_one_element(self, show: Engine) -> None:
        """The engine shows the element, and escapes nothing again."""
        assert ELEMENT == show("{{ it }}", render(PaymentPending(), medium=Medium.HTML, lang="en"))

    def test_text_is_paragraphs(self, show: Engine) -> None:
        """Title, body, action and help, in plain text."""
        text = (
            "Payment pending\n\nWe do not have the bank’s answer yet.\n\n"
            "Do not pay a second time. Come back to your account tomorrow.\n\n"
            "If you have a question, write to us in your account, under “Ma Messagerie”."
        )

        assert text == show("{{ it }}", render(PaymentPending(), lang="en"))

    def test_sms_is_the_short_sentence(self, show: Engine) -> None:
        """The text that is sent."""
        text = "We do not have the bank&#39;s answer yet. Do not pay a second time. Come back to your account tomorrow."

        shown = show("{{ it }}", render(PaymentPending(), lang="en", medium=Medium.SMS))

        assert text == shown.replace("&#x27;", "&#39;")

    def test_letter_is_title_and_body(self, show: Engine) -> None:
        """The body of a letter has everything else."""
        rendered = render(PaymentPending(), medium=Medium.LETTER, lang="en")

        assert f"Payment pending\n\n{rendered.body}" == show("{{ it }}", rendered)

    @pytest.mark.parametrize("medium", Medium)
    def test_hostile_value_is_escaped_once(self, show: Engine, medium: Medium) -> None:
        """A hostile value is shown as text, whatever the medium."""
        shown = show("{{ it }}{{ it.body }}", attrs.evolve(letter(medium), short=HOSTILE))

        assert (False, True) == ("<script>" in shown, HOSTILE in unescape(shown))

    def test_engines_agree(self) -> None:
        """Both show what ``str`` returns, escaped unless it is HTML; true of every message and medium."""
        shown = [
            (render(sample(kind), medium=medium, lang=lang, details=True), kind.key)
            for kind in MESSAGES
            for medium in Medium
            for lang in ("fr", "en")
        ]

        assert [] == [
            (key, rendered.medium)
            for rendered, key in shown
            if not (
                in_jinja2("{{ it }}", rendered)
                == in_django("{{ it }}", rendered).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
                == str(rendered if rendered.medium is Medium.HTML else escape(str(rendered)))
            )
        ]


class TestFormPost:
    """The form of the bank's page."""

    @pytest.mark.parametrize(
        ("engine", "source"),
        [(in_django, "{{ it.as_html }}"), (in_jinja2, "{{ it.as_html() }}")],
        ids=["django", "jinja2"],
    )
    def test_form_is_markup(self, engine: Engine, source: str) -> None:
        """The engine shows the form, every value escaped once."""
        form = FormPost("https://bank.example/pay?a=1&b=2", {"Data": HOSTILE})

        assert (
            '<form method="post" action="https://bank.example/pay?a=1&amp;b=2" accept-charset="utf-8" '
            'id="payment-form">'
            '<input type="hidden" name="Data" '
            'value="&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &#34;y&#34;">'
            '<button type="submit">Payer</button></form>'
        ) == engine(source, form)
