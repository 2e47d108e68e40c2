"""Loads the Celery app with Django, so that every process sends its tasks to the configured broker."""

from importlib import import_module

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "kyc_portal"

    def ready(self) -> None:
        import_module("kyc_portal.celery")
