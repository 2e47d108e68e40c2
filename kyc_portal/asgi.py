"""ASGI entry point."""

import os

from django.core.asgi import get_asgi_application

from kyc_portal.startup import check_safe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kyc_portal.settings")
application = get_asgi_application()
check_safe()
