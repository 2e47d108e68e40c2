"""Loads the Celery app with Django, so that every process that sends a task sends it to our broker."""

from importlib import import_module

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "kyc_portal"

    def ready(self) -> None:
        import_module("kyc_portal.celery")
