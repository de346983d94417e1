"""The ways out: what the browser gets, with every value escaped."""

from html.parser import HTMLParser

import pytest

from creance_pay.gateways import FormPost, Redirect

HOSTILE = "\"><script>alert('x')</script>&amp;"


class Page(HTMLParser):
    """The tags of a page, as a browser sees them."""

    def __init__(self, page: str) -> None:
        """Read the page."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Store a tag with its attributes."""
        self.tags.append((tag, dict(attrs)))

    def named(self, name: str) -> list[dict[str, str | None]]:
        """Return the attributes of each tag of a name."""
        return [attributes for tag, attributes in self.tags if tag == name]


class TestFormPost:
    """A form works without script, and nothing in it becomes markup (G13)."""

    def test_fields(self) -> None:
        """Each field is a hidden input with its value."""
        page = Page(FormPost("https://bank.example/pay", {"Data": "a=b", "Seal": "00"}).as_html())

        assert [
            {"type": "hidden", "name": "Data", "value": "a=b"},
            {"type": "hidden", "name": "Seal", "value": "00"},
        ] == page.named("input")

    def test_action(self) -> None:
        """The form posts to the bank, in UTF-8."""
        form = Page(FormPost("https://bank.example/pay", {}).as_html()).named("form")[0]

        assert ("post", "https://bank.example/pay", "utf-8") == (
            form["method"],
            form["action"],
            form["accept-charset"],
        )

    def test_button(self) -> None:
        """A button submits it where no script runs."""
        assert [{"type": "submit"}] == Page(FormPost("https://bank.example/pay", {}).as_html()).named("button")

    def test_hostile_action(self) -> None:
        """A hostile address stays an address."""
        assert HOSTILE == Page(FormPost(HOSTILE, {}).as_html()).named("form")[0]["action"]

    @pytest.mark.parametrize("part", ["name", "value"])
    def test_hostile_field(self, part: str) -> None:
        """A hostile name or value stays what it is."""
        assert HOSTILE == Page(FormPost("https://bank.example", {HOSTILE: HOSTILE}).as_html()).named("input")[0][part]

    def test_hostile_nonce(self) -> None:
        """A hostile nonce stays a nonce."""
        assert HOSTILE == Page(FormPost("https://bank.example", {}).as_html(nonce=HOSTILE)).named("script")[0]["nonce"]

    def test_nothing_hostile_runs(self) -> None:
        """No hostile text anywhere makes a script."""
        html = FormPost(HOSTILE, {HOSTILE: HOSTILE}).as_html(button=HOSTILE)

        assert [] == Page(html).named("script")

    @pytest.mark.parametrize("nonce", [None, ""])
    def test_no_script(self, nonce: str | None) -> None:
        """Without nonce there is no script at all."""
        assert "<script" not in FormPost("https://bank.example", {}).as_html(nonce=nonce)

    def test_script(self) -> None:
        """With a nonce one script bears it."""
        assert [{"nonce": "r4nd0m"}] == Page(FormPost("https://bank.example", {}).as_html("r4nd0m")).named("script")

    def test_script_finds_the_form(self) -> None:
        """The script submits the form by its identifier."""
        html = FormPost("https://bank.example", {}).as_html(nonce="r4nd0m")

        assert f'document.getElementById("{Page(html).named("form")[0]["id"]}").submit()' in html

    def test_label(self) -> None:
        """The portal chooses the label of the button."""
        assert ">Continuer</button>" in FormPost("https://bank.example", {}).as_html(button="Continuer")

    def test_repr(self) -> None:
        """The repr names the fields and shows no value (H2)."""
        assert "FormPost(action='https://bank.example', fields=<Data, Seal>)" == repr(
            FormPost("https://bank.example", {"Data": "amount=1600", "Seal": "552e"})
        )


class TestRedirect:
    """An address is for one payment alone, and hence not for a log."""

    def test_repr(self) -> None:
        """The repr does not show the address."""
        assert "Redirect()" == repr(Redirect("https://bank.example/session/1234"))

    def test_url(self) -> None:
        """The address is kept as it is."""
        assert "https://bank.example/session/1234" == Redirect("https://bank.example/session/1234").url
