"""The portal as gunicorn serves it, but patient for two seconds: `gunicorn tests.flow.impatient:application`."""

from datetime import timedelta

from kyc_portal.wsgi import application
from verification.pages import uploads

__all__ = ["application"]

uploads.LONGEST = timedelta(seconds=2)
