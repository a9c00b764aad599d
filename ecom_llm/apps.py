"""The Django app."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from ecom_llm.conf import get_settings
from ecom_llm.exceptions import ConfigurationError
from ecom_llm.generate.wake import remember_app


class EcomLLMConfig(AppConfig):
    """Real-time marketing for any Django shop."""

    name = "ecom_llm"
    label = "ecom_llm"
    verbose_name = _("Marketing texts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register checks and signal receivers, and keep the shop's Celery application if it has one."""
        import_module("ecom_llm.checks")
        import_module("ecom_llm.capture.receivers")
        import_module("ecom_llm.privacy.accounts")
        # The checks report a broken setting; starting must not fail on it.
        with suppress(ConfigurationError):
            if get_settings().generate.driver == "celery":
                remember_app()
