"""A simulated world: portals, their ledgers, a bank, people, an office and an operator, all from one seed.

Nothing in it is random but by its seed: the calls of processes interleave at each transaction, reading of the clock,
question to the bank and effect; processes crash at any call of the store; clocks differ, jump and stop.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from ...errors import (
    GatewayUnavailableError,
    InvalidValueError,
    OrderMismatchError,
    PaymentInProgressError,
    ResponseRefusedError,
    SealMismatchError,
    UnknownKeyError,
    UnsupportedError,
)
from ...gateways import Report
from ...ledger import ActState, Disposition, Ledger, PostingState, RecordResult
from ...ledger.records import IN_FLIGHT_STATES, UNCONFIRMED_STATES
from ...money import Euros
from ...payment import PaymentState
from ...payments import Answer, PaymentService, PaymentView, StartedPayment
from ...references import NoticeReference
from .banks import Letter, SimulatedBank
from .ledgers import set_back, snapshot
from .scheduler import Call, Crash
from .sites import Attempt, Process, Site

_URLS = {"return_url": "http://127.0.0.1/return", "notification_url": "http://127.0.0.1/notification"}
_WHO = {"by": "a simulated operator", "reason": "a simulated reason"}
# The days around them hold both changes of the clocks and the end of a year.
_BEGINNINGS = (
    datetime(2026, 6, 10, 9, tzinfo=UTC),
    datetime(2026, 10, 24, 20, tzinfo=UTC),
    datetime(2026, 12, 31, 21, tzinfo=UTC),
)
_BREAKS = (0, 0, 3600, 100_000)
_WAITS = (1, 1, 20, 20, 300, 300, 1900, 7200, 30_000, 100_000, 400_000)
_SKEWS = tuple(timedelta(seconds=each) for each in (0, 0, 120, -120, 10_800, -10_800, 259_200, -259_200))
#: A start asks the bank about so many earlier orders.
_MAX_ASKED = 3
#: The bank sends a message again after this status.
_SENT_AGAIN, _REFUSED = 503, 400
#: The bank starts no payment of an older order.
_LIFE = timedelta(minutes=30)
#: Another operator leaves an act alone during this time.
ACT_TIMEOUT = timedelta(minutes=2)
#: The bank is asked about an attempt without any answer during a week.
ASKED = timedelta(days=5)
_DEBTS = (1600, 2000, 5000, 1600, 3000, 900)
#: An amount that is refunded several times.
_SMALL = Euros(100)
#: The events of one of these are so many times as frequent.
_BUSY, _FOCUS = ("backoffice", "office", "operator"), 4
#: How often a call pauses at each point.
_PAUSES = (0.05, 0.12, 0.3)
_FAULTS = (
    "backoffice", "bank", "clocks", "collision", "crashes", "effects", "forgeries", "nonces", "office", "operator",
    "questions", "restore", "rotation",
)  # fmt: skip
#: The rare states that worlds must reach; a test counts them over many worlds.
RARE = frozenset(
    {
        "a start is refused while another payment is open",
        "a payment follows another as an instalment",
        "two payments pay one debt",
        "a payment is accepted after a refusal",
        "a message waits for its order",
        "a reference is used twice",
        "another's money is reported under an own reference",
        "a message is sealed with an unknown key",
        "a message states another amount",
        "a forgery is refused",
        "a process crashes before a commit",
        "a process crashes after a commit",
        "a process crashes in an effect",
        "a call is interleaved with another",
        "an effect runs twice under one key",
        "an effect raises",
        "an act ends without an answer",
        "an act is ended by the bank's records",
        "the bank refuses an act",
        "a payment is refunded in part",
        "a payment is refunded whole",
        "a payment is charged back",
        "a chargeback is returned",
        "a refund of the bank is reported",
        "the caisse rejects a posting",
        "a posting is overdue",
        "a backup is restored",
        "a clock goes back a day",
        "a notice is settled by other means",
        "a payment is accepted after its notice was settled",
        "the bank has not decided",
        "an attempt is given up for another",
        "a foreign error comes from the transport",
        "a person corrects a state",
        "the bank is asked and knows nothing",
    }
)


class World:
    """A world of one seed.

    Args:
        seed: The seed.
        open_ledger: Opens the ledger of a portal, by the portal's number.
        bank: Builds the bank from the clock of the world.
        process: Builds a process of a portal; of another merchant's code, to compare it with the service.

    Attributes:
        violations: The violated oracles, as sentences.
        reached: How often each rare state was reached.
        settled: The number of questions about each paid payment, when the questions were checked.
        asked: The number of questions about each reference, when the faults ended.
        no_line_until: The time until which the bank cannot be reached.
        given_back: The cents that the bank returned by its own screens, by the nonce of the order.
        acting: The number of acts on each order that are in progress.
        acts: The number of acts on each order.
    """

    def __init__(
        self,
        seed: int,
        *,
        open_ledger: Callable[[int], Ledger],
        bank: Callable[[Callable[[], datetime]], SimulatedBank],
        process: Callable[[World, Site], Process] = Process,
    ) -> None:
        """Create the world."""
        self._process = process
        self.seed = seed
        self.chance = Random(seed)  # noqa: S311 - a world is replayed by its seed
        self.now = self.chance.choice(_BEGINNINGS)
        self.faults = {fault for fault in _FAULTS if self.likely(0.5)}
        if "clocks" in self.faults:
            self.faults.discard("nonces")  # by time alone, a wrong clock refuses the own transaction
        self._focus, self._pauses = self.chance.choice(_BUSY), self.chance.choice(_PAUSES)
        self.bank = bank(lambda: self.now)
        if "nonces" in self.faults:
            self.bank.leave_out_nonces()
        self.no_line_until = self.now
        self.questions, self.answered, self.reached = Counter[str](), Counter[str](), Counter[str]()
        self.violations: list[str] = []
        self.letters: list[Letter] = []
        self.reports: list[Report] = []
        self.settled: dict[str, int] = {}
        self.asked: dict[str, int] = {}
        self.given_back, self.acting, self.acts = Counter[str](), Counter[str](), Counter[str]()
        self.answers: list[str] = []
        self.steps = 0
        self._running: Process | None = None
        self._calm = False
        self.sites = [self._open(number, open_ledger) for number in range(2 if "collision" in self.faults else 1)]

    # ---- building

    def _open(self, number: int, open_ledger: Callable[[int], Ledger]) -> Site:
        ledger = open_ledger(number)
        # Two portals that begin at one number use the same references.
        ledger.chance = _Chance(self.seed, number)
        debts = {
            NoticeReference(f"631170500000{place:04d}F"): Euros(cents)
            for place, cents in enumerate(_DEBTS[: self.chance.choice((2, 3, 6))])
        }
        site = Site(number=number, inner=ledger, debts=debts)
        site.processes = [self._process(self, site), self._process(self, site)]
        return site

    def likely(self, probability: float) -> bool:
        """Draw whether something of a probability happens."""
        return self.chance.random() < probability

    # ---- points where the thread of a process may pause or end

    def point(self, kind: str) -> None:
        """Pause the running call, or continue it."""
        process = self._running
        if process is None or process.call is None or self._calm:
            return
        if self.likely(self._pauses):
            self.answers.append(f"pause {kind}")
            process.call.pause()

    def faulty(self, fault: str) -> bool:
        """Return whether the world has a fault, and has not calmed down."""
        return fault in self.faults and not self._calm

    def statement(self, name: str) -> None:
        """End the running process, or continue it."""
        if self._running is None or not self.faulty("crashes"):
            return
        if self.likely(0.004):
            committed = name == "committed"
            self.reached[f"a process crashes {'after' if committed else 'before'} a commit"] += 1
            raise Crash

    def break_line(self) -> None:
        """Break the line to the bank for some time, or not."""
        self.no_line_until = self.now + timedelta(seconds=self.chance.choice(_BREAKS))

    def maybe_fail_effect(self) -> None:
        """Raise, hang or crash in an effect."""
        if self._running is None or not self.faulty("effects"):
            return
        if self.likely(0.10):
            self.reached["an effect raises"] += 1
            raise ConnectionError
        if self.likely(0.04):
            self.reached["a process crashes in an effect"] += 1
            raise Crash
        if self.likely(0.10) and self._running.call is not None:
            self.now += timedelta(minutes=10)  # longer than the lease
            self._running.call.pause()

    # ---- running

    def play(self) -> None:
        """Play the events of the world, with its faults."""
        events = self._events()
        for _ in range(self.chance.randint(60, 160)):
            self.steps += 1
            self.chance.choice(events)()

    def calm(self) -> None:
        """End every call and every fault."""
        self._finish_calls()
        self._calm = True
        self.asked = dict(self.questions)
        for site in self.sites:
            site.answered.clear()
        self.bank.calm()
        for site in self.sites:
            for process in site.processes:
                process.skew, process.stopped_at, process.rotated = timedelta(0), None, True
                process.restart()

    def digest(self) -> str:
        """Return the SHA-256 of everything that happened, equal for equal seeds on every kind of ledger."""
        lines = [*self.answers]
        for site in self.sites:
            lines += [f"{each.transaction_reference} {sorted(each.postings.items())}" for each in site.inner.payments()]
            lines += [line for commit in site.commits for line in commit.lines()]
            lines += [f"{key} {nonces}" for key, nonces in sorted(site.happened.items())]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def _events(self) -> list[Callable[[], None]]:
        """Return the events of this world, each as often as it is likely."""
        events = [self._click] * 6 + [self._visit] * 6 + [self._deliver] * 8 + [self._wait] * 4
        events += [self._effects] * 3 + [self._reconcile] * 2 + [self._resume] * 8 + [self._night] * 2
        optional = {
            "forgeries": [self._forge] * 2,
            "office": [self._post] * 4,
            "operator": [self._operate] * 3 + [self._close],
            "backoffice": [self._back_office] * 2 + [self._report] * 2,
            "clocks": [self._shift_clock] * 2,
            "restore": [self._back_up, self._restore, self._set_back],
            "rotation": [self._rotate],
        }
        for fault, more in optional.items():
            events += more * (_FOCUS if fault == self._focus else 1) if fault in self.faults else []
        events += [self._correct, self._settle_elsewhere] if "operator" in self.faults else []
        return events

    def _begin(self, process: Process, work: Callable[[], object], then: Callable[[Call], None]) -> None:
        if any(each.call is not None for site in self.sites for each in site.processes):
            self.reached["a call is interleaved with another"] += 1
        process.call, process.then = Call(work), then
        self._continue(process)

    def _continue(self, process: Process) -> None:
        call = process.call
        if call is None:  # pragma: no cover - the caller has checked it
            return
        self._running = process
        try:
            ended = call.resume()
        except Exception as error:  # noqa: BLE001 # pragma: no cover - any foreign error is a violation
            self.violate(f"a call raised {type(error).__name__}: {error}")
            ended = True
        self._running = None
        if ended:
            process.call = None
            if call.crashed:
                process.restart()
            self.answers.append(_described(call))
            process.then(call)

    def _idle(self, site: Site) -> Process | None:
        free = [each for each in site.processes if each.call is None]
        return self.chance.choice(free) if free else None

    def _finish_calls(self) -> None:
        """Resume every paused call until its end."""
        while paused := [each for site in self.sites for each in site.processes if each.call is not None]:
            self._continue(self.chance.choice(paused))

    def violate(self, sentence: str) -> None:  # pragma: no cover - only a fault of the library calls it
        """Record a violated oracle."""
        self.violations.append(sentence)

    # ---- people

    def _click(self) -> None:
        """Start a payment of one notice or two, as a person does."""
        site = self.chance.choice(self.sites)
        process = self._idle(site)
        if process is None:
            return
        notices = self.chance.sample([*site.debts], 2 if self.likely(0.3) else 1)
        whole, replace = self.likely(0.4), self.likely(0.3)

        priced = 0

        def start() -> StartedPayment | None:
            """Compute the amounts as a portal does, and start."""
            nonlocal priced
            priced = len(site.commits)
            pending = process.ledger.pending(notices, process.clock())
            amounts = {}
            for notice in notices:
                owed = self.remaining(site, notice).saturating_sub(pending.get(notice, Euros(0)))
                amounts[notice] = owed if whole else Euros((owed.cents + 1) // 2)
            amounts = {notice: amount for notice, amount in amounts.items() if amount.cents}
            if not amounts:
                return None
            return process.service.start(sum(amounts.values(), Euros(0)), amounts, replace=replace, **_URLS)

        began, before = self.now, dict(self.questions)
        open_before = {each.transaction_reference for each in site.inner.payments(UNCONFIRMED_STATES)}

        def started(call: Call) -> None:
            attempt = self._started(site, call, replace=replace)
            if attempt is not None:
                attempt.priced = priced
                self._check_asked(site, attempt, began, before, open_before)
                if self.likely(0.5):
                    self._open_page(attempt)

        self._begin(process, start, started)

    def _started(self, site: Site, call: Call, *, replace: bool) -> Attempt | None:
        """Record a started payment as an attempt of its person."""
        if isinstance(call.error, PaymentInProgressError):
            self.reached["a start is refused while another payment is open"] += 1
        elif isinstance(call.error, InvalidValueError):
            self.violate(f"a start was refused: {call.error}")
        if not isinstance(call.result, StartedPayment):
            return None
        payment = site.inner.find(call.result.transaction_reference)
        if payment is None:  # pragma: no cover - only a fault of the library
            self.violate("a started payment is not in the ledger")
            return None
        order = payment.order
        if order.nonce in site.attempts:
            self.violate(f"a start returned the earlier order {payment.transaction_reference}")
        if replace and any({*other.notices} & {*order.notices} for other in site.attempts.values()):
            self.reached["an attempt is given up for another"] += 1
        attempt = site.attempts[order.nonce] = Attempt(
            site=site,
            reference=payment.transaction_reference,
            nonce=order.nonce,
            form=call.result.form,
            notices=order.notices,
            opened=_opening(site, order.nonce),
            priced=0,
            at=self.now,
            dead_at=payment.created_at + _LIFE,
            replace=replace,
            asked=frozenset(self.answered),
        )
        return attempt

    def _check_asked(
        self, site: Site, attempt: Attempt, began: datetime, before: Mapping[str, int], open_before: set[str]
    ) -> None:
        """Check that the start asked the bank about each earlier order whose payment it may not have reported."""
        if "clocks" in self.faults:
            return
        others = [
            each
            for each in site.inner.payments_for_notices(attempt.notices)
            if not each.sums.captured.cents and each.order.nonce != attempt.nonce
        ]
        earlier = []
        for each in others:
            other = site.attempts.get(each.order.nonce)
            young = each.created_at > attempt.dead_at - _LIFE - ASKED
            opened = each.transaction_reference in open_before and each.state in UNCONFIRMED_STATES
            if other and other.at < began and young and opened and other.known(each):
                earlier.append(each.transaction_reference)
        for reference in earlier if len(others) <= _MAX_ASKED else ():
            if self.questions[reference] == before.get(reference, 0):
                self.violate(f"{attempt.reference} was started, and the bank was not asked about {reference}")

    def remaining(self, site: Site, notice: NoticeReference) -> Euros:
        """Return what the caisse's own system shows as owed."""
        entries = self.bank.entries()
        paid = Euros(0)
        for (nonce, posted), amount in site.posted.items():
            if posted == notice:
                entry = entries.get(nonce)
                paid += site.attempts[nonce].share(notice, entry.held) if entry else amount
        return site.debts[notice].saturating_sub(paid)

    def _visit(self) -> None:
        """Open the bank's page and decide there, as a person does."""
        waiting = [each for site in self.sites for each in site.attempts.values() if not each.visited]
        if not waiting:
            return self._click()
        return self._open_page(self.chance.choice(waiting))

    def _open_page(self, attempt: Attempt) -> None:
        attempt.visited = self.steps
        letters = self.bank.visit(attempt.form, self.chance, faulty="bank" in self.faults)
        if letters and letters[0].nonce == attempt.nonce and attempt.nonce not in self.bank.entries():
            self.reached["a reference is used twice"] += 1
            attempt.used = True
        if self.now >= attempt.dead_at and attempt.nonce in self.bank.entries():
            self.violate(f"{attempt.reference} was opened at the bank after its expiry")
        self.letters += letters or []

    def _deliver(self) -> None:
        """Deliver a message of the bank or of a browser to a portal."""
        if not self.letters:
            return
        letter = self.letters.pop(self.chance.randrange(len(self.letters)))
        if self.likely(0.2):
            self.letters.append(letter)  # it comes twice
        site = self._addressee(letter)
        if len(self.sites) > 1 and self.likely(0.2):  # both portals have one address
            site = self.chance.choice(self.sites)
        self.deliver(letter, site)

    def _addressee(self, letter: Letter) -> Site:
        return next((site for site in self.sites if letter.nonce in site.attempts), self.sites[0])

    def deliver(self, letter: Letter, site: Site) -> None:
        """Deliver a message to a process of a portal."""
        process = self._idle(site)
        if process is None:
            self.letters.append(letter)
            return
        known = site.inner.find(letter.reference)

        def take() -> Answer | PaymentView:
            """Deliver the message; after a return that proves nothing, the person's page asks the bank."""
            if not letter.by_browser:
                return process.service.on_notification(letter.message)
            view = process.service.on_return(letter.message)
            if isinstance(view.result, UnsupportedError) and process.ledger.find(letter.reference):
                process.service.confirm(letter.reference)
            return view

        def answered(call: Call) -> None:
            answer = call.result
            if isinstance(answer, Answer | PaymentView):
                self._check_answer(letter, answer, process)
                if known and not letter.genuine and isinstance(answer.result, SealMismatchError):
                    site.forged.add(letter.reference)
                self._check_page(letter, answer)
                if answer.http_status != _SENT_AGAIN:
                    return
                self.reached["a message waits for its order"] += letter.nonce in site.lost
            self.letters.append(letter)  # the bank sends it again

        self._begin(process, take, answered)

    def _check_answer(self, letter: Letter, answer: Answer | PaymentView, process: Process) -> None:
        """Check the status, the page and the record of a message."""
        result, status = answer.result, answer.http_status
        if isinstance(result, GatewayUnavailableError) and status != _SENT_AGAIN:
            self.violate(f"a message that was not recorded got the status {status}")
        if not letter.genuine:
            self.reached["a forgery is refused"] += 1
            unknown_key = isinstance(result, UnknownKeyError)  # about a known order: the key may be missing here
            if (status != _REFUSED and not unknown_key) or isinstance(result, RecordResult):
                self.violate(f"a forgery got the status {status}")
        elif isinstance(result, GatewayUnavailableError):
            self._check_incident(process.site, letter, {"UNKNOWN_ORDER"})
        elif isinstance(result, OrderMismatchError):
            self.reached["a message states another amount"] += not letter.of_order
            self._check_incident(process.site, letter, {"FOREIGN_TRANSACTION", "ORDER_MISMATCH"})
        elif isinstance(result, ResponseRefusedError):
            self.reached["a message is sealed with an unknown key"] += isinstance(result, UnknownKeyError)
            if process.rotated or not isinstance(result, UnknownKeyError):
                self.violate(f"a message of the bank was refused: {type(result).__name__}")
        elif isinstance(result, RecordResult):  # else a return that proves nothing
            self._check_recorded(process.site, letter, result)

    def _check_incident(self, site: Site, letter: Letter, kinds: set[str]) -> None:
        """Check that an authentic message that pays no order has an incident."""
        if not any(kind in kinds and about in {letter.reference, ""} for kind, about in site.raised()):
            self.violate("an authentic message that pays no order has no incident")

    def _check_recorded(self, site: Site, letter: Letter, result: RecordResult) -> None:
        """Check that a message of the bank was recorded about its order."""
        if result.payment.order.nonce != letter.nonce:
            self.violate("a message was recorded about another's order")
        elif not letter.of_order:
            self.violate("a message with another amount was recorded")
        elif letter.state and result.disposition is Disposition.APPLIED and not _agrees(result, letter.state):
            self.violate(f"a message that states {letter.state} made {letter.reference} {result.state}")
        elif site.attempts[letter.nonce].used:
            site.used.add(letter.nonce)
        elif result.disposition is Disposition.APPLIED and result.state is PaymentState.PAID:
            entry = self.bank.entries()[letter.nonce]
            if result.payment.authorisation_number != entry.authorisation:
                self.violate(f"{letter.reference} has another number of its authorisation than the bank")

    def _check_page(self, letter: Letter, answer: Answer | PaymentView) -> None:
        """Check that a page that shows PAID is about money that the bank has taken."""
        if isinstance(answer, PaymentView) and answer.state is PaymentState.PAID:
            entry = self.bank.entries().get(letter.nonce)
            if (entry is None or not entry.taken.cents) and not self.believed(letter.reference):
                self.violate("a person's page shows PAID, and the bank has no money of the order")

    def _forge(self) -> None:
        """Post a forgery of a message that a person has seen."""
        genuine = [letter for letter in self.letters if letter.genuine and letter.reference in _known(self.bank)]
        if genuine:
            self.letters.append(self.bank.forge(self.chance.choice(genuine), self.chance))

    # ---- time, worker, clocks

    def _wait(self) -> None:
        self.now += timedelta(seconds=self.chance.choice(_WAITS))
        self.letters += self.bank.due()

    def _night(self) -> None:
        self.bank.run_night()

    def _resume(self) -> None:
        paused = [each for site in self.sites for each in site.processes if each.call is not None]
        if paused:
            self._continue(self.chance.choice(paused))
        else:
            self._deliver()

    def _effects(self) -> None:
        process = self._idle(self.chance.choice(self.sites))
        if process is not None:
            self._begin(process, lambda: process.run_effects(5), lambda _: None)

    def _reconcile(self) -> None:
        process = self._idle(self.chance.choice(self.sites))
        if process is not None:
            self._begin(process, process.service.reconcile, lambda _: None)

    def _report(self) -> None:
        """Deliver the reports of a day to every portal of the contract; one of a kind may come later."""
        self.reports += self.bank.report(whole=False)
        days = sorted({each.day for each in self.reports if each.day})
        lines = [each for each in self.reports if each.day in days[:1] and self.likely(0.8)]
        self.reports = [each for each in self.reports if each not in lines]
        for site in self.sites:
            process = self._idle(site)
            if process is not None and self.likely(0.8):  # it may be lost
                self._begin(process, _reconciling(process, lines), lambda _: None)

    def _shift_clock(self) -> None:
        process = self.chance.choice(self.chance.choice(self.sites).processes)
        before = process.skew
        process.skew = self.chance.choice(_SKEWS)
        process.stopped_at = self.now if self.likely(0.2) else None
        if process.skew < before - timedelta(days=1):
            self.reached["a clock goes back a day"] += 1

    def _rotate(self) -> None:
        """Rotate the keys of one process; the others follow later."""
        process = self.chance.choice(self.chance.choice(self.sites).processes)
        if process.call is None and not process.rotated:
            process.rotated = True
            process.restart()

    # ---- the caisse

    def _post(self) -> None:
        """Post a payment in the caisse's own system, and report it; or reject it."""
        site = self.chance.choice(self.sites)
        process = self._idle(site)
        waiting = [each for each in site.inner.payments() if each.unposted()]
        if process is None or not waiting:
            return
        payment = self.chance.choice(waiting)
        notice = self.chance.choice(sorted(payment.unposted(), key=str))  # each ledger has an order of its own
        reference = payment.transaction_reference
        if self.likely(0.1) and (payment.order.nonce, notice) not in site.posted:
            self.reached["the caisse rejects a posting"] += 1
            self._begin(process, lambda: process.service.rejected(reference, [notice], **_WHO), lambda _: None)
            return
        site.posted[payment.order.nonce, notice] = payment.order.notices[notice]
        self._begin(process, lambda: process.service.posted(reference, [notice], by="a simulated job"), lambda _: None)

    def _settle_elsewhere(self) -> None:
        site = self.chance.choice(self.sites)
        process = self._idle(site)
        if process is None or self.likely(0.5):
            return
        notice = self.chance.choice([*site.debts])

        def settled(call: Call) -> None:
            if not call.crashed:
                site.settled.add(notice)
                self.reached["a notice is settled by other means"] += 1

        now = process.clock()
        self._begin(process, lambda: process.ledger.settled_elsewhere([notice], at=now, **_WHO), settled)

    def _back_up(self) -> None:
        site = self.chance.choice(self.sites)
        site.backup = (len(site.commits), snapshot(site.inner))

    def _restore(self) -> None:
        """Replace the database of a portal by its backup."""
        site = self.chance.choice(self.sites)
        if site.backup is None:
            return
        self._finish_calls()
        number, restore = site.backup
        restore()
        site.restored = True
        if len(site.commits) > number:
            self.reached["a backup is restored"] += 1
        site.forget(number)

    def _set_back(self) -> None:
        """Set the sequence of a portal back: an administrator restores one table."""
        self._finish_calls()
        set_back(self.chance.choice(self.sites).inner, self.chance.randint(1, 3))

    # ---- the operator

    def _operate(self) -> None:
        """Refund or cancel a payment, as an operator does."""
        site = self.chance.choice(self.sites)
        process = self._idle(site)
        held = [each for each in site.inner.payments() if each.sums.held.cents]
        if process is None or not held:
            return
        payment = self.chance.choice(held)
        held_now = payment.sums.held
        amount = self.chance.choice(
            [None, Euros((held_now.cents + 1) // 2), min(held_now, _SMALL), min(held_now, _SMALL)]
        )
        act = self.chance.choice([process.service.refund, process.service.cancel])
        began, nonce, wanted = self.now, payment.order.nonce, amount or payment.amount
        before, alone = self._returned_by_acts(nonce), not self.acting[nonce]
        self.acting[nonce] += 1
        acts = self.acts[nonce] = self.acts[nonce] + 1

        def ended(call: Call) -> None:
            self.acting[nonce] -= 1
            more = alone and acts == self.acts[nonce] and self._returned_by_acts(nonce) > before + wanted
            if self.now - began >= ACT_TIMEOUT or any(each.skew or each.stopped_at for each in site.processes):
                site.slow.add(payment.transaction_reference)
            elif more and self.bank.refunds_at_once and not self.believed(payment.transaction_reference):
                self.violate(f"the bank has returned more of {payment.transaction_reference} than an act asked for")
            state = getattr(call.result, "state", None)
            if state is ActState.REQUESTED:
                self.reached["an act ends without an answer"] += 1
                self.now += timedelta(minutes=self.chance.choice([0, 3, 90]))
                if self.likely(0.7):  # the operator looks again
                    self._begin(process, process.service.reconcile, lambda _: None)
            elif state is ActState.DONE:
                after = site.inner.find(payment.transaction_reference)
                missing = after and after.sums.captured.cents and after.sums.refunded < call.result.amount  # type: ignore[attr-defined]
                if missing and self.bank.refunds_at_once:
                    self.violate(f"an act on {payment.transaction_reference} is DONE, and its money is not recorded")
            elif state is ActState.FAILED:
                self.reached["the bank refuses an act"] += 1

        self._begin(process, lambda: act(payment.transaction_reference, amount, **_WHO), ended)

    def believed(self, reference: str) -> bool:
        """Return whether an order has the money of another one by reference alone, where the bank repeats no nonce."""
        entries = {each.reference: each.nonce for each in self.bank.entries().values()}
        found = [each for site in self.sites if (each := site.inner.find(reference)) and each.sums.captured.cents]
        return "nonces" in self.faults and any(each.order.nonce != entries.get(reference) for each in found)

    def _returned_by_acts(self, nonce: str) -> Euros:
        """Return what the bank has returned of an order, without the acts on its own screens."""
        entry = self.bank.entries().get(nonce)
        return entry.refunded.saturating_sub(Euros(self.given_back[nonce])) if entry else Euros(0)

    def _close(self) -> None:
        site = self.chance.choice(self.sites)
        process, incidents = self._idle(site), site.inner.incidents()
        if process is not None and incidents:
            incident = incidents[self.chance.randrange(len(incidents))]
            self._begin(process, lambda: process.service.close_incident(incident, **_WHO), lambda _: None)

    def _correct(self) -> None:
        """Record that an attempt was given up, as an operator does."""
        site = self.chance.choice(self.sites)
        process, found = self._idle(site), site.inner.payments({PaymentState.CREATED, PaymentState.UNKNOWN})
        if process is not None and found:
            reference = self.chance.choice(found).transaction_reference
            self.reached["a person corrects a state"] += 1
            site.corrected.add(reference)
            self._begin(
                process, lambda: process.service.correct(reference, PaymentState.CANCELLED, **_WHO), lambda _: None
            )

    def _back_office(self) -> None:
        """Refund from the bank's screens, or take money back for a person's bank."""
        entries = [each for each in self.bank.entries().values() if each.held.cents and each.nonce]
        if not entries:
            return
        entry = self.chance.choice(entries)
        part = self.chance.choice([entry.held, Euros((entry.held.cents + 1) // 2), min(entry.held, _SMALL)])
        if entry.charged_back.cents and self.likely(0.5):
            self.bank.represent(entry.nonce)
        elif self.likely(0.5):
            self.given_back[entry.nonce] += self.bank.give_back(entry.nonce, part).cents
        else:
            self.bank.charge_back(entry.nonce, part)

    # ---- the end

    def probe(self) -> None:
        """Start a payment of everything that is still owed: nothing keeps a person from paying."""
        for site in self.sites:
            held = {
                notice
                for each in site.inner.payments()
                if each.state in IN_FLIGHT_STATES or PostingState.REJECTED in each.postings.values()
                for notice in each.order.notices
            }
            settled = {value for each in site.commits for name, value in each.writes if name == "settle"}
            for notice in site.debts:
                owed = self.remaining(site, notice)
                if owed.cents and notice not in settled | held:
                    process = site.processes[0]
                    self._begin(process, _starting(process, notice, owed), self._probed)

    def _probed(self, call: Call) -> None:
        if call.error is not None and not isinstance(call.error, GatewayUnavailableError):
            self.violate(f"nobody can pay what is owed: {type(call.error).__name__}")

    def tick(self, lines: Sequence[Report] = ()) -> None:
        """Simulate half a day without a fault: messages, questions, reports, effects."""
        self.now += timedelta(hours=13)
        self.bank.run_night()
        self.letters += self.bank.due()
        waiting, self.letters = self.letters, []
        for letter in waiting:
            self.deliver(letter, self._addressee(letter))
        for site in self.sites:
            for process in site.processes:
                self._begin(process, _reconciling(process, lines), lambda _: None)
                self._begin(process, process.run_effects, lambda _: None)

    def post(self) -> None:
        """Post every payment that waits, as the caisse does."""
        for site in self.sites:
            for payment in site.inner.payments():
                for notice in sorted(payment.unposted(), key=str):
                    site.posted.setdefault((payment.order.nonce, notice), payment.order.notices[notice])
                    service = site.processes[0].service
                    self._begin(
                        site.processes[0],
                        _posting(service, payment.transaction_reference, notice),
                        lambda _: None,
                    )


class _Chance(Random):
    """The chance of a ledger: every ledger of a world begins at one number, and draws nonces of its own."""

    def __init__(self, seed: int, number: int) -> None:
        super().__init__(seed * 2 + number)
        self._first = Random(seed).randrange(1000)  # noqa: S311 - a world is replayed by its seed

    def randrange(self, *_: Any, **__: Any) -> int:  # noqa: ANN401 - the arguments of a random number
        """Return the number before the first of every ledger."""
        return self._first


def _starting(process: Process, notice: NoticeReference, owed: Euros) -> Callable[[], object]:
    return lambda: process.service.start(owed, {notice: owed}, replace=False, **_URLS)


def _described(call: Call) -> str:
    """Describe the end of a call, for the digest."""
    if call.crashed:
        return "crash"
    if call.error is not None:
        return type(call.error).__name__
    result = call.result
    if isinstance(result, Answer | PaymentView):
        inner = result.result
        said = f"{inner.disposition} {inner.state}" if isinstance(inner, RecordResult) else type(inner).__name__
        return f"{result.http_status} {said}"
    if isinstance(result, StartedPayment):
        return f"started {result.transaction_reference}"
    return type(result).__name__


def _opening(site: Site, nonce: str) -> int:
    """Return the number of the commit that opened an order."""
    for commit in reversed(site.commits):
        for name, value in commit.writes:
            if name == "add" and value.order.nonce == nonce:
                return commit.number
    return len(site.commits)  # pragma: no cover - an order is opened by a commit


def _agrees(result: RecordResult, stated: PaymentState | None) -> bool:
    """Return whether an applied message has led to the state that it reports; money decides about later ones."""
    return stated is (PaymentState.PAID if result.payment.sums.captured.cents else result.state)


def _known(bank: SimulatedBank) -> set[str]:
    return {each.reference for each in bank.entries().values()}


def _reconciling(process: Process, lines: Sequence[Report]) -> Callable[[], object]:
    return lambda: process.service.reconcile(reports=lines)


def _posting(service: PaymentService, reference: str, notice: NoticeReference) -> Callable[[], object]:
    return lambda: service.posted(reference, [notice], by="a simulated job")
