"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from kyc_portal.refusals import utf8_only
from kyc_portal.startup import check_safe
from verification.slow_clients import guarded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kyc_portal.settings")
application = guarded(utf8_only(get_wsgi_application()))
check_safe()
