"""The Django app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class EcomLLMConfig(AppConfig):
    """Real-time marketing for any Django shop."""

    name = "ecom_llm"
    label = "ecom_llm"
    verbose_name = "Marketing texts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        import_module("ecom_llm.checks")
