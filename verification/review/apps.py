"""Puts the staff site in the place of Django's stock admin."""

from django.contrib.admin.apps import SimpleAdminConfig


class ReviewConfig(SimpleAdminConfig):
    """The stock admin app with its templates and static files, but without autodiscovery.

    The one site there is, and all that is on it, is put together in `site`.
    """
