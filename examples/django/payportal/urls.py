"""The URLs and the one view of the portal's own: the payment of a debt."""

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from creance_pay import Debt, DebtKind, Euros, NoticeReference
from creance_pay.django import send_to_bank, start_payment
from creance_pay.django.forms import PaymentForm
from creance_pay.messages import Message

OWNERS = {f"6311705400000{number}F": f"assure{number % 2}" for number in range(344, 400)}


def find_debt(request: HttpRequest, reference: NoticeReference) -> Debt | None:
    """Return the debt of the signed-in person; your portal asks its own system.  These debts are fictitious."""
    if OWNERS.get(str(reference)) != request.user.get_username():
        return None
    due, day = Euros(6000), reference.issued_on
    return Debt(
        reference=reference, kind=DebtKind.FRANCHISE, initial=due, remaining=due, issued_on=day, open_online=True
    )


@login_required
def pay(request: HttpRequest) -> HttpResponse:
    """Ask for a reference and an amount, and send the browser to the bank."""
    form = PaymentForm(request.POST or None, find_debt=lambda reference: find_debt(request, reference))
    if form.is_valid():
        started = start_payment(
            request, form.cleaned_data["amount"], form.notices, replace=form.cleaned_data["replace"]
        )
        if not isinstance(started, Message):
            return send_to_bank(request, started)
        form.add_message(started)
    return render(request, "pay.html", {"form": form}, status=422 if form.errors else 200)


urlpatterns = [
    path("", pay, name="pay"),
    path("connexion", LoginView.as_view(), name="login"),
    path("bank/", include("creance_pay.django.urls")),
    path("admin/", admin.site.urls),
]
