"""Puts the staff site in the place of Django's stock admin, and lets the trail hear of sign-ins."""

from importlib import import_module

from django.contrib.admin.apps import SimpleAdminConfig


class ReviewConfig(SimpleAdminConfig):
    """The stock admin app with its templates and static files, but without autodiscovery.

    The one site there is, and all that is on it, is put together in `site`.
    """

    def ready(self) -> None:
        super().ready()
        import_module("verification.review.sign_in.trail")
