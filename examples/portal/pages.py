"""The pages of the account, screen by screen as the guide has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from flask import Blueprint, abort, current_app, redirect, render_template, request, session, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug import Response
from werkzeug.local import LocalProxy

from creance_pay import HttpMessage, PaymentState, messages
from creance_pay.errors import PaymentInProgressError
from creance_pay.gateways import FormPost
from creance_pay.ledger import Payment, RecordResult
from creance_pay.messages import Medium, Message, message_for, messages_for, render

from .desk import POLICY, Choice, Desk
from .guard import let_leave_for, style_nonce
from .mailbox import Mail

Page = str | tuple[str, int] | Response
pages = Blueprint("pages", __name__)
desk: Desk = LocalProxy(lambda: current_app.extensions["desk"])  # type: ignore[assignment]


@pages.get("/")
def home() -> Page:
    """Show the account, and above it what became of a payment."""
    entry = _payment(request.args.get("paiement", ""))
    told = _shown([desk.message_of(entry)])[0] if entry else None
    if session.get("account") not in desk.accounts:
        return render_template("sign_in.html", told=told, accounts=desk.accounts)
    payments = desk.payments(session["account"])
    letters = desk.mailbox.list(session["account"], desk.today)
    return render_template("home.html", told=told, payments=payments, letters=letters)


@pages.post("/connexion")
def sign_in() -> Page:
    """Open an account of the example: a real portal asks who it is."""
    session["account"] = request.form.get("account", "")
    return redirect(url_for(".home"), 303)


@pages.post("/deconnexion")
def sign_out() -> Page:
    """Forget the person."""
    session.clear()
    return redirect(url_for(".home"), 303)


@pages.route("/creance", methods=["GET", "POST"])
def find() -> Page:
    """Step 1: ask for the reference of the notice."""
    account, typed = _account(), request.form.get("reference", "")
    if request.method == "GET":
        return _step_1(typed)
    if desk.exhausted(account):
        abort(429)
    found = desk.search(account, typed)
    if isinstance(found, Message):
        return _step_1(typed, found), 422
    return redirect(url_for(".debt", row=found), 303)


@pages.get("/creances/<int:row>")
def debt(row: int) -> Page:
    """Step 2: show the debt and the others, take a selection and an amount."""
    choice = _choice(row)
    errors = [] if choice.assessment else [message_for(choice.assessment)]
    return _step_2(choice, errors)


@pages.get("/creances/<int:row>/recapitulatif")
def check(row: int) -> Page:
    """Show everything once more before the person leaves for the bank (RGAA 11.12)."""
    choice = _choice(row)
    amount = choice.check.amount
    if amount is None:
        return _step_2(choice, [message_for(choice.check)]), 422
    return render_template(
        "check.html",
        choice=choice,
        amount=amount,
        shares=desk.share(choice, amount),
        warnings=_shown(messages_for(choice.check)),
    )


@pages.post("/creances/<int:row>/paiement")
def pay(row: int) -> Page:
    """Record the order, then let the browser leave."""
    choice = _choice(row)
    amount = choice.check.amount
    if amount is None:
        return _step_2(choice, [message_for(choice.check)]), 422
    try:
        started = desk.start(
            choice,
            amount,
            return_url=url_for(".come_back", _external=True),
            notification_url=url_for(".hear", _external=True),
            replace="reprise" in request.form,
        )
    except PaymentInProgressError as error:
        return _in_progress(choice.rows, choice.typed, error.references), 409
    session["payment"] = {"reference": started.transaction_reference, "rows": choice.rows, "typed": choice.typed}
    session["leaving"] = True
    return redirect(url_for(".leave"), 303)


@pages.get("/paiement")
def leave() -> Page:
    """Step 3: give the way out to the bank, once; who comes back to this page has been there."""
    kept = session.get("payment") or _go_home()
    entry = desk.ledger.find(kept["reference"]) or _go_home()
    if entry.state is not PaymentState.CREATED:
        return redirect(url_for(".home", paiement=_sign(entry)), 303)
    if not session.pop("leaving", False):
        return _in_progress(kept["rows"], kept["typed"], [entry.transaction_reference])
    form = desk.gateway.initiate(entry.order)
    if not isinstance(form, FormPost):  # a bank that gives an address to go to
        return redirect(form.url, 303)
    let_leave_for(form.action)
    return render_template("leave.html", entry=entry, form=form)


@pages.post("/retour")
def come_back() -> Page:
    """Take what the bank's page made the browser post; the session's cookie does not come with it."""
    view = desk.service.on_return(_message())
    desk.run_effects()
    if isinstance(view.result, RecordResult):
        return redirect(url_for(".home", paiement=_sign(view.result.payment)), 303)
    told = _shown([message_for(view)])[0]
    return render_template("error.html", status=view.http_status, told=told), view.http_status


@pages.post("/notification")
def hear() -> Page:
    """Take what the bank's server posts."""
    answer = desk.service.on_notification(_message())
    desk.run_effects()
    return "", answer.http_status


@pages.get("/messagerie")
def mailbox() -> Page:
    """List the messages."""
    letters = desk.mailbox.list(_account(), desk.today)
    return render_template("mailbox.html", letters=letters)


@pages.get("/messagerie/<int:number>")
def letter(number: int) -> Page:
    """Show the acknowledgement."""
    mail = _mail(number)
    entry = desk.ledger.find(mail.payment)
    return render_template("letter.html", mail=mail, entry=entry, letter=render(desk.letter(mail)))


@pages.get("/messagerie/<int:number>/imprimer")
def print_letter(number: int) -> Page:
    """Show the acknowledgement as a page for paper."""
    return str(messages.printable_page(desk.letter(_mail(number)), nonce=style_nonce()))


@pages.get("/messagerie/<int:number>/pdf")
def pdf(number: int) -> Page:
    """Give the acknowledgement as a file."""
    made = desk.letter(_mail(number))
    answer = Response(messages.acknowledgement_pdf(made), mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=made.file_name)
    return answer


@pages.post("/messagerie/<int:number>/supprimer")
def delete(number: int) -> Page:
    """Delete the acknowledgement from the mailbox."""
    desk.mailbox.delete(_account(), _mail(number))
    return redirect(url_for(".mailbox"), 303)


def _account() -> str:
    """Name the person's account; without one, lead to where it is opened."""
    name: str = session.get("account", "")
    return name if name in desk.accounts else _go_home()


def _go_home() -> NoReturn:
    abort(redirect(url_for(".home"), 303))


def _choice(row: int) -> Choice:
    """Read what the person chose; a debt that is not the person's own, or not open, does not exist here."""
    rows = [row, *request.values.getlist("choix", type=int)]
    return desk.choose(_account(), rows, request.values.get("montant", "")) or abort(404)


def _mail(number: int) -> Mail:
    letters = desk.mailbox.list(_account(), desk.today)
    return next((mail for mail in letters if mail.number == number), None) or abort(404)


def _message() -> HttpMessage:
    return HttpMessage(request.get_data(), dict(request.headers))


def _shown(told: Iterable[Message]) -> list[messages.Rendered]:
    return [render(message, medium=Medium.HTML) for message in told]


def _step_1(typed: str, *told: Message) -> str:
    return render_template("find.html", typed=typed, errors=_shown(told), hint=render(messages.ReferenceHint()))


def _step_2(choice: Choice, told: Iterable[Message]) -> str:
    hint = messages.AmountHint(minimum=POLICY.online_min, maximum=POLICY.online_max_per_payment)
    return render_template(
        "debt.html",
        choice=choice,
        others=desk.others(_account(), choice.rows[0]),
        pending=desk.pending(choice.debts),
        errors=_shown(told),
        hint=render(hint),
    )


def _in_progress(rows: Iterable[int], typed: str, references: Iterable[str]) -> str:
    """Say that a payment is open; one of which nothing was heard may be given up for another."""
    found = [desk.ledger.find(reference) for reference in references]
    silent = all(entry and entry.state is PaymentState.CREATED for entry in found)
    return render_template("in_progress.html", rows=list(rows), typed=typed, silent=silent)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="payment")


def _sign(entry: Payment) -> str:
    """Name a payment in an address, so that nobody can name another one."""
    return str(_signer().dumps(entry.transaction_reference))


def _payment(signed: str) -> Payment | None:
    """Find the payment that an address names."""
    try:
        return desk.ledger.find(_signer().loads(signed)) if signed else None
    except BadSignature:
        return None
