"""The portal as gunicorn serves it, but with 2 s for each body: `gunicorn tests.flow.impatient:application`."""

from datetime import timedelta

from kyc_portal.wsgi import application
from verification import slow_clients
from verification.pages.uploads import body

__all__ = ["application"]

body.MAX_UPLOAD_TIME = timedelta(seconds=2)
slow_clients.FORM_SECONDS = 2.0  # type: ignore[misc]
