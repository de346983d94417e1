"""The admin: the office's pages about the ledger, read only but for closing an incident; and the mailbox."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html

from ..errors import CreancePayError
from ..ledger import Incident
from ..office import Office
from .models import IncidentSeen, LedgerIncident, LedgerPayment, Letter, PaymentOwner
from .setting import payment_service


def _key(incident: Incident) -> dict[str, Any]:
    """Return the fields that identify an incident in the table of those seen."""
    return {
        "kind": incident.kind,
        "transaction_reference": incident.transaction_reference,
        "detail": incident.detail,
        "found_at": incident.at,
    }


def _seen_by(incident: Incident) -> list[str]:
    seen = IncidentSeen.objects.filter(**_key(incident)).select_related("by").order_by("at")
    return [f"{each.by.get_username()} ({each.at:%d/%m/%Y})" for each in seen]


class ReadOnlyAdmin(admin.ModelAdmin):
    """An admin in which nothing is added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's own arguments
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002 - the same
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002 - the same
        """Refuse."""
        return False


class OfficeAdmin(ReadOnlyAdmin):
    """The office's pages in the place of a list of rows."""

    first_page = "payments"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show a page of the office, or carry out the act of one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_close = request.user.has_perm("creance_pay.change_ledgerincident")
        office = Office(ledger=payment_service().ledger, seen_by=_seen_by, may_close=may_close)
        if request.method == "POST":
            self._act(request, office)
            return redirect(request.get_full_path())
        query = {"page": self.first_page, **request.GET.dict()}
        hidden = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request))
        page = office.page(query, hidden=hidden)
        context = {**self.admin_site.each_context(request), "title": page.title, "office": page.content}
        return TemplateResponse(
            request, "admin/creance_pay/office.html", {**context, **(extra_context or {})}, status=page.status
        )

    def _act(self, request: HttpRequest, office: Office) -> None:
        """Record that the user has seen an incident, or has closed it."""
        form = request.POST.dict()
        try:
            if form.get("act") == "see":
                IncidentSeen.objects.get_or_create(**_key(office.incident(form)), by=request.user)
                return
            if not office.may_close:
                raise PermissionDenied
            office.close(form, by=request.user.get_username())
            messages.success(request, "L’incident est clos.")
        except CreancePayError as error:
            messages.error(request, str(error))


@admin.register(LedgerPayment)
class PaymentAdmin(OfficeAdmin):
    """The payments."""


@admin.register(LedgerIncident)
class IncidentAdmin(OfficeAdmin):
    """The incidents."""

    first_page = "incidents"


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    """The letters, without their texts."""

    list_display = ("transaction_reference", "user", "sent_at", "delete_on", "deleted")
    fields = list_display
    search_fields = ("transaction_reference",)


@admin.register(PaymentOwner)
class OwnerAdmin(ReadOnlyAdmin):
    """The persons who started a payment."""

    list_display = ("transaction_reference", "user", "created_at")
    search_fields = ("transaction_reference", "user__username")
