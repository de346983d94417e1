"""The letters of a debt: their mentions, their sums, their privacy, and any value in any language and medium."""

import re
from collections.abc import Iterator
from datetime import date, time
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from creance_pay import Euros, NoticeReference
from creance_pay.errors import MessageError
from creance_pay.messages import MESSAGES, Medium, Message, Wording, contact_line, printable_page, render, sample, sms
from creance_pay.messages.catalogue import FRAMES, ErrorSummary
from creance_pay.messages.formats import format_long_date, format_value
from creance_pay.messages.letters import (
    CareYear,
    Document,
    DueAmount,
    InstalmentSchedule,
    MissedInstalment,
    Notice,
    Refund,
    RejectedPosting,
    Reminder,
)
from creance_pay.messages.message import private_fields
from creance_pay.messages.sentences import Overrides, sentences_of
from creance_pay.rules import plan_debts, policy_named, schedule, sources
from samples import a_debt, numbered, plain
from strategies import amounts_above_zero, days, notice_references

LETTERS = [Notice, Reminder, InstalmentSchedule, MissedInstalment, Refund, RejectedPosting]
DOCUMENTS = [kind for kind in MESSAGES if issubclass(kind, Document)]
SENT = [kind for kind in MESSAGES if kind not in {ErrorSummary, *FRAMES}]
VERSIONS = [("fr", Wording.GUIDE), ("fr", Wording.CORRECTED), ("fr", Wording.PLAIN), ("en", Wording.GUIDE)]
POLICIES = [policy_named("ameli-2019-11"), policy_named("ameli-2019-11-selection")]
SERVICE: dict[str, Any] = {
    "caisse": "CPAM du Puy-de-Dôme",
    "address": "63031 Clermont-Ferrand Cedex 9",
    "contact": contact_line(date(2026, 11, 26)),
}
#: Texts of a caisse that are markup in one of the media.
HOSTILE = ["<script>alert(1)</script>", "a & b", "{{ amount }}", "{% if x %}", "# titre", "'\" onload=", "R & D <b>"]

versions = pytest.mark.parametrize(("lang", "wording"), VERSIONS)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30)
small = st.integers(1, 10**7).map(Euros)


def a_notice(**changes: Any) -> Notice:  # noqa: ANN401 - of the fields' own types
    """Build a notice of two years of care."""
    values = {
        "sent_on": date(2026, 11, 26),
        "notice_reference": NoticeReference("6311726000000512K"),
        "years": (CareYear(year=2024, amount=Euros(3000)), CareYear(year=2025, amount=Euros(2850))),
        "minimum": Euros(1600),
        "maximum": Euros(5000),
        "appeal_address": "Commission de recours amiable, 63031 Clermont-Ferrand Cedex 9",
    }
    return Notice(**{**SERVICE, **values, **changes})


def fields_of(kind: type[Message]) -> Iterator["attrs.Attribute[Any]"]:
    """Yield the fields that a caller gives."""
    yield from (field for field in attrs.fields(kind) if field.init)


def value_of(name: str, value: object) -> st.SearchStrategy[Any]:
    """Return a strategy for the field that has this value in a sample."""
    if name == "years":
        return st.lists(st.builds(CareYear, year=st.integers(1990, 2090), amount=small), min_size=1, max_size=5).map(
            tuple
        )
    if name in {"instalments", "missed"}:
        return st.lists(st.builds(DueAmount, due_on=days, amount=small), min_size=1, max_size=12).map(tuple)
    if name == "notice_references":
        return st.lists(notice_references, min_size=1, max_size=3).map(tuple)
    if name == "transaction_reference":
        return st.from_regex(r"[0-9A-Za-z]{1,35}", fullmatch=True)
    by_type: dict[type, st.SearchStrategy[Any]] = {
        Euros: amounts_above_zero,
        date: days,
        time: st.times(),
        NoticeReference: notice_references,
        int: st.integers(1, 999),
        str: texts | st.sampled_from(HOSTILE),
    }
    return by_type.get(type(value), st.just(value))


@st.composite
def letters(draw: st.DrawFn, *, optional: bool | None = None) -> Document:
    """Draw any letter with any values; each optional field, or all of them, or none, is given."""
    kind = draw(st.sampled_from(DOCUMENTS))
    usual = sample(kind)
    values = {field.name: draw(value_of(field.name, getattr(usual, field.name))) for field in fields_of(kind)}
    if draw(st.booleans()) if optional is None else not optional:
        values |= {field.name: None for field in fields_of(kind) if field.default is None}
    made: Document = kind(**values)
    return made


class TestNotice:
    """The notice names the sum, the years of care, the way to pay, to contest and to ask for remission."""

    def test_mentions(self) -> None:
        """Each mention is there, word for word."""
        lines = plain(render(a_notice(pay_by=date(2026, 12, 28), other_means="chèque")).body).splitlines()
        mentions = [
            "Référence de l'avis : 6311 7260 0000 0512 K",
            "Date de l'avis : 26/11/2026",
            "À payer au plus tard le : 28/12/2026",
            "Caisse : CPAM du Puy-de-Dôme",
            "Adresse : 63031 Clermont-Ferrand Cedex 9",
            "Téléphone : 36 46 (service gratuit + prix de l'appel)",
            "2024 : 30,00 €",
            "2025 : 28,50 €",
            "Total : 58,50 €",
            "Autre moyen de paiement : chèque.",
            "Son adresse : Commission de recours amiable, 63031 Clermont-Ferrand Cedex 9",
        ]

        assert [] == [mention for mention in mentions if mention not in lines]

    def test_years_are_added(self) -> None:
        """The sum is computed, so that it cannot differ from its parts."""
        assert Euros(5850) == a_notice().amount
        with pytest.raises(TypeError, match="amount"):
            a_notice(amount=Euros(1))

    @versions
    def test_online_payment_only_where_it_exists(self, lang: str, wording: Wording) -> None:
        """A debt that cannot be paid online is told so, and no bounds are named."""
        online = render(a_notice(), lang=lang, wording=wording).body
        offline = render(a_notice(minimum=None, maximum=None), lang=lang, wording=wording).body
        amount = "16\u00a0€" if lang == "fr" else "€16"

        assert (True, False) == (amount in online, amount in offline)
        assert ("ne pouvez pas payer cette somme" if lang == "fr" else "cannot pay this sum online") in offline


class TestSources:
    """Each mention that the law requires names its source by id."""

    def test_sources_exist(self) -> None:
        """Every id is a key of the sources of the rules."""
        assert [] == [(kind.key, each) for kind in MESSAGES for each in kind.sources if each not in sources()]

    @versions
    @pytest.mark.parametrize("kind", LETTERS)
    def test_articles_are_named(self, kind: type[Document], lang: str, wording: Wording) -> None:
        """A person finds the number of each article of the code of social security in the letter."""
        body = render(sample(kind), lang=lang, wording=wording).body
        articles = [each.removeprefix("CSS.") for each in kind.sources if each.startswith("CSS.")]

        assert [] == [article for article in articles if not re.search(rf"\b{article}\b(?!-)", body)]

    @versions
    def test_notice_has_the_delay_and_the_commission(self, lang: str, wording: Wording) -> None:
        """Two months, the commission and the remission: without the first two, the delay does not run (R142-1-A)."""
        body = render(a_notice(), lang=lang, wording=wording).body
        months = (
            "deux mois à partir du jour où vous" if lang == "fr" else "two months from the day on which you receive"
        )

        assert [] == [each for each in (months, "commission de recours amiable", "remise de dette") if each not in body]


class TestValues:
    """A letter with a wrong value cannot be built."""

    @pytest.mark.parametrize("years", [(), [CareYear(year=2024, amount=Euros(1))], (Euros(1),), None])
    def test_years_are_a_tuple_of_years(self, years: object) -> None:
        """Nothing else has a sum."""
        expected = r"^notice: expected years to be a tuple of one CareYear or more$"
        with pytest.raises(MessageError, match=expected):
            a_notice(years=years)

    def test_instalments_are_a_tuple_of_amounts(self) -> None:
        """The same for a schedule."""
        expected = r"^instalment_schedule: expected instalments to be a tuple of one DueAmount or more$"
        with pytest.raises(MessageError, match=expected):
            attrs.evolve(sample(InstalmentSchedule), instalments=())

    @pytest.mark.parametrize(
        ("kind", "values", "text"),
        [
            (CareYear, {"year": "2024", "amount": Euros(1)}, "expected year to be int, got str"),
            (CareYear, {"year": 2024, "amount": 1}, "expected amount to be Euros, got int"),
            (DueAmount, {"due_on": "2024", "amount": Euros(1)}, "expected due_on to be date, got str"),
            (DueAmount, {"due_on": date(2024, 1, 1), "amount": 1.0}, "expected amount to be Euros, got float"),
        ],
    )
    def test_parts_are_typed(self, kind: Any, values: dict[str, object], text: str) -> None:  # noqa: ANN401 - a class
        """An ``int`` in place of an amount would be a hundred times too much."""
        with pytest.raises(MessageError, match=f"^{text}$"):
            kind(**values)

    @pytest.mark.parametrize("kind", LETTERS)
    def test_service_is_required(self, kind: type[Document]) -> None:
        """A letter names the caisse, its address and its telephone."""
        for mention in ("caisse", "address", "contact"):
            with pytest.raises(MessageError, match=f"^{kind.key} needs {mention}; got a blank text$"):
                attrs.evolve(sample(kind), **{mention: " "})

    def test_commission_has_an_address(self) -> None:
        """Without it the person cannot contest."""
        with pytest.raises(MessageError, match=r"^notice needs appeal_address; got a blank text$"):
            a_notice(appeal_address=" ")

    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            (Notice, "avis-de-sommes-a-payer-2018-07-05-6311705400000344F.pdf"),
            (Reminder, "rappel-2018-07-05-6311705400000344F.pdf"),
            (InstalmentSchedule, "echeancier-2018-07-05-6311705400000344F.pdf"),
            (MissedInstalment, "echeance-non-payee-2018-07-05-6311705400000344F.pdf"),
            (Refund, "remboursement-2018-07-05-PCLCB172540000004.pdf"),
            (RejectedPosting, "paiement-non-affecte-2018-07-05-PCLCB172540000004.pdf"),
        ],
    )
    def test_file_name(self, kind: type[Document], name: str) -> None:
        """The kind, the day and the reference."""
        assert name == sample(kind).file_name


class TestFromRules:
    """The values of the rules make letters."""

    @pytest.mark.parametrize("policy", POLICIES)
    @given(st.integers(1600, 15000))
    def test_plan_becomes_a_schedule(self, policy: Any, cents: int) -> None:  # noqa: ANN401 - a policy
        """The letter has the instalments of the schedule, and their sum is the debt."""
        planned = plan_debts([a_debt(cents)], policy=policy)
        monthly = schedule(planned, first_day=date(2026, 12, 5), policy=policy)
        letter = InstalmentSchedule(
            **SERVICE,
            sent_on=date(2026, 11, 26),
            notice_references=(numbered(1),),
            instalments=tuple(
                DueAmount(due_on=each.due_on, amount=each.payment.amount) for each in monthly.instalments
            ),
        )

        assert Euros(cents) == letter.total
        assert 2 + plain(render(letter).body).count(" : ") == 8 + len(monthly.instalments)


@given(letters(), st.sampled_from(VERSIONS), st.sampled_from(Medium), st.booleans())
def test_every_letter_renders(letter: Document, version: tuple[str, Wording], medium: Medium, details: bool) -> None:  # noqa: FBT001 - drawn
    """No value, optional field, language, wording or medium leaves a gap or a placeholder."""
    lang, wording = version
    rendered = render(letter, lang=lang, wording=wording, medium=medium, details=details)
    given_texts = [value for value in attrs.asdict(letter, recurse=False).values() if isinstance(value, str)]
    shown = str(rendered)
    for text in map(str, map(escape if medium is Medium.HTML else str, given_texts)):
        shown = shown.replace(sms.plain(text) if medium is Medium.SMS else text, "")

    assert [] == [gap for gap in ("None", "{{", "{%", "\n\n\n") if gap in shown]
    assert all((rendered.title, rendered.body, rendered.action))


def independent(amount: Euros, lang: str) -> str:
    """Format an amount by integer arithmetic alone."""
    euros, cents = divmod(amount.cents, 100)
    if lang == "en":
        return f"€{euros:,}.{cents:02}"
    return f"{euros:,}".replace(",", "\u202f") + f",{cents:02}\u00a0€"


def amounts_in(value: object) -> Iterator[Euros]:
    """Yield the amounts of a value."""
    if isinstance(value, Euros):
        yield value
    if isinstance(value, tuple):
        yield from (part.amount for part in value if isinstance(part, CareYear | DueAmount))


@given(letters(), st.sampled_from(VERSIONS))
def test_amounts_are_exact(letter: Document, version: tuple[str, Wording]) -> None:
    """Each amount of the person is in the letter to the cent, in the format of the language."""
    lang, wording = version
    body = render(letter, lang=lang, wording=wording).body
    private = [getattr(letter, name) for name in private_fields(type(letter))]

    assert [] == [each for value in private for each in amounts_in(value) if independent(each, lang) not in body]


def words(text: object) -> set[str]:
    """Return the words and numbers of a text."""
    return {*re.findall(r"\w+", str(text))}


@given(letters(), st.sampled_from(VERSIONS))
def test_nothing_else_is_in_the_letter(letter: Document, version: tuple[str, Wording]) -> None:
    """Each word of a letter is one of its sentences or of a value that was given."""
    lang, wording = version
    texts = sentences_of(lang, wording, Overrides())[letter.key]
    known = words(f"{texts.title} {texts.body} {texts.action}")
    for name in attrs.fields_dict(type(letter)):
        value = getattr(letter, name)
        for part in value if isinstance(value, tuple) else (value,):
            known |= words(part) if isinstance(part, str | None) else words(format_value(part, lang))
            known |= words(format_long_date(part, lang)) if isinstance(part, date) else set()

    assert set() == words(render(letter, lang=lang, wording=wording)) - known


@given(letters())
def test_html_is_escaped(letter: Document) -> None:
    """The page has no element and no attribute that a value brought."""
    page = str(printable_page(letter))
    known = {"html", "head", "meta", "title", "style", "body", "main", "p", "h1", "h2", "br"}

    assert {*re.findall(r"<([a-z0-9]+)", page.partition("</style>")[2])} <= known
    assert "<script" not in page


@pytest.mark.parametrize("medium", [Medium.SMS, Medium.EMAIL])
@pytest.mark.parametrize("kind", SENT)
def test_no_amount_and_no_reference_by_default(kind: type[Message], medium: Medium) -> None:
    """An SMS and an e-mail show neither an amount of the person nor a reference, in any language and wording."""
    letter = sample(kind)
    private = {name: getattr(letter, name) for name in private_fields(kind)}
    for lang, wording in VERSIONS:
        rendered = render(letter, medium=medium, lang=lang, wording=wording)
        shown = f"{rendered}{rendered.action if medium is Medium.EMAIL else ''}"
        signs = [
            str(format_value(each, lang))
            for value in private.values()
            for each in (value if isinstance(value, tuple) else (value,))
        ]

        assert [] == [sign for sign in signs if plain(sign) in plain(shown)]


@pytest.mark.parametrize("kind", [kind for kind in SENT if private_fields(kind)])
def test_details_on_demand(kind: type[Message]) -> None:
    """A caisse that asks for details gets an amount or a reference in the SMS."""
    letter = sample(kind)
    for lang, wording in VERSIONS:
        found = {
            str(render(letter, medium=Medium.SMS, lang=lang, wording=wording, details=each)) for each in (False, True)
        }

        assert 2 == len(found)
