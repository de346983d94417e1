"""The configuration of the application."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.core.signals import setting_changed


class CreancePayConfig(AppConfig):
    """The application ``creance_pay``."""

    name = "creance_pay.django"
    label = "creance_pay"
    verbose_name = "Paiement en ligne"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks; a test that changes the setting gets a new service."""
        from . import checks, setting  # noqa: PLC0415 - settings are ready now

        register(checks.check_settings)
        register(checks.check_deployment, Tags.security, deploy=True)
        register(checks.check_operation, Tags.database)
        setting_changed.connect(setting.reset)
