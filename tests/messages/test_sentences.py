"""The files of sentences: the shipped ones, a caisse's own, and the faults for which a file is refused."""

import re
from importlib import resources
from pathlib import Path

import attrs
import pytest

from creance_pay import Euros
from creance_pay.errors import ConfigurationError
from creance_pay.messages import MESSAGES, Medium, Overrides, Wording, read_overrides, render, sentences
from creance_pay.messages.catalogue import (
    AmountOutOfRange,
    BelowBand,
    NothingDue,
    PaymentFailed,
    PaymentPending,
    PaymentRefused,
)
from creance_pay.messages.sentences import read_catalogue, set_typography

SHIPPED = resources.files("creance_pay.messages").joinpath("fr.toml").read_text(encoding="utf-8")
BOUNDS = AmountOutOfRange(minimum=Euros(1600), maximum=Euros(5000))


def refusal_of_layer(text: str, name: str = "fr") -> str:
    """Return the text of the error that a layer raises."""
    with pytest.raises(ConfigurationError) as caught:
        read_overrides({name: text})
    return str(caught.value)


def refusal_of_catalogue(text: str) -> str:
    """Return the text of the error that a whole file raises."""
    with pytest.raises(ConfigurationError) as caught:
        read_catalogue(text, origin="caisse.toml")
    return str(caught.value)


class TestTypography:
    """The loader sets the no-break spaces of French, of two widths."""

    @pytest.mark.parametrize(
        ("typed", "set_"),
        [
            ("ligne : merci", "ligne\u00a0: merci"),
            ("Quoi ?", "Quoi\u202f?"),
            ("Non !", "Non\u202f!"),
            ("un ; deux", "un\u202f; deux"),
            ("« mot »", "«\u00a0mot\u00a0»"),
            ("« un mot » : oui ?", "«\u00a0un mot\u00a0»\u00a0: oui\u202f?"),
            ("8:59, a;b, quoi?", "8:59, a;b, quoi?"),
            ("deux mots.", "deux mots."),
            ("6 mois, 24 h, {{ a }} heures, 2 jours", "6\u00a0mois, 24\u00a0h, {{ a }}\u00a0heures, 2\u00a0jours"),
            ("20 € ou 20 euros", "20\u00a0€ ou 20\u00a0euros"),
            ("16 habits", "16 habits"),
        ],
    )
    def test_spaces(self, typed: str, set_: str) -> None:
        """A plain space before a sign or a unit and inside quotes is replaced; none is added."""
        assert set_ == set_typography(typed)


class TestLayers:
    """A layer replaces the sentences that it names, and leaves the others."""

    def test_replaces_a_sentence(self) -> None:
        """The body is the caisse's, the title the shipped one."""
        ours = read_overrides({"fr": '[nothing_due]\nbody = "Tout est payé : merci !"'})
        rendered = render(NothingDue(), overrides=ours)

        assert ("Rien à payer", "Tout est payé\u00a0: merci\u202f!") == (rendered.title, rendered.body)

    def test_leaves_other_messages_and_languages(self) -> None:
        """A message and a language that it does not name keep the shipped sentences."""
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

    def test_later_source_replaces_an_earlier_one(self) -> None:
        """A region, then a caisse of it."""
        region = {"fr.toml": '[nothing_due]\ntitle = "Un"\nbody = "Deux."'}
        ours = read_overrides(region, {"fr.toml": '[nothing_due]\ntitle = "Trois"'})
        rendered = render(NothingDue(), overrides=ours)

        assert ("Trois", "Deux.") == (rendered.title, rendered.body)

    def test_replaces_a_wording(self) -> None:
        """A caisse's sentence comes before the sentence of the wording."""
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

    def test_letter_uses_the_frame_of_the_caisse(self) -> None:
        """Greeting and signature are sentences too."""
        ours = read_overrides({"fr": '[letter]\nbody = "Madame, Monsieur, {{ text }}"'})

        assert render(NothingDue(), medium=Medium.LETTER, overrides=ours).body.startswith(
            "Madame, Monsieur, Il ne reste"
        )

    def test_no_layer_changes_nothing(self) -> None:
        """Empty overrides are none."""
        assert render(BOUNDS) == render(BOUNDS, overrides=Overrides())

    def test_contents_stay_out_of_the_repr(self) -> None:
        """A log line stays short."""
        assert "Overrides(layers=<1 layers>)" == repr(read_overrides({"fr": ""}))


class TestFaultsOfALayer:
    """A layer with a fault is refused, with the file and the key."""

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ('[below_band]\nbody = "Trop peu."', "fr: below_band.body: dropped placeholder band_min"),
            ('[below_band]\nbody = "{{ band_min }} {{ x }}"', "fr: below_band.body: unknown placeholder x"),
            (
                '[below_band]\nbody = "{{ band_min }} {{ x }} {{ a }}"',
                "fr: below_band.body: unknown placeholder a, x",
            ),
            (
                '[amount_out_of_range]\nbody = "Trop peu."',
                "fr: amount_out_of_range.body: dropped placeholder maximum, minimum",
            ),
            ('[below_bant]\nbody = "Oui."', "fr: unknown messages: below_bant"),
            ('[nothing_due]\nfooter = "Oui."', "fr: extra fields found (footer) @ $['nothing_due']"),
            ("[nothing_due]\nbody = 3", "fr: expected str, got int @"),
            ('[nothing_due]\nbody = "C\'est payé."', "fr: nothing_due.body: a straight apostrophe in place of ’"),
            ('[nothing_due]\ntitle = """\nUn\nDeux"""', "fr: nothing_due.title: more than one line in place of one"),
            ('[nothing_due]\nshort = """\nUn\nDeux"""', "fr: nothing_due.short: more than one line in place of one"),
            (
                '[nothing_due]\nbody = "Votre dette est nulle."',
                "fr: nothing_due.body: « dette » is a forbidden synonym of « créance »",
            ),
            ('[nothing_due]\nbody = "{{ body.x }}"', "fr: nothing_due.body: a sentence may not use getattr"),
            ('[nothing_due]\nbody = "{{ range(9) }}"', "fr: nothing_due.body: a sentence may not use call"),
            (
                '[nothing_due]\nbody = "{% for a in b %}x{% endfor %}"',
                "fr: nothing_due.body: a sentence may not use for",
            ),
            ('[nothing_due]\nbody = "{% set a = 1 %}x"', "fr: nothing_due.body: a sentence may not use assign"),
            (
                '[nothing_due]\nbody = "{{ a|bund }}"',
                "fr: nothing_due.body: not a template: no filter or test named bund",
            ),
            (
                '[below_band]\nbody = "{{ band_min|bound(1) }}"',
                "fr: below_band.body: a sentence may not use const",
            ),
            (
                '[below_band]\nbody = "{{ band_min|bound(band_min) }}"',
                "fr: below_band.body: not a template: no filter or test named bound",
            ),
            (
                '[below_band]\nbody = "{{ band_min|bound(lang=band_min) }}"',
                "fr: below_band.body: a sentence may not use keyword",
            ),
            ('[nothing_due]\nbody = "{% if a is two %}x{% endif %}"', "fr: nothing_due.body: not a template: "),
            ('[nothing_due]\nbody = "{{ a"', "fr: nothing_due.body: not a template: "),
            ("[a", "fr: "),
            (
                f'[nothing_due]\nshort = "{"a" * 161}"',
                "fr: nothing_due: short: expected one SMS, got 161 units of GSM-7 with the longest values",
            ),
            (
                f'[below_band]\nshort = "{"a" * 145} {{{{ band_min|bound }}}}"',
                "fr: below_band: short: expected one SMS, got 165 units of GSM-7 with the longest values",
            ),
            (
                '[amount_above_remaining]\nshort = "Il reste {{ total }}."',
                "fr: amount_above_remaining: short: total outside {% if details %}: an SMS would show it to anybody",
            ),
            (
                '[refund]\ntitle = "Paiement {{ amount }}"',
                "fr: refund: title: amount outside {% if details %}: an SMS would show it to anybody",
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
                '[payment_charged_back]\nbody = "Rien n’a été débité."',
                "fr: payment_charged_back.body: « rien n’a été débité » denies a debit that may have happened",
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
    def test_place_is_named(self, text: str, fault: str) -> None:
        """The error begins with the file, the message and the slot."""
        assert fault == refusal_of_layer(text)[: len(fault)]

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            (
                '[payment_pending]\nbody = "Nothing was charged."',
                "« nothing was charged » denies a debit that may have happened",
            ),
            ('[payment_failed]\naction = "Try again later."', "« try again » invites a second payment"),
            ('[nothing_due]\nbody = "Your bill is paid."', "« bill » is a forbidden synonym of « notice »"),
        ],
    )
    def test_english_has_its_own_words(self, text: str, fault: str) -> None:
        """The lists of words are those of the language."""
        assert refusal_of_layer(text, "en").endswith(fault)

    def test_no_slot_may_deny_a_debit(self) -> None:
        """In no slot of a message without proof, in no capitals, with no other space."""
        assert [] == [
            (kind.key, slot)
            for kind in (PaymentPending, PaymentFailed)
            for slot in ("title", "body", "action", "help", "short")
            if "denies a debit" not in refusal_of_layer(f'[{kind.key}]\n{slot} = "Rien n’a  ÉTÉ\u00a0débité."')
        ]

    def test_unknown_language(self) -> None:
        """A file that no function reads is refused."""
        assert "de.toml: expected a file of fr, en, got de" == refusal_of_layer("", "de.toml")

    def test_empty_directory(self, tmp_path: Path) -> None:
        """A misspelt path is an error, not a caisse without sentences of its own."""
        text = r"nowhere: expected a directory with fr\.toml or en\.toml, got none of them$"
        with pytest.raises(ConfigurationError, match=text):
            read_overrides(tmp_path / "nowhere")

    def test_unreadable_file(self, tmp_path: Path) -> None:
        """A file that is not UTF-8 is named."""
        (tmp_path / "fr.toml").write_bytes(b'[nothing_due]\ntitle = "pay\xe9"')

        with pytest.raises(ConfigurationError, match=r"fr\.toml: not a readable text in UTF-8$"):
            read_overrides(tmp_path)


class TestFaultsOfACatalogue:
    """A whole file with anything missing, surplus or broken is refused, with the file and the key."""

    @pytest.mark.parametrize(
        ("old", "new", "fault"),
        [
            ("{{ band_min|bound }}", "{{ band_mim|bound }}", "below_band.body: unknown placeholder band_mim"),
            ("{{ band_min|bound }}", "{{ band_max }}", "below_band.body: unknown placeholder band_max"),
            (
                "{{ band_min|bound }}",
                "{{ band_min|bund }}",
                "below_band.body: not a template: no filter or test named bund",
            ),
            ("{{ band_min|bound }}", "{{ band_min", "below_band.body: not a template: "),
            ("{{ band_min|bound }}", "{% if %}", "below_band.body: not a template: "),
            ("Rien à payer", "Rien à payer aujourd'hui", "nothing_due.title: a straight apostrophe in place of ’"),
            ("[nothing_due]", "[nothing_do]", "missing or unknown messages: nothing_do, nothing_due"),
            ('[nothing_due]\ntitle = "', '[nothing_due]\ntitel = "', "nothing_due"),
            ('[nothing_due]\ntitle = "', '[nothing_due]\nfooter = "x"\ntitle = "', "nothing_due"),
            ('[nothing_due]\ntitle = "', '[nothing_due]\ntitle = 3 # "', "nothing_due"),
            ('[nothing_due]\ntitle = "', '[nothing_due]\n#title = "', "nothing_due"),
        ],
        ids=[
            "unknown placeholder",
            "another message's placeholder",
            "unknown filter",
            "open braces",
            "broken statement",
            "straight apostrophe",
            "unknown and missing key",
            "unknown slot",
            "surplus slot",
            "number",
            "missing slot",
        ],
    )
    def test_place_is_named(self, old: str, new: str, fault: str) -> None:
        """The error names the file and the message."""
        assert re.match(rf"caisse\.toml: .*{re.escape(fault)}", refusal_of_catalogue(SHIPPED.replace(old, new, 1)))

    def test_each_missing_message_is_named(self) -> None:
        """A message without sentences stops the reading."""
        without = {kind.key: re.sub(rf"\[{kind.key}\]\n(?:[^\[\n].*\n|\n)*", "", SHIPPED) for kind in MESSAGES}

        assert {key: f"caisse.toml: missing or unknown messages: {key}" for key in without} == {
            key: refusal_of_catalogue(text) for key, text in without.items()
        }

    @pytest.mark.parametrize(
        "text", ["[a", "a = 1", SHIPPED + SHIPPED, "\ud800"], ids=["broken", "flat", "twice", "bad"]
    )
    def test_other_texts_are_refused(self, text: str) -> None:
        """Broken TOML, and TOML of another shape, name the file."""
        assert refusal_of_catalogue(text).startswith("caisse.toml: ")

    def test_language_of_the_file(self) -> None:
        """A whole file in English is checked by the English words, and gets no French spaces."""
        english = resources.files("creance_pay.messages").joinpath("en.toml").read_text(encoding="utf-8")
        changed = english.replace("Nothing to pay", "Nothing to pay : done")

        assert "Nothing to pay : done" == read_catalogue(changed, origin="en.toml", lang="en")["nothing_due"].title
        with pytest.raises(ConfigurationError, match="« bill » is a forbidden synonym of « notice »"):
            read_catalogue(english.replace("Nothing to pay", "Your bill"), origin="en.toml", lang="en")

    def test_placeholder_dropped_everywhere(self) -> None:
        """A whole file uses every field of a message."""
        text = SHIPPED.replace("{{ band_min|bound }}", "peu")

        assert "caisse.toml: below_band: dropped placeholder band_min" == refusal_of_catalogue(text)

    def test_type_without_a_format(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A field whose type has no format is refused when the file is read."""
        monkeypatch.setattr(sentences, "FORMATS", {})
        shipped = sentences._reference("fr")["amount_out_of_range"]

        text = r"^fr\.toml: amount_out_of_range: no format for the type of placeholder minimum, maximum$"
        with pytest.raises(ConfigurationError, match=text):
            sentences._checked(AmountOutOfRange, shipped, "fr.toml", "fr")

    def test_unanswered_code(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A public code without a message stops the reading."""
        monkeypatch.setattr(sentences, "MESSAGES", tuple(kind for kind in MESSAGES if kind is not BelowBand))

        with pytest.raises(ConfigurationError, match=r"^fr\.toml: no message answers BELOW_BAND$"):
            sentences._reference.__wrapped__("fr")

    def test_every_field_is_used(self) -> None:
        """A field that no sentence uses would be asked from a caller for nothing."""
        read = read_catalogue(SHIPPED, origin="fr.toml")
        texts = {kind: " ".join(filter(None, attrs.astuple(read[kind.key]))) for kind in MESSAGES}

        assert [] == [
            (kind.key, field.name)
            for kind, text in texts.items()
            for field in attrs.fields(kind)
            if not re.search(rf"\b{field.name}\b", text)
        ]
