"""The tables of this application: who started a payment, the mailbox, and who has seen an incident.

Payments, events and incidents are in the ledger.  ``LedgerPayment`` and ``LedgerIncident`` have no table: they are the
names under which the admin shows the ledger, and the permissions to do so.
"""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.utils import timezone


class PaymentOwner(models.Model):
    """The person who started a payment."""

    transaction_reference = models.CharField("paiement", max_length=64, primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="personne", on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField("commencé le", default=timezone.now)

    class Meta:
        """The names in the admin, in French as the office's pages."""

        verbose_name = "auteur d’un paiement"
        verbose_name_plural = "auteurs des paiements"

    def __str__(self) -> str:
        """Return the reference."""
        return self.transaction_reference


class LetterQuerySet(models.QuerySet):
    """Letters."""

    def visible_to(self, user: object, today: date) -> LetterQuerySet:
        """Select the letters that a person can read: neither deleted nor past their day of deletion."""
        return self.filter(user=user, deleted=False, delete_on__gt=today)

    def erase(self, today: date) -> int:
        """Erase the texts of letters that were deleted or are past their day, and return their number.

        The keys remain, so that a repeated effect does not write a letter again.
        """
        gone = self.exclude(text="").filter(models.Q(deleted=True) | models.Q(delete_on__lte=today))
        return gone.update(title="", text="", deleted=True)


class Letter(models.Model):
    """A letter in the mailbox of a person, such as an acknowledgement.

    Attributes:
        key: The idempotence key of the effect that wrote it: a repeated effect writes no second letter.
        delete_on: The day on which it is deleted (rule R19).
    """

    key = models.CharField(max_length=200, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="personne", on_delete=models.CASCADE, related_name="+"
    )
    transaction_reference = models.CharField("paiement", max_length=64)
    title = models.CharField(max_length=200)
    text = models.TextField()
    sent_at = models.DateTimeField("écrit le", default=timezone.now)
    delete_on = models.DateField("à supprimer le")
    deleted = models.BooleanField("supprimé", default=False)

    objects = LetterQuerySet.as_manager()

    class Meta:
        """The newest first; the name in the admin."""

        ordering = ("-sent_at",)
        verbose_name = "courrier"

    def __str__(self) -> str:
        """Return the title."""
        return self.title


class IncidentSeen(models.Model):
    """A person of the office who has seen an incident."""

    kind = models.CharField(max_length=32)
    transaction_reference = models.CharField(max_length=64, blank=True)
    detail = models.TextField(blank=True)
    found_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        """One row for an incident and a person."""

        constraints = (
            models.UniqueConstraint(
                fields=("kind", "transaction_reference", "detail", "found_at", "by"), name="creance_pay_seen_once"
            ),
        )

    def __str__(self) -> str:
        """Return the kind."""
        return self.kind


class LedgerPayment(models.Model):  # noqa: DJ008 - it has no row
    """The payments of the ledger, in the admin."""

    class Meta:
        """No table."""

        managed = False
        default_permissions = ("view",)
        verbose_name = "paiement"


class LedgerIncident(models.Model):  # noqa: DJ008 - the same
    """The open incidents of the ledger, in the admin."""

    class Meta:
        """No table.  The permission ``change`` closes an incident."""

        managed = False
        default_permissions = ("view", "change")
        verbose_name = "incident"
