"""The pages of the account, screen by screen as in the guide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

from .mailbox import Mail
from .security import allow_form_to, style_nonce
from .service import Choice, PortalService

Page = str | tuple[str, int] | Response
pages = Blueprint("pages", __name__)
service: PortalService = LocalProxy(lambda: current_app.extensions["portal"])  # type: ignore[assignment]


@pages.get("/")
def home() -> Page:
    """Show the account, and above it the message about the payment that the address names."""
    payment = _named_payment(request.args.get("paiement", ""))
    message = _render_all([service.message_for(payment)])[0] if payment else None
    if session.get("account") not in service.accounts:
        return render_template("sign_in.html", message=message, accounts=service.accounts)
    payments = service.displayed_payments(session["account"])
    letters = service.mailbox.list(session["account"], service.today)
    titles = {each.transaction_reference: render(service.message_for(each)).title for each in payments}
    return render_template("home.html", message=message, payments=payments, titles=titles, letters=letters)


@pages.post("/connexion")
def sign_in() -> Page:
    """Open an account of the example; a real portal identifies the person."""
    session.clear()  # the person before may have left without closing the account
    session["account"] = request.form.get("account", "")
    return redirect(url_for(".home"), 303)


@pages.post("/deconnexion")
def sign_out() -> Page:
    """Clear the session."""
    session.clear()
    return redirect(url_for(".home"), 303)


@pages.route("/creance", methods=["GET", "POST"])
def find() -> Page:
    """Step 1: ask for the notice reference, and search it."""
    account, typed = _account(), request.form.get("reference", "")
    if request.method == "GET":
        return _step_1(typed)
    if service.search_limit_reached(account):
        abort(429)
    found = service.search(account, typed)
    if isinstance(found, Message):
        return _step_1(typed, found), 422
    return redirect(url_for(".debt", row=found), 303)


@pages.get("/creances/<int:row>")
def debt(row: int) -> Page:
    """Step 2: show the debt and the others, ask for a selection and an amount."""
    choice = _choice(row)
    errors = [] if choice.assessment else [message_for(choice.assessment)]
    return _step_2(choice, errors)


@pages.get("/creances/<int:row>/recapitulatif")
def check(row: int) -> Page:
    """Show all data again before the browser leaves for the bank (RGAA 11.12)."""
    choice = _choice(row)
    checked = choice.check
    if not checked:
        return _step_2(choice, [message_for(checked)]), 422
    return render_template("check.html", choice=choice, checked=checked, warnings=_render_all(messages_for(checked)))


@pages.post("/creances/<int:row>/paiement")
def pay(row: int) -> Page:
    """Record the order, then redirect to step 3."""
    choice = _choice(row)
    checked = choice.check
    if not checked:
        return _step_2(choice, [message_for(checked)]), 422
    try:
        started = service.start(
            checked,
            return_url=url_for(".payment_return", _external=True),
            notification_url=url_for(".notification", _external=True),
            replace="reprise" in request.form,
        )
    except PaymentInProgressError as error:
        return _in_progress(choice.rows, choice.typed, error.references), 409
    session["payment"] = {"reference": started.transaction_reference, "rows": choice.rows, "typed": choice.typed}
    session["may_leave"] = True
    return redirect(url_for(".redirect_to_bank"), 303)


@pages.get("/paiement")
def redirect_to_bank() -> Page:
    """Step 3: show the form to the bank once; the bank would refuse the same form a second time."""
    started = session.get("payment") or _go_home()
    payment = service.ledger.find(started["reference"]) or _go_home()
    if payment.state is not PaymentState.CREATED:
        return redirect(url_for(".home", paiement=_sign(payment)), 303)
    if not session.pop("may_leave", False):
        return _in_progress(started["rows"], started["typed"], [payment.transaction_reference])
    form = service.gateway.initiate(payment.order)
    if not isinstance(form, FormPost):  # a bank that returns an address instead of a form
        return redirect(form.url, 303)
    allow_form_to(form.action)
    return render_template("redirect.html", payment=payment, form=form)


@pages.post("/retour")
def payment_return() -> Page:
    """Record the message that the bank's page had the browser post; the session cookie does not come with it."""
    view = service.payment_service.on_return(_http_message())
    service.run_effects()
    if isinstance(view.result, RecordResult):
        return redirect(url_for(".home", paiement=_sign(view.result.payment)), 303)
    message = _render_all([message_for(view)])[0]
    return render_template("error.html", status=view.http_status, message=message), view.http_status


@pages.post("/notification")
def notification() -> Page:
    """Record the message that the bank's server posts."""
    answer = service.payment_service.on_notification(_http_message())
    service.run_effects()
    return "", answer.http_status


@pages.get("/messagerie")
def mailbox() -> Page:
    """List the acknowledgements."""
    letters = service.mailbox.list(_account(), service.today)
    return render_template("mailbox.html", letters=letters)


@pages.get("/messagerie/<int:number>")
def letter(number: int) -> Page:
    """Show an acknowledgement."""
    mail = _mail(number)
    return render_template("letter.html", mail=mail, letter=render(service.acknowledgement(mail)))


@pages.get("/messagerie/<int:number>/imprimer")
def print_letter(number: int) -> Page:
    """Show an acknowledgement as a page to print."""
    return str(messages.printable_page(service.acknowledgement(_mail(number)), nonce=style_nonce()))


@pages.get("/messagerie/<int:number>/pdf")
def pdf(number: int) -> Page:
    """Send an acknowledgement as a PDF file."""
    acknowledgement = service.acknowledgement(_mail(number))
    answer = Response(messages.letter_pdf(acknowledgement), mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=acknowledgement.file_name)
    return answer


@pages.post("/messagerie/<int:number>/supprimer")
def delete(number: int) -> Page:
    """Delete an acknowledgement from the mailbox."""
    service.mailbox.delete(_account(), _mail(number))
    return redirect(url_for(".mailbox"), 303)


def _account() -> str:
    """Return the name of the open account; without one, redirect to the first page."""
    name: str = session.get("account", "")
    return name if name in service.accounts else _go_home()


def _go_home() -> NoReturn:
    abort(redirect(url_for(".home"), 303))


def _choice(row: int) -> Choice:
    """Read the person's choice; answer 404 for a debt that is another person's or not open online."""
    rows = [row, *request.values.getlist("choix", type=int)]
    return service.choose(_account(), rows, request.values.get("montant", "")) or abort(404)


def _mail(number: int) -> Mail:
    letters = service.mailbox.list(_account(), service.today)
    return next((mail for mail in letters if mail.number == number), None) or abort(404)


def _http_message() -> HttpMessage:
    return HttpMessage(request.get_data(), dict(request.headers))


def _render_all(found: Iterable[Message]) -> list[messages.Rendered]:
    return [render(message, medium=Medium.HTML) for message in found]


def _step_1(typed: str, *errors: Message) -> str:
    hint = render(messages.ReferenceHint())
    return render_template("find.html", typed=typed, errors=_render_all(errors), hint=hint)


def _step_2(choice: Choice, errors: Iterable[Message]) -> str:
    hint = messages.AmountHint(minimum=service.policy.online_min, maximum=service.policy.online_max_per_payment)
    return render_template(
        "debt.html",
        choice=choice,
        others=service.others(_account(), choice.rows[0]),
        pending=service.pending(choice.debts),
        errors=_render_all(errors),
        hint=render(hint),
    )


def _in_progress(rows: Sequence[int], typed: str, references: Iterable[str]) -> str:
    """Show the payments in progress; the person may replace them while the bank has reported nothing."""
    found = [payment for reference in references if (payment := service.ledger.find(reference))]
    replaceable = all(payment.state is PaymentState.CREATED for payment in found)
    shown = [] if replaceable else _render_all(service.message_for(payment) for payment in found)
    return render_template("in_progress.html", rows=rows, typed=typed, messages=shown)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="payment")


def _sign(payment: Payment) -> str:
    """Sign the reference of a payment for an address, so that nobody can insert another one."""
    return str(_signer().dumps(payment.transaction_reference))


def _named_payment(signed: str) -> Payment | None:
    """Return the payment that an address names; ``None`` without one, or under a wrong signature."""
    try:
        return service.ledger.find(_signer().loads(signed)) if signed else None
    except BadSignature:
        return None
