"""The portal as gunicorn serves it, but with a body timeout of 2 s: `gunicorn tests.flow.impatient:application`."""

from datetime import timedelta

from kyc_portal.wsgi import application
from verification.pages.uploads import body

__all__ = ["application"]

body.MAX_UPLOAD_TIME = timedelta(seconds=2)
