"""Replaces Django's stock admin with the staff site, and connects the signals that record sign-ins in the trail."""

from importlib import import_module

from django.contrib.admin.apps import SimpleAdminConfig


class ReviewConfig(SimpleAdminConfig):
    """The stock admin app with its templates and static files, but without autodiscovery: `site` registers pages."""

    def ready(self) -> None:
        super().ready()
        import_module("verification.review.sign_in.audit_signals")
