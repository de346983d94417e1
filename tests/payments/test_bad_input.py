"""Bad input to the ledger and the payment service: an error of this package, on every ledger, and nothing recorded."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest

from creance_pay import Euros, HttpMessage, PaymentState, Source, VerifiedPayment
from creance_pay.errors import ConfigurationError, InvalidValueError
from creance_pay.gateways import Gateway, Report, ReportLine, RequestsTransport
from creance_pay.ledger import Effect, Incident, IncidentKind, Ledger, MemoryLedger, PostingState, SqlLedger
from creance_pay.payments import PaymentService, ProblemKind
from direct_bank import direct_gateway
from ledger_desk import NOTICE, Desk
from sips_merchant import NOON, NOTIFICATION_URL, RETURN_URL, local_gateway


class TestEffectStates:
    """The states that call for an effect are states: an effect of another word would never run."""

    @pytest.mark.parametrize("on", ["PAID", PaymentState.PAID, ["PAIED"], [None], None, 1])
    def test_refused(self, on: Any) -> None:  # noqa: ANN401 - of any type
        """A text is not a list of states, and a word that names no state is refused."""
        with pytest.raises(InvalidValueError, match="expected on to be a list of states"):
            Effect(name="acknowledgement", run=print, on=on)

    @pytest.mark.parametrize("listed", [list, set, iter])
    def test_words(self, listed: Callable[[list[str]], Any]) -> None:
        """Words that name states become these states."""
        effect = Effect(name="refund", run=print, on=listed(["REFUNDED", "PAID"]))

        assert frozenset({PaymentState.REFUNDED, PaymentState.PAID}) == effect.on


class TestLists:
    """A list of notices or of states is a list of them: a text would be read letter by letter."""

    @pytest.mark.parametrize("notices", [str(NOTICE), [str(NOTICE)], NOTICE, None, 1, [None], {NOTICE: 1, "x": 1}])
    def test_notices(self, ledger: Ledger, notices: Any) -> None:  # noqa: ANN401 - of any type
        """No act and no reading takes another value for a list of notices, and nothing is recorded."""
        desk = Desk(ledger)
        acts: list[Callable[[], object]] = [
            lambda: ledger.settled_elsewhere(notices, at=NOON, by="an operator", reason="by cheque"),
            lambda: ledger.pending(notices, NOON),
            lambda: ledger.payments_for_notices(notices),
            lambda: desk.service.start(Euros(1600), notices, return_url=RETURN_URL, notification_url=NOTIFICATION_URL),
            lambda: ledger.open(
                Euros(1600),
                notices,
                return_url=RETURN_URL,
                notification_url=NOTIFICATION_URL,
                now=NOON,
                attempt_life=timedelta(minutes=30),
            ),
        ]
        for act in acts:
            with pytest.raises(InvalidValueError, match="expected notices to be a list of NoticeReference"):
                act()

        assert PaymentState.CREATED == desk.payment(desk.start(NOTICE)).state

    @pytest.mark.parametrize("notices", [str(NOTICE), [str(NOTICE)], 1])
    def test_posted(self, ledger: Ledger, notices: Any) -> None:  # noqa: ANN401 - of any type
        """A posting names notices, too."""
        desk = Desk(ledger)
        started = desk.start(NOTICE)
        desk.notify(started)

        with pytest.raises(InvalidValueError, match="expected notices to be a list of NoticeReference"):
            desk.service.posted(started.transaction_reference, notices, by="a job")

    def test_one_notice(self, ledger: Ledger) -> None:
        """A search by the text of a notice is refused, and not answered by nothing."""
        with pytest.raises(InvalidValueError, match="expected notices to be a list of NoticeReference"):
            ledger.payments(notice=str(NOTICE))  # type: ignore[arg-type]

    @pytest.mark.parametrize("states", ["PAID", PaymentState.PAID, ["PAIED"], 1])
    def test_states(self, ledger: Ledger, states: Any) -> None:  # noqa: ANN401 - of any type
        """A search by a single state is refused, and not answered by nothing."""
        with pytest.raises(InvalidValueError, match="expected states to be a list of states"):
            ledger.payments(states)


#: Each act of a person, by its name: it needs who decides and why.
ACTS: dict[str, Callable[[Desk, str, Any, Any], object]] = {
    "refund": lambda desk, reference, by, reason: desk.service.refund(reference, by=by, reason=reason),
    "cancel": lambda desk, reference, by, reason: desk.service.cancel(reference, by=by, reason=reason),
    "capture": lambda desk, reference, by, reason: desk.service.capture(reference, by=by, reason=reason),
    "correct": lambda desk, reference, by, reason: desk.service.correct(
        reference, PaymentState.REFUNDED, by=by, reason=reason
    ),
    "replay": lambda desk, reference, by, reason: desk.service.replay(reference, by=by, reason=reason),
    "rejected": lambda desk, reference, by, reason: desk.service.rejected(reference, by=by, reason=reason),
    "close": lambda desk, _, by, reason: desk.service.close_incident(desk.service.incidents()[0], by=by, reason=reason),
}


class TestPeople:
    """A person's act is recorded with who and why, or refused (design contract 5)."""

    @pytest.mark.parametrize("act", ACTS)
    @pytest.mark.parametrize(
        ("by", "reason"),
        [
            ("", "why"),
            ("who", ""),
            (" \t", "why"),
            ("who", "\n"),
            (None, "why"),
            ("who", 7),
            ("a\0b", "why"),
            ("\udce9", "why"),
        ],
    )
    def test_refused(self, ledger: Ledger, act: str, by: Any, reason: Any) -> None:  # noqa: ANN401 - of any type
        """Without a readable person or reason nothing is recorded, and the bank is not called."""
        desk = Desk(ledger, asking=True)
        started = desk.start(NOTICE)
        desk.notify(started)
        ledger.raise_incident(Incident(kind=IncidentKind.CONTRADICTED, transaction_reference="", at=NOON))
        before = desk.payment(started), ledger.events(started.transaction_reference), ledger.incidents()

        with pytest.raises(InvalidValueError, match=r"expected who decides \(by\) and why \(reason\)"):
            ACTS[act](desk, started.transaction_reference, by, reason)

        after = desk.payment(started), ledger.events(started.transaction_reference), ledger.incidents()
        assert (before, 0, ()) == (after, desk.line.asked, ledger.acts(started.transaction_reference))

    @pytest.mark.parametrize("by", ["", " ", None, 7, "\udce9"])
    def test_posted(self, ledger: Ledger, by: Any) -> None:  # noqa: ANN401 - of any type
        """A posting names who or what posted; it needs no reason."""
        desk = Desk(ledger)
        started = desk.start(NOTICE)
        desk.notify(started)

        with pytest.raises(InvalidValueError, match=r"expected who decides \(by\)"):
            desk.service.posted(started.transaction_reference, by=by)

    def test_lines(self, ledger: Ledger) -> None:
        """A reason has any characters that a person writes, several lines too."""
        desk = Desk(ledger)
        started = desk.start(NOTICE)
        desk.notify(started)
        reason = "Débit en double,\nvu avec l’agence 🏦"
        desk.service.correct(started.transaction_reference, PaymentState.REFUNDED, by="André", reason=reason)

        assert reason == ledger.events(started.transaction_reference)[-1].evidence.reason


class TestSettings:
    """Settings that cannot work are refused when the service is built, by an error of this package."""

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("attempt_life", timedelta(0), "attempt_life to be above zero"),
            ("attempt_life", timedelta(minutes=-30), "attempt_life to be above zero"),
            ("attempt_life", 30, "attempt_life to be a timedelta"),
            ("attempt_life", None, "attempt_life to be a timedelta"),
            ("display_delay", timedelta(hours=-24), "display_delay to be zero or more"),
            ("display_delay", 24, "display_delay to be a timedelta"),
            ("posting", "reported", "posting to be REPORTED or AFTER_DELAY"),
            ("posting", None, "posting to be REPORTED or AFTER_DELAY"),
            ("clock", None, "the time of clock to be a datetime with a time zone"),
            ("clock", lambda: None, "the time of clock to be a datetime with a time zone"),
            ("clock", lambda: datetime(2026, 11, 23), "the time of clock to be a datetime with a time zone"),  # noqa: DTZ001 - without zone
            ("effects", ["acknowledgement"], "effects to be a list of Effect"),
            ("effects", print, "effects to be a list of Effect"),
            ("ledger", "sqlite:///ledger.db", "ledger to be a Ledger"),
            ("gateway", "sips", "gateway to be a Gateway"),
        ],
    )
    def test_refused(self, name: str, value: Any, expected: str) -> None:  # noqa: ANN401 - of any type
        """With an attempt that lives no time, every second attempt would be open beside the first."""
        settings: dict[str, Any] = {"gateway": local_gateway(), "ledger": MemoryLedger(), name: value}

        with pytest.raises(ConfigurationError, match=expected):
            PaymentService(settings.pop("gateway"), settings.pop("ledger"), **settings)

    @pytest.mark.parametrize("clock", [None, lambda: None, lambda: datetime(2026, 11, 23)])  # noqa: DTZ001 - without zone
    def test_clock_of_a_gateway(self, clock: Any) -> None:  # noqa: ANN401 - of any type
        """A gateway needs a clock with a zone, too."""
        with pytest.raises(ConfigurationError, match="the time of clock to be a datetime with a time zone"):
            local_gateway(clock=clock)

    def test_words(self) -> None:
        """A configuration file gives the way of posting as a word."""
        service = PaymentService(local_gateway(), MemoryLedger(), posting="AFTER_DELAY")  # type: ignore[arg-type]

        assert () == service.incidents()


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
@pytest.mark.parametrize("day", [None, date.min, date.max])
def test_times_at_the_ends(ledger: Ledger, at: datetime, day: date | None) -> None:
    """A line or a report of the first or the last day that Python knows stops no reconciliation."""
    desk = Desk(ledger)
    started = desk.start(NOTICE)
    state, values = PaymentState.PAID, {"responseCode": "00"}
    line = ReportLine(
        number=3,
        transaction_reference=started.transaction_reference,
        amount=Euros(1600),
        state=state,
        at=at,
        currency="978",
        values=values,
        day=day,
    )
    report = Report(header=("TRANSACTIONS",), day=day, lines=(line,), bad=())
    desk.later(minutes=1)

    assert 1 == len(desk.service.reconcile(reports=[report]).recorded)


def test_report_of_a_later_year(ledger: Ledger) -> None:
    """A report with a wrong year does not hide that the next reports are missing."""
    desk = Desk(ledger)
    for year, month, day in ((2026, 11, 22), (2062, 11, 22)):
        desk.service.reconcile(reports=[Report(header=("TRANSACTIONS",), day=date(year, month, day), lines=(), bad=())])
    desk.later(days=3)

    assert ProblemKind.REPORT_OVERDUE in [problem.kind for problem in desk.service.health()]


class TestDatabase:
    """What a database cannot store is an invalid value, and no failure of the database."""

    @pytest.mark.parametrize("reference", ["\udce9", "a\0b"])
    def test_reference(self, ledger: Ledger, reference: str) -> None:
        """A text that a database cannot store names no payment, or is refused."""
        assert (None, None) == (ledger.find(reference), ledger.find(None))  # type: ignore[arg-type]
        reads: list[Callable[[str], object]] = [ledger.events, ledger.acts, ledger.incidents]
        for read in reads:
            with suppress(InvalidValueError):
                assert not read(reference)

    def test_amount(self, ledger: Ledger) -> None:
        """No bank takes an amount of more than twelve digits of cents, and no ledger records its order."""
        with pytest.raises(InvalidValueError, match="expected"):
            Desk(ledger).start(NOTICE, cents=10**20)

        assert not any(payment.state is PaymentState.CREATED for payment in ledger.payments())

    def test_naive(self, ledger: Ledger) -> None:
        """A time without zone is refused: it would be read in the zone of the machine."""
        naive = datetime(2026, 11, 23, 12)  # noqa: DTZ001 - without zone
        incident = Incident(kind=IncidentKind.CONTRADICTED, transaction_reference="", at=NOON)
        uses: list[Callable[[], object]] = [
            lambda: ledger.payments(since=naive),
            lambda: ledger.payments(before=naive),
            lambda: ledger.payments(notice=NOTICE, before=naive),
            lambda: ledger.pending([NOTICE], naive),
            lambda: ledger.erase(before=naive),
            lambda: ledger.settled_elsewhere([NOTICE], at=naive),
            lambda: ledger.close_incident(incident, at=naive),
            lambda: ledger.raise_incident(attrs.evolve(incident, at=naive)),
            lambda: ledger.beat("job", now=naive),
            lambda: ledger.post("PCLCB263270000001", None, PostingState.POSTED, by="a job", now=naive),
        ]
        for use in uses:
            with pytest.raises(InvalidValueError, match="a datetime with a time zone"):
                use()


class TestMessages:
    """A message is an HttpMessage: a body, a parsed form or a request of a framework is no message (B40)."""

    @pytest.mark.parametrize("given", [b"Data=x&Seal=y", "Data=x&Seal=y", {"Data": "x", "Seal": "y"}, None, object()])
    @pytest.mark.parametrize("build", [local_gateway, direct_gateway])
    def test_another_type(self, build: Callable[[], Gateway], given: Any) -> None:  # noqa: ANN401 - of any type
        """Every way in raises the error that names the type, for each bank."""
        gateway = build()
        service = PaymentService(gateway, MemoryLedger())
        for take in (service.on_notification, gateway.authenticate):
            with pytest.raises(InvalidValueError, match="expected an HttpMessage of body and headers, got"):
                take(given)

    @pytest.mark.parametrize("headers", [None, [], "Content-Type", {"Content-Type": None}, {b"content-type": b"x"}])
    def test_headers(self, headers: Any) -> None:  # noqa: ANN401 - of any type
        """The headers of a server that passes bytes, or none, are refused where the message is built."""
        with pytest.raises(InvalidValueError, match="expected headers to be texts by name, got"):
            HttpMessage(b"", headers)


class TestWords:
    """A word names a member of a closed list, or is refused: a text that is equal to a member is not the member."""

    @pytest.mark.parametrize("word", ["REFUNDED", "CHARGED_BACK"])
    def test_correction(self, ledger: Ledger, word: str) -> None:
        """A correction by a word records its state."""
        desk = Desk(ledger)
        started = desk.start(NOTICE)
        desk.notify(started)
        desk.service.correct(started.transaction_reference, word, by="an operator", reason="statement")  # type: ignore[arg-type]

        assert word == desk.state(started)

    def test_posting(self, ledger: Ledger) -> None:
        """So does a posting; another word is refused, and leaves the payment readable."""
        desk = Desk(ledger)
        started = desk.start(NOTICE)
        desk.notify(started)
        words: dict[str, Any] = {"by": "an operator", "reason": "closed debt", "now": NOON}
        for word in ("OPEN", "posted", None):
            with pytest.raises(InvalidValueError, match="expected state to be POSTED or REJECTED"):
                ledger.post(started.transaction_reference, None, word, **words)  # type: ignore[arg-type]
        ledger.post(started.transaction_reference, None, "REJECTED", **words)  # type: ignore[arg-type]

        assert {NOTICE: PostingState.REJECTED} == desk.payment(started).postings
        assert ["POSTING_REJECTED"] == desk.incidents()

    @pytest.mark.parametrize(
        ("state", "source"), [("REFUNDED", Source.STATUS), (PaymentState.PAID, "STATUS"), (None, None)]
    )
    def test_verified(self, state: Any, source: Any) -> None:  # noqa: ANN401 - of any type
        """A gateway cannot report a text as a state: REFUNDED would be read as PAID."""
        with pytest.raises(InvalidValueError, match=r"expected (state|source) to be (PaymentState|Source), got"):
            VerifiedPayment(state=state, source=source)


@pytest.mark.parametrize("seconds", [None, 0, -1, 10**400, float("nan"), float("inf"), "15", True])
def test_timeout(seconds: Any) -> None:  # noqa: ANN401 - of any type
    """A transport without a bound would hold a person's request until the bank answers (I1, contract 8)."""
    with pytest.raises(ConfigurationError, match="expected timeout to be a number of seconds above zero and at most"):
        RequestsTransport(timeout=seconds)


@pytest.mark.parametrize("name", ["x" * 201, "\udce9", "a\0b"])
def test_name_of_an_effect(name: str) -> None:
    """Every ledger has to store the name of an effect."""
    with pytest.raises(InvalidValueError, match="expected the name of an effect to have 1 to 200 characters"):
        Effect(name=name, run=print)


@pytest.mark.parametrize("merchant", ["", "x" * 65, "a\0b", "\udce9", 201000005940002, None])
def test_merchant_of_a_ledger(ledger_url: str, merchant: Any) -> None:  # noqa: ANN401 - of any type
    """Every database has to store the merchant, and gives back the same."""
    with pytest.raises(ConfigurationError, match="expected merchant_id to be a text of 1 to 64 characters, got"):
        SqlLedger(ledger_url, merchant_id=merchant)
