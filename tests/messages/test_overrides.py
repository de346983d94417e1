"""What a caisse lays over the shipped sentences, and what is refused there."""

from pathlib import Path

import pytest

from creance_pay import Euros
from creance_pay.errors import ConfigurationError
from creance_pay.messages import (
    MESSAGES,
    Medium,
    Message,
    Overrides,
    Wording,
    message,
    read_overrides,
    render,
    sample,
    sentences,
)
from creance_pay.messages.catalogue import (
    AmountOutOfRange,
    BelowBand,
    NothingDue,
    PaymentFailed,
    PaymentPending,
    PaymentRefused,
)
from creance_pay.messages.sentences import read_catalogue

BOUNDS = AmountOutOfRange(minimum=Euros(1600), maximum=Euros(5000))


def refusal(text: str, name: str = "fr") -> str:
    """Give the text of the error that a layer meets."""
    with pytest.raises(ConfigurationError) as caught:
        read_overrides({name: text})
    return str(caught.value)


class TestLayers:
    """A layer replaces what it names and leaves the rest."""

    def test_replaces_a_sentence(self) -> None:
        """The body is the caisse's, the title the shipped one."""
        ours = read_overrides({"fr": '[nothing_due]\nbody = "Tout est payé : merci !"'})
        rendered = render(NothingDue(), overrides=ours)

        assert ("Rien à payer", "Tout est payé\u00a0: merci\u202f!") == (rendered.title, rendered.body)

    def test_leaves_other_messages_and_languages(self) -> None:
        """What it does not name is as it was."""
        ours = read_overrides({"fr": '[nothing_due]\nbody = "Tout est payé."'})

        assert [render(BOUNDS), render(NothingDue(), lang="en")] == [
            render(BOUNDS, overrides=ours),
            render(NothingDue(), lang="en", overrides=ours),
        ]

    def test_reads_a_directory(self, tmp_path: Path) -> None:
        """One file a language."""
        (tmp_path / "fr.toml").write_text('[nothing_due]\ntitle = "Tout est payé"', encoding="utf-8")
        (tmp_path / "en.toml").write_text('[nothing_due]\ntitle = "All is paid"', encoding="utf-8")
        ours = read_overrides(tmp_path)

        assert ("Tout est payé", "All is paid") == (
            render(NothingDue(), overrides=ours).title,
            render(NothingDue(), overrides=ours, lang="en").title,
        )

    def test_the_last_one_lies_on_top(self) -> None:
        """A region, then a caisse of it."""
        region = {"fr.toml": '[nothing_due]\ntitle = "Un"\nbody = "Deux."'}
        ours = read_overrides(region, {"fr.toml": '[nothing_due]\ntitle = "Trois"'})
        rendered = render(NothingDue(), overrides=ours)

        assert ("Trois", "Deux.") == (rendered.title, rendered.body)

    def test_lies_over_a_wording(self) -> None:
        """A caisse's sentence comes before that of the wording it chose."""
        ours = read_overrides({"fr": '[payment_refused]\ntitle = "Refus de la banque"'})
        rendered = render(PaymentRefused(), overrides=ours, wording=Wording.PLAIN)

        assert ("Refus de la banque", "Votre banque a refusé le paiement. Rien n’a été débité.") == (
            rendered.title,
            rendered.body,
        )

    def test_markup_is_words(self) -> None:
        """In a page a caisse's sentence is text, whatever it holds."""
        ours = read_overrides({"fr": '[nothing_due]\nbody = "<b>Tout</b> & plus"'})

        assert "&lt;b&gt;Tout&lt;/b&gt; &amp; plus" == render(NothingDue(), overrides=ours, medium=Medium.HTML).body

    def test_no_layer_changes_nothing(self) -> None:
        """Empty overrides are none."""
        assert render(BOUNDS) == render(BOUNDS, overrides=Overrides())

    def test_contents_stay_out_of_the_repr(self) -> None:
        """A log line stays short."""
        assert "Overrides(layers=<1 layers>)" == repr(read_overrides({"fr": ""}))


class TestRefusals:
    """Each error names the file and the key."""

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('[below_band]\nbody = "Trop peu."', "fr: below_band.body: dropped placeholder band_min"),
            ('[below_band]\nbody = "{{ band_min }} {{ x }}"', "fr: below_band.body: unknown placeholder x"),
            ('[below_bant]\nbody = "Oui."', "fr: unknown messages: below_bant"),
            ('[nothing_due]\nfooter = "Oui."', "fr: extra fields found (footer) @ $['nothing_due']"),
            ("[nothing_due]\nbody = 3", "fr: invalid value for type"),
            (
                '[nothing_due]\nbody = "C\'est payé."',
                "fr: nothing_due.body: a straight apostrophe in place of ’",
            ),
            (
                '[nothing_due]\ntitle = """\nUn\nDeux"""',
                "fr: nothing_due.title: more than one line in place of one",
            ),
            (
                '[nothing_due]\nbody = "Votre dette est nulle."',
                "fr: nothing_due.body: « dette » is a forbidden synonym of « créance »",
            ),
            (
                '[nothing_due]\nbody = "{{ body.x }}"',
                "fr: nothing_due.body: a sentence may not use getattr",
            ),
            (
                '[nothing_due]\nbody = "{{ range(9) }}"',
                "fr: nothing_due.body: a sentence may not use call",
            ),
            (
                '[nothing_due]\nbody = "{% for a in b %}x{% endfor %}"',
                "fr: nothing_due.body: a sentence may not use for",
            ),
            (
                '[nothing_due]\nbody = "{% set a = 1 %}x"',
                "fr: nothing_due.body: a sentence may not use assign",
            ),
            (
                '[nothing_due]\nbody = "{{ a|bund }}"',
                "fr: nothing_due.body: not a template: no filter or test named bund",
            ),
            ('[nothing_due]\nbody = "{% if a is two %}x{% endif %}"', "fr: nothing_due.body: not a template: "),
            ('[nothing_due]\nbody = "{{ a"', "fr: nothing_due.body: not a template: "),
            ("[a", "fr: "),
            (
                f'[nothing_due]\nshort = "{"a" * 161}"',
                "fr: nothing_due: short: expected one SMS, got 161 units of GSM-7 with the longest values",
            ),
            (
                '[payment_pending]\nbody = "Rien n’a été débité."',
                "fr: payment_pending.body: « rien n’a été débité » denies a debit that may have happened",
            ),
            (
                '[payment_accepted]\nbody = "Aucune somme n’est partie."',
                "fr: payment_accepted.body: « aucune somme » denies a debit that may have happened",
            ),
            (
                '[payment_failed]\nhelp = "Le débit suivra."',
                "fr: payment_failed.help: « débit » mentions a debit that is not proved",
            ),
            (
                '[payment_failed]\naction = "Réessayez plus tard."',
                "fr: payment_failed.action: « réessaye » invites a second payment",
            ),
        ],
    )
    def test_names_the_place(self, text: str, said: str) -> None:
        """What is wrong is said once, with where."""
        assert said == refusal(text)[: len(said)]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (
                '[payment_pending]\nbody = "Nothing was charged."',
                "« nothing was charged » denies a debit that may have happened",
            ),
            ('[payment_failed]\naction = "Try again later."', "« try again » invites a second payment"),
            ('[nothing_due]\nbody = "Your bill is paid."', "« bill » is a forbidden synonym of « notice »"),
        ],
    )
    def test_english_too(self, text: str, said: str) -> None:
        """The lists of words are those of the language."""
        assert refusal(text, "en").endswith(said)

    def test_unknown_language(self) -> None:
        """A file that nothing would ever read is refused."""
        assert "de.toml: expected a file of fr, en, got de" == refusal("", "de.toml")

    def test_empty_directory(self, tmp_path: Path) -> None:
        """A misspelt path is not taken for a caisse without wishes."""
        with pytest.raises(
            ConfigurationError, match=r"expected a directory with fr\.toml or en\.toml, got none of them$"
        ):
            read_overrides(tmp_path / "nowhere")

    def test_unreadable_file(self, tmp_path: Path) -> None:
        """A file that is not UTF-8 is named."""
        (tmp_path / "fr.toml").write_bytes(b'[nothing_due]\ntitle = "pay\xe9"')

        with pytest.raises(ConfigurationError, match=r"fr\.toml: not a readable text in UTF-8"):
            read_overrides(tmp_path)

    def test_placeholder_dropped_everywhere(self) -> None:
        """A whole file may not leave a field out either."""
        shipped = Path(sentences.__file__).with_name("fr.toml").read_text(encoding="utf-8")

        with pytest.raises(ConfigurationError, match=r"fr\.toml: below_band: dropped placeholder band_min"):
            read_catalogue(shipped.replace("{{ band_min|bound }}", "peu"), origin="fr.toml")

    def test_untyped_placeholder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A field of a type without a format is refused before anybody meets it."""
        monkeypatch.setattr(sentences, "FORMATS", {})

        with pytest.raises(
            ConfigurationError,
            match=r"fr\.toml: amount_out_of_range: no format for the type of placeholder minimum, max",
        ):
            sentences._checked(AmountOutOfRange, sentences._reference("fr")["amount_out_of_range"], "fr.toml", "fr")

    def test_unanswered_word(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A public code without a message stops the catalogue."""
        kinds = tuple(kind for kind in MESSAGES if kind is not BelowBand)
        monkeypatch.setattr(sentences, "MESSAGES", kinds)

        with pytest.raises(ConfigurationError, match=r"fr\.toml: no message answers BELOW_BAND"):
            sentences._reference.__wrapped__("fr")


@pytest.mark.parametrize("kind", [PaymentPending, PaymentFailed])
@pytest.mark.parametrize("slot", ["title", "body", "action", "help", "short"])
def test_no_caisse_can_promise(kind: type[Message], slot: str) -> None:
    """In no slot can a caisse say what nobody knows."""
    assert "denies a debit that may have happened" in refusal(f'[{kind.key}]\n{slot} = "Rien n’a  ÉTÉ\u00a0débité."')


def test_sample_is_a_message() -> None:
    """Every message has sample values, and keeps its class."""
    assert list(MESSAGES) == [type(sample(kind)) for kind in MESSAGES]


def test_base_is_no_message() -> None:
    """The class that they share is not among them."""
    assert message.Message not in MESSAGES
