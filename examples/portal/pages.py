"""The pages of the account, screen by screen as in the guide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit

import attrs
from flask import (
    Blueprint,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    send_from_directory,
    session,
    url_for,
)
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug import Response
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy
from werkzeug.routing.exceptions import RoutingException

from creance_pay import Euros, HttpMessage, PaymentState, messages
from creance_pay.errors import PaymentInProgressError, ResponseRefusedError
from creance_pay.gateways import Capability, FormPost, Redirect
from creance_pay.ledger import Payment, RecordResult
from creance_pay.messages import Medium, Message, message_for, messages_for, render

from . import texts
from .mailbox import Mail
from .security import allow_form_to, style_nonce
from .service import Choice, PortalService, due

_INFORMATION = {"accessibilite", "mentions-legales", "donnees-personnelles", "plan-du-site"}
Page = str | tuple[str, int] | Response
#: Addresses that the bank uses, and that are no pages.
_OF_THE_BANK = {"pages.unsealed_return", "pages.check_address"}
pages = Blueprint("pages", __name__)
service: PortalService = LocalProxy(lambda: current_app.extensions["portal"])  # type: ignore[assignment]


@pages.get("/")
def home() -> Page:
    """Show the account, and above it the message about the payment that the address names."""
    payment = _named_payment(request.args.get("paiement", ""))
    message = _render_all([service.message_for(payment)])[0] if payment else None
    account = session.get("account", "")
    if account not in service.accounts:
        return render_template("sign_in.html", message=message, accounts=service.accounts)
    unfinished = payment and payment.state is PaymentState.CREATED and service.owner(payment) == account
    payments = service.displayed_payments(account)
    return render_template(
        "home.html",
        message=message,
        resume=_sign(payment) if payment and unfinished else None,
        lines=service.lines(account),
        payments=payments,
        titles=_titles(payments),
        letters=service.mailbox.list(account, service.today),
    )


@pages.get("/langue/<any(fr, en):lang>")
def change_language(lang: str) -> Page:
    """Store the language of the person, and return to the page, which must be one of this portal."""
    try:
        target = urlsplit(request.args.get("page", ""))
        endpoint, _ = current_app.create_url_adapter(request).match(target.path, method="GET")  # type: ignore[union-attr]
    except (HTTPException, RoutingException, ValueError):
        endpoint, target = "", urlsplit("")
    if endpoint in {"", *_OF_THE_BANK}:
        target = urlsplit(url_for(".home"))
    answer = redirect(urlunsplit(("", "", target.path, target.query, "")), 303)
    answer.set_cookie(texts.COOKIE, lang, samesite="Lax", httponly=True)
    return answer


@pages.get("/informations/<name>")
def information(name: str) -> Page:
    """Show a page that a public service owes: accessibility, legal notice, personal data, site map."""
    if name not in _INFORMATION:
        abort(404)
    return render_template(f"information/{name}.{texts.language()}.html")


@pages.get("/theme/<any('theme.css','logo.svg'):name>")
def theme(name: str) -> Page:
    """Send a file of the caisse's theme."""
    return send_from_directory(current_app.config["THEME"], name)


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


@pages.get("/creances")
def debts() -> Page:
    """List the person's debts and payments; the selection has its total."""
    return _debts(request.args.getlist("choix", type=int))


@pages.get("/creances/selection")
def select() -> Page:
    """Go from the list to step 2 with the selected debts, or with all of them and the first payment of the plan."""
    account, rows = _account(), request.args.getlist("choix", type=int)
    if "tout" in request.args:
        choice = service.choose_all(account) or abort(404)
    elif not rows:
        return _debts(rows, missing=True), 422
    else:
        choice = service.choose_largest_first(account, rows) or abort(404)
    first, *others = choice.rows
    return redirect(url_for(".debt", row=first, choix=others, montant=choice.typed or None), 303)


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
    warnings = _render_all(messages_for(checked))
    return render_template("check.html", choice=choice, checked=checked, due=due, warnings=warnings)


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
    session["form"] = attrs.asdict(started.form)
    return redirect(url_for(".redirect_to_bank"), 303)


@pages.get("/paiement")
def redirect_to_bank() -> Page:
    """Step 3: show the form to the bank once; the bank would refuse the same form a second time."""
    started = session.get("payment") or _go_home()
    payment = service.ledger.find(started["reference"]) or _go_home()
    if payment.state is not PaymentState.CREATED:
        return redirect(url_for(".home", paiement=_sign(payment)), 303)
    stored = session.pop("form", None)
    if stored is None:
        return _in_progress(started["rows"], started["typed"], [payment.transaction_reference])
    form: FormPost | Redirect = FormPost(**stored) if "fields" in stored else Redirect(**stored)
    allow_form_to(form.action)
    return render_template("redirect.html", payment=payment, form=form)


@pages.get("/paiements/<signed>")
def resume(signed: str) -> Page:
    """Show a payment of the history: its message, or the form that starts it again."""
    account, payment = _account(), _named_payment(signed) or abort(404)
    if service.owner(payment) != account:
        abort(404)
    if payment.state is not PaymentState.CREATED:
        return redirect(url_for(".home", paiement=signed), 303)
    choice = service.choose_largest_first(account, service.rows_of(account, payment.order.notices)) or abort(404)
    return _in_progress(choice.rows, str(payment.amount).replace(".", ","), [payment.transaction_reference])


@pages.post("/retour")
def payment_return() -> Page:
    """Record the message that the bank's page had the browser post; the session cookie does not come with it."""
    view = service.payment_service.on_return(_http_message())
    service.run_effects()
    if isinstance(view.result, RecordResult):
        return redirect(url_for(".home", paiement=_sign(view.result.payment)), 303)
    message = _render_all([message_for(view)])[0]
    return render_template("error.html", status=view.http_status, message=message), view.http_status


@pages.get("/retour")
def unsealed_return() -> Page:
    """Ask the bank, once, about the payment in this person's session: a return by GET is a hint without a seal."""
    if Capability.SEALED_RETURN in service.gateway.capabilities:
        abort(405)
    started = session.get("payment") or _go_home()
    payment = service.payment_service.confirm(started["reference"])
    service.run_effects()
    return redirect(url_for(".home", paiement=_sign(payment)), 303)


@pages.get("/notification")
def check_address() -> Page:
    """Answer a bank that checks the address of the notifications."""
    try:
        text = service.gateway.answer_check(dict(request.headers))
    except ResponseRefusedError:
        abort(400)
    return Response(text, mimetype="text/plain") if text is not None else abort(405)


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
    letter = render(service.acknowledgement(mail), lang=texts.language())
    return render_template("letter.html", mail=mail, letter=letter)


@pages.get("/messagerie/<int:number>/imprimer")
def print_letter(number: int) -> Page:
    """Show an acknowledgement as a page to print."""
    letter = service.acknowledgement(_mail(number))
    return str(messages.printable_page(letter, lang=texts.language(), nonce=style_nonce()))


@pages.get("/messagerie/<int:number>/pdf")
def pdf(number: int) -> Page:
    """Send an acknowledgement as a PDF file."""
    acknowledgement = service.acknowledgement(_mail(number))
    answer = Response(messages.letter_pdf(acknowledgement, lang=texts.language()), mimetype="application/pdf")
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
    return [render(message, medium=Medium.HTML, lang=texts.language()) for message in found]


def _titles(payments: Iterable[Payment]) -> dict[str, str]:
    """Return the title of the message of each payment, by transaction reference."""
    return {
        each.transaction_reference: render(service.message_for(each), lang=texts.language()).title for each in payments
    }


def _step_1(typed: str, *errors: Message) -> str:
    hint = render(messages.ReferenceHint(), lang=texts.language())
    return render_template(
        "find.html", typed=typed, errors=_render_all(errors), hint=hint, exclusion=_exclusion(_account())
    )


def _exclusion(account: str) -> messages.Rendered | None:
    found = service.exclusion(account)
    return _render_all([found])[0] if found else None


def _debts(rows: Sequence[int], *, missing: bool = False) -> str:
    """Show the list of debts.

    Args:
        rows: The selected debts.
        missing: Whether the person has gone on without a selection.
    """
    account = _account()
    choice = (service.choose_largest_first(account, rows) or abort(404)) if rows else None
    history = service.history(account)
    letters = {mail.payment: mail.number for mail in service.mailbox.list(account, service.today)}
    return render_template(
        "debts.html",
        lines=service.lines(account),
        refusals=_render_all([message_for(choice.assessment)] if choice and not choice.assessment else []),
        choice=choice,
        rows=rows,
        missing=missing,
        schedule_months=service.policy.schedule_max_months if service.needs_schedule(account) else None,
        plan=[sum(each.values(), Euros(0)) for each in service.plan(account)],
        exclusion=_exclusion(account),
        history=history,
        titles=_titles(history),
        signed={each.transaction_reference: _sign(each) for each in history},
        letters=letters,
        means=service.means,
    )


def _step_2(choice: Choice, errors: Iterable[Message]) -> str:
    hint = messages.AmountHint(minimum=service.policy.online_min, maximum=service.policy.online_max_per_payment)
    return render_template(
        "debt.html",
        choice=choice,
        others=service.others(_account(), choice.rows[0]),
        due=due,
        means=service.means,
        errors=_render_all(errors),
        hint=render(hint, lang=texts.language()),
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
