"""The whole public face, as users type it: checked by mypy, and never run.

Every name of every ``__all__`` is used once at least, with the types that its users rely on; what must not pass the
check has an ignore that mypy would report if it were needless.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import assert_never, assert_type

import duckdb
import polars as pl
from flask import Flask

import creance_pay
from creance_pay import (
    Caisse,
    Debt,
    DebtKind,
    Euros,
    HttpMessage,
    Movement,
    MovementKind,
    NoticeReference,
    PaymentOrder,
    PaymentProgress,
    PaymentState,
    Source,
    TransactionReference,
    VerifiedPayment,
    find_caisse,
)
from creance_pay.batch import BatchProgress, BatchResult, TooManyRejectsError, assess_file, scope_file, write_letters
from creance_pay.codes import (
    CaisseStatus,
    CardCode,
    Code,
    Reason,
    ReferenceCode,
    Settlement,
    TransactionCode,
    VerdictCode,
    WarningCode,
)
from creance_pay.django import bank_endpoints, own_payment, payment_service, send_to_bank, start_payment
from creance_pay.errors import (
    ConfigurationError,
    ConflictError,
    CreancePayError,
    GatewayUnavailableError,
    InvalidAmountError,
    InvalidReferenceError,
    InvalidValueError,
    MalformedResponseError,
    MessageError,
    MissingExtraError,
    NoPolicyError,
    NothingToRecordError,
    OrderMismatchError,
    PaymentInProgressError,
    ResponseRefusedError,
    SealMismatchError,
    UnknownKeyError,
    UnsupportedError,
)
from creance_pay.gateways import (
    BadLine,
    Capability,
    Environment,
    FormPost,
    Gateway,
    HttpAnswer,
    KeyRing,
    OperationOutcome,
    OperationResult,
    Redirect,
    Report,
    ReportKind,
    ReportLine,
    RequestsTransport,
    SealAlgorithm,
    SealedMessage,
    SecretKey,
    Transport,
    from_file,
    load,
    seal,
)
from creance_pay.gateways.direct import CheckoutOptions, DirectCheckout, DirectHost
from creance_pay.gateways.sips import (
    PaypageOptions,
    SipsHost,
    SipsPaypage,
    SipsPaypageJson,
    read_reports,
)
from creance_pay.ledger import (
    Act,
    ActKind,
    ActState,
    Change,
    Disposition,
    Effect,
    EffectTask,
    Evidence,
    Incident,
    IncidentKind,
    Ledger,
    MemoryLedger,
    Payment,
    PaymentEvent,
    PostingLine,
    PostingState,
    RecordResult,
    SqlLedger,
    Store,
    Sums,
    transition,
)
from creance_pay.messages import (
    MESSAGES,
    Acknowledgement,
    AmountHint,
    AttemptOpen,
    ContactLine,
    Medium,
    Message,
    Money,
    Overrides,
    ReferenceHint,
    ReferenceSuggested,
    Registration,
    Rendered,
    Retry,
    ServiceUnavailable,
    Severity,
    SmsText,
    Wording,
    acknowledgement,
    contact_line,
    error_summary,
    format_euros,
    letter_pdf,
    message_for,
    messages_for,
    printable_page,
    read_overrides,
    registration,
    render,
    sample,
)
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
from creance_pay.office import Office, OfficePage
from creance_pay.payments import (
    Answer,
    EffectsRun,
    PaymentService,
    PaymentView,
    Posting,
    Problem,
    ProblemKind,
    Reconciliation,
    StartedPayment,
    Worker,
    health_of,
)
from creance_pay.rules import (
    Access,
    AfterPayment,
    AmountCheck,
    Assessment,
    NoticeChannel,
    NoticeScope,
    Policy,
    Statement,
    Verdict,
    access,
    acknowledge_by,
    add_working_days,
    after_payment,
    allocate,
    assess,
    check_amount,
    check_card_mask,
    columns,
    delete_on,
    display_by,
    is_working_day,
    load_policies,
    notice_channel,
    notice_scope,
    plan,
    plan_debts,
    policy_named,
    policy_on,
    register_by,
    schedule,
    sources,
)
from creance_pay.rules.choices import BandCheck, DisplayCount, MaxBasis, MinBasis, RetentionCount, Stranding, TotalBasis
from creance_pay.rules.citations import Citation
from creance_pay.rules.comparison import Bound, Range, Region, compare, differing_values
from creance_pay.rules.instalments import Plan, PlannedPayment
from creance_pay.rules.recovery import RecoveryClock, recovery_clock
from creance_pay.rules.schedules import Instalment, Schedule, ScheduleState
from creance_pay.testing import (
    Account,
    Authentication,
    BankAnswer,
    BankCall,
    BankTransport,
    Decision,
    Dispatch,
    Fault,
    GatewayConformance,
    LocalBank,
    Notification,
    Operation,
    PaymentRequest,
    Subject,
    TrialBank,
    TrialCard,
    TrialMerchant,
    simulated_bank,
    trial_banks,
    trial_merchant,
)
from creance_pay.testing.direct import (
    Checkout,
    DirectBank,
    DirectServices,
    DirectTrialMerchant,
    MerchantKeys,
    SimulatedDirect,
)
from creance_pay.testing.server import bank_pages, serving, serving_bank
from creance_pay.testing.simulation import Entry, Letter, SimulatedBank, World, simulate, snapshot
from creance_pay.testing.sips import (
    ReportForm,
    SimulatedSips,
    SipsBank,
    SipsRequest,
    SipsServices,
    SipsTrialMerchant,
    daily_report,
    form_body,
    write_daily_reports,
)
from creance_pay.web import BankEndpoints, Reply, message_for_start

DAY = date(2017, 9, 11)
MOMENT = datetime(2017, 9, 11, 13, 54, tzinfo=UTC)


def money() -> Euros:
    """Add up amounts to amounts."""
    amount = Euros(2000)
    assert_type(amount.cents, int)
    assert_type(amount + amount, Euros)
    assert_type(amount - amount, Euros)
    assert_type(amount.saturating_sub(amount), Euros)
    assert_type(sum([amount, amount], Euros(0)), Euros)
    assert_type(amount < Euros(1), bool)
    assert_type(Euros.parse("20,00 €"), Euros)
    assert_type(Euros.exact("20.00"), Euros)
    assert_type(Euros.exact(Decimal(20)), Euros)
    Euros(20.0)  # type: ignore[arg-type]
    Euros("20")  # type: ignore[arg-type]
    amount + 1  # type: ignore[operator]
    amount.cents = 1  # type: ignore[misc]
    return amount


def references() -> tuple[NoticeReference, TransactionReference]:
    """Read references, which know their parts."""
    notice = NoticeReference.parse("6311 7054 0000 0344 F")
    assert_type(notice.caisse_code, str)
    assert_type(notice.issued_on, date | None)
    assert_type(notice.sequence, int)
    assert_type(notice.letter, str)
    assert_type(notice.grouped, str)
    assert_type(notice.masked, str)
    transaction = TransactionReference.make(DAY, 4)
    assert_type(TransactionReference.parse("PCLCB172540000004"), TransactionReference)
    assert_type(transaction.day, date)
    assert_type(transaction.sequence, int)
    return notice, transaction


def version() -> str:
    """Return the version; a misspelt name of the package is an error."""
    creance_pay.__versions__  # type: ignore[attr-defined]  # noqa: B018 - mypy reads it, nothing runs it
    return assert_type(creance_pay.__version__, str)


def caisse() -> Caisse:
    """Find a caisse, which may be unknown."""
    found = find_caisse("631")
    assert_type(found, Caisse | None)
    if found is None:
        raise LookupError
    assert_type(found.status, CaisseStatus)
    assert_type(found.successor, str | None)
    assert_type((found.name, found.kind, found.department, found.time_zone), tuple[str, str, str, str])
    return found


def debt() -> Debt:
    """Make a debt, which needs all its fields by name."""
    Debt(references()[0])  # type: ignore[call-arg]
    return Debt(
        reference=references()[0],
        kind=DebtKind.PARTICIPATION_FORFAITAIRE,
        initial=money(),
        remaining=money(),
        issued_on=None,
        open_online=True,
        debtor=None,
    )


def order() -> PaymentOrder:
    """Place an order, which takes a reference as a text or as a value, and keeps a text."""
    notice, transaction = references()
    made = PaymentOrder(
        transaction_reference=transaction,
        amount=money(),
        return_url="https://portal.example/return",
        notification_url="https://portal.example/notification",
        notices={notice: money()},
    )
    assert_type(made.transaction_reference, str)
    assert_type(made.notices, Mapping[NoticeReference, Euros])
    return made


def words() -> list[Code]:
    """Gather words that know their rule."""
    code = VerdictCode.PAYABLE
    assert_type((code.rule, code.meaning, code.source, code.public), tuple[str, str, str, bool])
    assert_type(Reason.NO_NOTICE | Reason.BELOW_BAND, Reason)
    return [
        code,
        ReferenceCode.REFERENCE_OK,
        TransactionCode.TRANSACTION_OK,
        CaisseStatus.CAISSE_OK,
        CardCode.CARD_MASK_OK,
        Settlement.SETTLED,
        WarningCode.STRANDED_REMAINDER,
    ]


def rules(policy: Policy) -> list[Verdict]:
    """Decide, each rule giving its own kind of verdict."""
    scope = notice_scope(money(), notice_received=True, policy=policy)
    found = access(debt(), policy=policy)
    assessment = assess(
        debt(), others=[debt()], pending={references()[0]: money()}, policy=policy, balance=money(), today=DAY
    )
    checked = assessment.check("20,00")
    assert_type(scope, NoticeScope)
    assert_type(found, Access)
    assert_type(assessment, Assessment)
    assert_type(assessment.payable_min, Euros | None)
    assert_type(assessment.total, Euros | None)
    assert_type(checked, AmountCheck)
    assert_type(checked.amount, Euros | None)
    assert_type(checked.notices, Mapping[NoticeReference, Euros])
    assert_type(checked.warning, Code | None)
    assert_type(check_amount(money(), total=money(), policy=policy), AmountCheck)
    assert_type(checked.code, Code)
    assert_type(checked.ok, bool)
    assert_type(checked.reasons, Reason)
    assert_type(checked.explain(), tuple[str, ...])
    assess(debt())  # type: ignore[call-arg]
    return [scope, found, assessment, checked]


def batches(debts: pl.LazyFrame, notices: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    """Decide columns, and have the caller's own frame back."""
    policy = policies()
    decided = columns.assess(debts, policy=policy, reference="reference", kind="k", remaining="r", open_online="o")
    assert_type(decided, pl.LazyFrame)
    assert_type(columns.notice_scope(notices, policy=policy, balance="b", notice_received="n"), duckdb.DuckDBPyRelation)
    assert_type(columns.compare(debts, before=policy, after=[policy], day="day"), pl.LazyFrame)
    assert_type(columns.plan_debts(debts, policy=policy, debtor="d"), pl.LazyFrame)
    spelled = columns.assess(debts, policy=policy, unit="euros", booleans=columns.BOOLEANS, nulls=columns.NULLS)
    assert_type(spelled, pl.LazyFrame)
    columns.assess(debts)  # type: ignore[call-arg]
    columns.assess(debts, policy=policy, unit="francs")  # type: ignore[arg-type]
    columns.assess([debts], policy=policy)  # type: ignore[type-var]
    return decided.collect()


def files() -> BatchResult:
    """Decide files, with progress and a limit of rejected lines."""

    def show(progress: BatchProgress) -> None:
        assert_type(progress.rows, int)

    policy = policies()
    try:
        result = assess_file("in.csv", Path("out"), policy=policy, unit="euros", max_rejects="1%", progress=show)
    except TooManyRejectsError as error:
        assert_type(error.rejects_file, Path | None)
        result = scope_file("in.csv", "out.csv", policy=policy, columns={"balance": "SOLDE"}, check=True)
    assert_type(result.payable, Euros | None)
    assert_type(result.codes, Mapping[str, int])
    assess_file("in.csv", "out.csv")  # type: ignore[call-arg]
    return result


def policies() -> Policy:
    """Choose a policy, by name or by day."""
    policy = policy_on(DAY, undocumented="latest")
    assert_type(load_policies(""), tuple[Policy, ...])
    assert_type(policy.band_checked_at, BandCheck)
    assert_type(policy.min_basis, MinBasis)
    assert_type(policy.total_basis, TotalBasis)
    assert_type(policy.max_basis, MaxBasis)
    assert_type(policy.stranding, Stranding)
    assert_type(policy.display_counted_in, DisplayCount)
    assert_type(policy.retention_counted_in, RetentionCount)
    assert_type(policy.overdue(DAY), tuple[str, ...])
    assert_type(policy.sources, Mapping[str, Statement])
    assert_type(sources()[policy.sources["online_min"].source], Citation)
    policy_on(DAY, kind=DebtKind.IND, undocumented="latest", policies=[policy])
    assert_type(policy.confirm_by("online_min"), date)
    assert_type(differing_values(policy, policy), Mapping[str, tuple[str, str]])
    (region,) = compare(policy, policy, kind=DebtKind.FRR)
    assert_type(region, Region)
    assert_type(region.ranges["total"], Range)
    assert_type(region.ranges["total"].last, Bound | None)
    assert_type(delete_on(DAY, policy=policy), date)
    assert_type(display_by(MOMENT, policy=policy), datetime)
    policy_on(DAY, undocumented="guess")  # type: ignore[arg-type]
    return policy_named("ameli-2019-11")


def following(policy: Policy) -> AfterPayment:
    """Plan, share, and follow a payment."""
    assert_type(plan(money(), policy=policy), tuple[Euros, ...])
    shares = allocate(money(), [debt()], policy=policy, chosen_in_order=[references()[0]])
    assert_type(shares, Mapping[NoticeReference, Euros])
    planned = plan_debts([debt()], policy=policy, pending={references()[0]: money()})
    assert_type(planned, Plan)
    assert_type(planned.payments, tuple[PlannedPayment, ...])
    assert_type(planned.payments[0].amount, Euros)
    assert_type(planned.payments[0].notices, Mapping[NoticeReference, Euros])
    assert_type(planned.not_payable, Mapping[NoticeReference, Euros])
    monthly = schedule(planned, first_day=DAY, policy=policy, caisse=find_caisse("631"))
    assert_type(monthly, Schedule)
    assert_type(monthly.instalments, tuple[Instalment, ...])
    assert_type(monthly.on(DAY, paid=money()), ScheduleState)
    assert_type(monthly.replanned(planned, day=DAY), Schedule)
    assert_type(recovery_clock(DebtKind.IND, DAY), RecoveryClock | None)
    assert_type(acknowledge_by(DAY, caisse=find_caisse("631")), date)
    assert_type(register_by(MOMENT), date)
    assert_type(add_working_days(DAY, 10), date)
    assert_type(is_working_day(DAY), bool)
    assert_type(notice_channel(has_account=True), NoticeChannel)
    assert_type(check_card_mask("5017##########00"), CardCode)
    return after_payment(money(), money(), policy=policy)


def gateway() -> Gateway:
    """Build the gateway of a bank, with keys from here or from a file."""
    key = SecretKey(version="2", secret="a-secret-of-the-shop", not_after=MOMENT)
    keys = KeyRing([key], current="2")
    assert_type(keys.current, SecretKey)
    assert_type(keys.versions, tuple[str, ...])
    assert_type(keys.find("2", now=MOMENT), SecretKey)
    assert_type(iter(keys), Iterator[SecretKey])
    assert_type(key.weakness, str | None)
    assert_type(key.retired(MOMENT), bool)
    assert_type(seal("amount=1600", key, SealAlgorithm.HMAC_SHA_256), str)
    assert_type(KeyRing.from_file("keys.json", passphrase="a passphrase of the tests"), KeyRing)
    assert_type(KeyRing.from_file("keys.json", key=None), KeyRing)
    KeyRing.from_file("keys.json", "a passphrase of the tests")  # type: ignore[call-arg]
    SecretKey(version="2", secret=b"a-secret-of-the-shop")  # type: ignore[arg-type]
    SecretKey("2", "a-secret-of-the-shop")  # type: ignore[call-arg]
    host: SipsHost = SipsHost.loopback("http://127.0.0.1")
    assert_type(host.environment, Environment)
    assert_type(SipsHost.WORLDLINE_PRODUCTION.paypage, str)
    clock: Callable[[], datetime] = lambda: MOMENT  # noqa: E731 - the type is what matters
    return SipsPaypage(
        merchant_id="011223744550001",
        keys=keys,
        host=host,
        algorithm=SealAlgorithm.HMAC_SHA_512,
        legacy_seal=False,
        unsealed_answers=False,
        clock=clock,
    )


def loaded() -> Gateway:
    """Load a gateway by its name."""
    bank = load("sips", merchant_id="011223744550001", host=SipsHost.WORLDLINE_TEST)
    assert_type(from_file("gateway.toml", gateway="sips", clock=lambda: datetime.now(UTC)), Gateway)
    assert_type(from_file(Path("gateway.toml")), Gateway)
    assert_type(load("direct", production=True, host="CAWL_PRODUCTION").environment, Environment | None)
    assert_type(bank, Gateway)
    assert_type(bank.capabilities, frozenset[Capability])
    return bank


def ledgers() -> Ledger:
    """Open ledgers, and read what they hold."""
    ledger: Ledger = SqlLedger("sqlite:///ledger.db", merchant_id="1", payload_keys=["a key"], upgrade=False)
    assert_type(ledger.find("REF1"), Payment | None)
    assert_type(ledger.events("REF1"), tuple[PaymentEvent, ...])
    assert_type(ledger.pending([references()[0]], MOMENT), dict[NoticeReference, Euros])
    assert_type(ledger.payments({PaymentState.PAID}, before=MOMENT), tuple[Payment, ...])
    assert_type(ledger.tasks(), tuple[EffectTask, ...])
    assert_type(ledger.claim(now=MOMENT, effects=[]), tuple[EffectTask, Payment] | None)
    assert_type(ledger.erase(before=MOMENT, progress=reversed), int)
    ledger.settled_elsewhere([references()[0]], at=MOMENT, by="a person", reason="a transfer")
    assert_type(ledger.to_post(after=3), Iterator[PostingLine])
    assert_type(ledger.movements("REF1"), tuple[Movement, ...])
    assert_type(ledger.movements("REF1")[0].kind, MovementKind)
    assert_type(ledger.acts("REF1"), tuple[Act, ...])
    assert_type(ledger.payments()[0].sums, Sums)
    assert_type(ledger.payments()[0].postings, Mapping[NoticeReference, PostingState])
    with ledger.transaction() as store:
        assert_type(store, Store)
    return MemoryLedger()


def paying(bank: Gateway, transport: Transport) -> PaymentService:
    """Process a payment from its start to its last effect."""

    def send(payment: Payment, key: str) -> str:
        return f"{payment.amount} {key}"

    effects = [Effect(name="mail", run=send, on={PaymentState.PAID})]
    service = PaymentService(bank, ledgers(), transport=transport, effects=effects, clock=lambda: MOMENT)
    started = service.start(money(), {references()[0]: money()}, return_url="", notification_url="", replace=True)
    assert_type(started, StartedPayment)
    assert_type(started.form, FormPost | Redirect)
    answer, view = service.on_notification(HttpMessage(b"")), service.on_return(HttpMessage(b""))
    assert_type(answer, Answer)
    assert_type(answer.result, RecordResult | CreancePayError)
    assert_type(view, PaymentView)
    assert_type(view.state, PaymentState)
    message_for(view)
    assert_type(service.run_effects(), EffectsRun)
    lines: list[ReportLine] = list(read_reports("report.csv"))
    assert_type(service.reconcile(reports=lines, progress=reversed), Reconciliation)
    assert_type(service.incidents(), tuple[Incident, ...])
    assert_type(service.health(MOMENT, policies=[policy_named("ameli-2019-11")]), tuple[Problem, ...])
    assert_type(health_of(service.ledger, MOMENT), tuple[Problem, ...])
    worker = Worker(service, every=timedelta(minutes=5), daily={"erasure": lambda: 0})
    assert_type((worker.run(), worker.once()), tuple[bool, tuple[Problem, ...]])
    assert_type((service.ledger, service.longest_lease, service.beat("a job")), tuple[Ledger, timedelta, bool])
    problem = service.health()[0]
    assert_type((problem.kind, problem.critical, problem.since), tuple[ProblemKind, bool, datetime | None])
    assert_type([(each.times, each.last_at) for each in service.incidents()], list[tuple[int, datetime | None]])
    assert_type(service.run_effects(limit=10, within=timedelta(seconds=30)), EffectsRun)
    act = service.refund("REF1", money(), by="a person", reason="paid twice")
    assert_type(act, Act)
    assert_type((act.kind, act.state), tuple[ActKind, ActState])
    assert_type(service.correct("REF1", PaymentState.PAID, by="a person", reason="statement"), RecordResult)
    assert_type(service.posted("REF1", by="a job"), Payment)
    assert_type(service.confirm("REF1").bank_reference, str | None)
    PaymentService(bank, ledgers(), posting=Posting.AFTER_DELAY)
    service.refund("REF1", money())  # type: ignore[call-arg]
    service.start(money(), {}, "", "")  # type: ignore[call-arg]
    return service


def decided(payment: Payment, incoming: VerifiedPayment, message: HttpMessage) -> IncidentKind:
    """Choose the next state of a payment."""
    change = transition(payment, incoming, repeated=False)
    assert_type(change, Change)
    assert_type(change.disposition, Disposition)
    assert_type(Evidence.message(message, Source.RETURN, MOMENT), Evidence)
    return change.incidents[0]


def operations(bank: Gateway, transport: Transport) -> str:
    """Ask the bank for what it may offer."""
    assert_type(bank.fetch_status(order(), transport), VerifiedPayment)
    results = [operation(order(), transport, amount=Euros(100)) for operation in (bank.capture, bank.cancel)]
    assert_type(results, list[OperationResult])
    result = bank.refund(order(), transport)
    assert_type(result.outcome, OperationOutcome)
    bank.refund(order())  # type: ignore[call-arg]
    return result.outcome.value


def judged(bank: Gateway) -> GatewayConformance:
    """Judge a gateway of one's own."""
    message = HttpMessage(b"")
    subject = Subject(
        gateway=bank,
        order=order(),
        genuine=lambda *_: message,
        states=(PaymentState.PAID,),
        forged={"no seal": message},
        foreign={"another merchant": message},
        secrets=("a-secret-of-the-shop",),
    )
    suite = GatewayConformance()
    suite.test_genuine(subject)
    return suite


def way_out(bank: Gateway) -> str:
    """Send the browser away, by a form or by an address."""
    exit_ = bank.initiate(order())
    assert_type(exit_, FormPost | Redirect)
    if isinstance(exit_, FormPost):
        assert_type(exit_.fields, Mapping[str, str])
        return exit_.as_html("nonce", button="Payer") + exit_.action
    return exit_.url


def sips_way_out(paypage: SipsPaypage, keys: KeyRing) -> FormPost:
    """Add what helps the person, and start by JSON."""
    options = PaypageOptions(
        language="fr-BE", brands=("CB",), capture_day=0, expires_at=MOMENT, others={"customerId": "1"}
    )
    assert_type(paypage.initiate(order(), options=options), FormPost)
    PaypageOptions(brand="CB")  # type: ignore[call-arg]
    by_json = SipsPaypageJson(
        merchant_id="011223744550001", keys=keys, host=SipsHost.WORLDLINE_TEST, transport=RequestsTransport()
    )
    gateway: Gateway = by_json
    assert_type(gateway.initiate(order()), FormPost | Redirect)
    return by_json.initiate(order(), options=options)


def office(gateway: SipsPaypage, transport: Transport) -> OperationOutcome:
    """Ask the bank, and have it move money."""
    status = gateway.fetch_status(order(), transport)
    assert_type(status, VerifiedPayment)
    assert_type(status.state, PaymentState)
    assert_type(status.remaining, Euros | None)
    assert_type(gateway.capture(order(), transport), OperationResult)
    assert_type(gateway.cancel(order(), transport, amount=money()), OperationResult)
    result = gateway.refund(order(), transport, amount=money())
    gateway.refund(order(), transport, amount=2000)  # type: ignore[arg-type]
    return result.outcome


def direct_way_out(keys: KeyRing, webhook_keys: KeyRing, transport: Transport) -> Redirect:
    """Create a page at Worldline Direct, ask about it by the bank's identifier, and refund by a key."""
    bank = DirectCheckout(
        merchant_id="M", keys=keys, webhook_keys=webhook_keys, host=DirectHost.CAWL_TEST, page_life=timedelta(minutes=9)
    )
    redirect = bank.initiate(order(), options=CheckoutOptions(products=("WERO",)))
    assert_type(redirect.bank_reference, str | None)
    gateway: Gateway = bank
    assert_type(gateway.answer_check({}), str | None)
    assert_type(gateway.page_life, timedelta | None)
    assert_type(bank.environment, Environment)
    assert_type(DirectHost.named("CAWL_TEST"), DirectHost)
    bank.check_connection(RequestsTransport())
    status = gateway.fetch_status(order(), transport, bank_reference=redirect.bank_reference)
    assert_type((status.bank_reference, status.disputed), tuple[str | None, bool])
    assert_type(gateway.refund(order(), transport, bank_reference="1", key="2").moved, bool)
    assert_type(transport.send("GET", "", headers={}, body=None), HttpAnswer)
    DirectCheckout(merchant_id="M", keys=keys, host=DirectHost.CAWL_TEST)  # type: ignore[call-arg]
    return redirect


def reports() -> tuple[ReportLine, ...]:
    """Read the bank's daily reports."""
    report = read_reports("report.csv")
    assert_type(report, Report)
    assert_type(report.kind, ReportKind)
    assert_type(report.bad, tuple[BadLine, ...])
    return report.lines


def way_back(bank: Gateway) -> str:
    """Verify a message against the order, which nobody can forget to hand in."""
    message = HttpMessage(b"Data=", {"Content-Type": "application/x-www-form-urlencoded"})
    assert_type(message.header("content-type"), str | None)
    sealed = bank.authenticate(message, source=Source.RETURN)
    assert_type(sealed, SealedMessage)
    assert_type(sealed.transaction_reference, str)
    assert_type(sealed.match(order()), VerifiedPayment)
    payment = bank.verify(message, expected=order(), source=Source.RETURN)
    assert_type(payment, VerifiedPayment)
    assert_type(payment.amount, Euros | None)
    assert_type(payment.authorised_at, datetime | None)
    assert_type(payment.raw, Mapping[str, tuple[str, ...]])
    assert_type(payment.warnings, tuple[str, ...])
    bank.verify(message)  # type: ignore[call-arg]
    bank.verify(b"Data=", expected=order())  # type: ignore[arg-type]
    HttpMessage("Data=")  # type: ignore[arg-type]
    return sentence(payment.state)


def sentence(state: PaymentState) -> str:
    """Go through the states, a closed list, and leave none out."""
    match state:
        case PaymentState.PAID | PaymentState.AUTHORISED | PaymentState.PENDING | PaymentState.CREATED:
            return "paid, or perhaps"
        case (
            PaymentState.REFUSED
            | PaymentState.CANCELLED
            | PaymentState.EXPIRED
            | PaymentState.ERROR
            | PaymentState.UNKNOWN
        ):
            return "not paid"
        case PaymentState.PARTIALLY_REFUNDED | PaymentState.REFUNDED | PaymentState.CHARGED_BACK:
            return "given back"
        case _:
            assert_never(state)


class Recorder(Transport):
    """A transport of one's own implements one method."""

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Record nothing."""
        return HttpAnswer(200 if method and url and headers and body else 400, b"")


def bank_side(keys: KeyRing) -> None:
    """Decide on the bank's side, and serve its pages."""
    bank = SipsBank({"011223744550001": keys}, clock=lambda: MOMENT)
    asked = bank.receive({"Data": ""})
    assert_type(asked, SipsRequest)
    assert_type(bank.requests, dict[str, PaymentRequest])
    decision = bank.pay(asked, "5017670000001800")
    assert_type(decision, Decision)
    assert_type(bank.leave(), Decision)
    assert_type(bank.accounts, dict[str, Account])
    services = SipsServices(bank)
    services.run_nightly_batch()
    assert_type(bank.operate("refund", "REF1", Euros(500)), str)
    assert_type([bank.charge_back("REF1"), bank.represent("REF1", Euros(5))], list[Operation])
    assert_type(daily_report(bank, ReportKind.OPERATIONS, DAY, form=ReportForm.TABS), str)
    assert_type(write_daily_reports(bank, DAY, Path(), merchant_id="011223744550001"), list[Path])
    assert_type(services.post("cashManagement/refund", b"{}", page=""), dict[str, str])
    assert_type(form_body(bank.answer(asked, decision)), bytes)
    transports: list[Transport] = [Recorder(), RequestsTransport(timeout=1.0, direct=True)]
    pages = bank_pages(bank, transport=transports[0])
    assert_type(pages, Flask)
    with serving(pages) as url, serving_bank(bank, port=8081) as other:
        assert_type((url, other), tuple[str, str])


def direct_bank_side(keys: KeyRing) -> None:
    """Answer calls on the bank's side, and check an address."""
    bank = DirectBank({"CPAM": MerchantKeys(api=keys, webhooks=keys)}, refunds_at_night=True)
    assert_type(bank.checkouts, list[Checkout])
    services: DirectServices = bank.services
    assert_type(services.answer(BankCall(method="GET", url="http://127.0.0.1/v2/CPAM/x")), BankAnswer)
    transport: Transport = BankTransport(bank)
    assert_type(bank.check_endpoint("http://127.0.0.1/n", transport), bool)
    assert_type(DirectTrialMerchant().open_bank(), DirectBank)
    assert_type(trial_banks(), tuple[str, ...])


def misbehaving_bank() -> None:
    """Set a fault at the bank, with or without pages."""
    bank = SipsBank({}, lifetime=timedelta(minutes=15), attempts=3, delay=timedelta(0), fault=Fault.LATE)
    asked = bank.receive({})
    decision = bank.pay(asked, TrialCard.ACCEPTED, authentication=Authentication.FAILURE)
    ending = bank.settle(asked, decision, fault=Fault.DOUBLED)
    assert_type(ending, Dispatch | None)
    if ending is not None:
        assert_type(ending.notifications, tuple[Notification, ...])
        assert_type(ending.return_fields, Mapping[str, str] | None)
    assert_type(bank.due(), tuple[Notification, ...])
    assert_type(bank.attempts_left(asked), int)
    bank.settle(asked, decision, fault="doubled")  # type: ignore[arg-type]


def portal_tests(bank_page: LocalBank, form: FormPost) -> HttpMessage:
    """Use what the fixtures of pytest give."""
    merchant = SipsTrialMerchant()
    assert_type(merchant.notification(order(), card=None, fault=Fault.FORGED), HttpMessage)
    assert_type(merchant.gateway(), SipsPaypage)
    assert_type(bank_page.gateway, Gateway)
    assert_type(bank_page.bank, TrialBank)
    assert_type(trial_merchant("direct"), TrialMerchant)
    assert_type(bank_page.open(form), PaymentRequest)
    bank_page.expire(form)
    bank_page.wait(timedelta(minutes=1))
    bank_page.leave(form)
    return bank_page.pay(form, TrialCard.REFUSED, authentication=Authentication.SUCCESS, fault=Fault.NONE)


def messages(verdict: Verdict, payment: VerifiedPayment) -> Rendered:
    """Render the message of a verdict or a payment."""
    message = message_for(verdict)
    assert_type(message, Message)
    assert_type(message_for(payment).severity, Severity)
    assert_type(message_for(payment, progress=PaymentProgress.POSTED).severity, Severity)
    assert_type(message.money, Money)
    assert_type(MESSAGES, tuple[type[Message], ...])
    assert_type(contact_line(DAY), ContactLine)
    assert_type(message.retry, Retry)
    assert_type(messages_for(verdict, display_delay_hours=24), tuple[Message, ...])
    assert_type(format_euros(money(), lang="en"), str)
    letter = acknowledgement(
        received_at=MOMENT,
        amount=money(),
        notice_references=[references()[0]],
        transaction_reference=references()[1],
        caisse=caisse(),
        address="an address",
        display_delay_hours=24,
        delete_on=DAY,
    )
    assert_type(letter, Acknowledgement)
    rendered = render(letter, medium=Medium.HTML, lang="fr")
    assert_type(rendered.sender, str | None)
    documents(letter)
    return rendered


def documents(letter: Acknowledgement) -> str:
    """Lay a caisse's sentences over the shipped ones, and write documents."""
    ours = read_overrides(Path("caisse"), {"fr": ""})
    assert_type(ours, Overrides)
    assert_type(letter_pdf(letter, lang="en", overrides=ours, wording=Wording.PLAIN), bytes)
    first = registration(
        received_at=MOMENT,
        amount=money(),
        transaction_reference=references()[1],
        caisse=caisse(),
        address="an address",
        acknowledge_by=DAY,
        contact=contact_line(DAY),
    )
    assert_type(first, Registration)
    assert_type(letter_pdf(first, recipient="an address"), bytes)
    assert_type(first.file_name, str)
    assert_type(sample(Registration, longest=True), Registration)
    assert_type(SmsText.of("Bonjour").segments, int)
    rendered = render(letter, medium=Medium.SMS, overrides=ours, wording=Wording.CORRECTED)
    assert_type((rendered.segments, rendered.element_id), tuple[int | None, str | None])
    letter_pdf(rendered)  # type: ignore[arg-type]
    assert_type(ReferenceSuggested(suggestions=(NoticeReference(""),)).suggestions, tuple[NoticeReference, ...])
    assert_type([ReferenceHint(), AmountHint(minimum=Euros(1600), maximum=Euros(5000))], list[Message])
    assert_type((ServiceUnavailable().retry, AttemptOpen().retry), tuple[Retry, Retry])
    letters_of_a_debt(first)
    return error_summary([rendered], overrides=ours) + printable_page(letter, lang="en", nonce="abc")


def letters_of_a_debt(first: Document) -> None:
    """Build the letters of a debt, and those of a file."""
    service = {"caisse": "CPAM", "address": "an address", "contact": "36 46"}
    notice, transaction = references()
    debt = {"sent_on": DAY, "notice_reference": notice, "minimum": money(), "maximum": money()}
    part, due = CareYear(year=2025, amount=money()), DueAmount(due_on=DAY, amount=money())
    letters: list[Document] = [
        Notice(**service, **debt, years=(part,), appeal_address="an address", pay_by=DAY, other_means="a cheque"),  # type: ignore[arg-type]
        Reminder(**service, **debt, notice_date=DAY, initial=money(), remaining=money()),  # type: ignore[arg-type]
        InstalmentSchedule(**service, sent_on=DAY, notice_references=(notice,), instalments=(due,)),
        MissedInstalment(**service, sent_on=DAY, notice_references=(notice,), missed=(due,), due=money(), next_on=DAY),
        Refund(
            **service, sent_on=DAY, transaction_reference=str(transaction), paid_on=DAY, amount=money(),
            refunded=money(), reason="a reason",
        ),
        RejectedPosting(
            **service, sent_on=DAY, transaction_reference=str(transaction), notice_reference=notice, paid_on=DAY,
            amount=money(),
        ),
    ]  # fmt: skip
    assert_type([each.dated_on for each in letters], list[date])
    assert_type(first.sources, tuple[str, ...])
    assert_type(render(first, medium=Medium.EMAIL, details=True).body, str)
    assert_type(render(first, medium=Medium.PDF).body, str)
    done = write_letters(
        Path("in.csv"), "out", policy=policy_named("ameli-2019-11"), letter="reminder", values={"sent_on": str(DAY)},
        columns={"recipient": "adresse"}, wording=Wording.PLAIN, lang="en", unit="euros",
    )  # fmt: skip
    assert_type(done, BatchResult)
    DueAmount(due_on=DAY, amount=5)  # type: ignore[arg-type]


def simulated_world(ledger: SqlLedger) -> None:
    """Simulate a world of a seed, on any ledger and with any bank."""
    world = simulate(7, bank=SimulatedSips, open_ledger=lambda _: ledger)
    assert_type((world, world.violations, world.digest(), world.seed), tuple[World, list[str], str, int])
    simulate(7, bank=simulated_bank("direct"))
    bank: SimulatedBank = SimulatedSips(lambda: MOMENT)
    bank = SimulatedDirect(lambda: MOMENT, idempotent_creation=False)
    assert_type((bank.entries(), bank.due()), tuple[dict[str, Entry], list[Letter]])
    snapshot(ledger)()


def bank_addresses(service: PaymentService, ledger: Ledger) -> None:
    """Mount the bank's two addresses, and explain a payment that does not start."""
    endpoints = BankEndpoints(service=lambda: service, url="https://portal.example/bank", next_url="/paid")
    assert_type((endpoints.return_url, endpoints.notification_url), tuple[str, str])
    assert_type(endpoints.reply("POST", "/notification", {}, b""), Reply)
    assert_type(message_for_start(PaymentInProgressError(), ledger, now=MOMENT), Message)
    assert_type((service.gateway, service.ledger), tuple[Gateway, Ledger])


def office_pages(ledger: Ledger) -> None:
    """Build the office's pages, and close an incident."""
    office = Office(ledger=ledger, may_close=True)
    assert_type(office.page({"page": "incidents"}), OfficePage)
    office.close({"kind": "CHARGED_BACK", "reason": "vu"}, by="agent")


def django_portal(request: object) -> None:
    """Start a payment, send the browser to the bank and read the payment back; Django has no types."""
    assert_type(payment_service(), PaymentService)
    assert_type(bank_endpoints(), BankEndpoints)
    started = start_payment(request, Euros(2000), {NoticeReference(""): Euros(2000)}, replace=True)
    assert_type(started, StartedPayment | Message)
    if isinstance(started, StartedPayment):
        send_to_bank(request, started)
    assert_type(own_payment(request), Payment | None)


def every_error(error: CreancePayError) -> str:
    """Answer an error by its type, which says whose fault it is, and has what helps."""
    match error:
        case InvalidReferenceError():
            found = error.suggestions, error.character, error.digits
            assert_type(found, tuple[tuple[str, ...], str | None, int | None])
        case InvalidAmountError() | InvalidValueError():
            assert_type(error.code, str | None)
        case MalformedResponseError() | SealMismatchError() | UnknownKeyError() | ResponseRefusedError():
            assert_type(error.http_status, int)
        case NothingToRecordError():
            assert_type(error.http_status, int)
        case OrderMismatchError():
            assert_type((error.fields, error.http_status), tuple[tuple[str, ...], int])
        case PaymentInProgressError():
            assert_type(error.references, tuple[str, ...])
        case ConflictError() | GatewayUnavailableError():
            assert_type(error.retryable, bool)
        case MissingExtraError():
            assert_type(error.extra, str)
        case ConfigurationError() | NoPolicyError() | UnsupportedError() | MessageError() | _:
            assert_type(error, CreancePayError)
    return str(error)
