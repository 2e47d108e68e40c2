"""The portal as it was before slow bodies had a rule, for the figures beside those of today's."""

from django.core.wsgi import get_wsgi_application

from kyc_portal import settings

__all__ = ["application"]

settings.MIDDLEWARE.remove("kyc_portal.bodies.ReadBodyMiddleware")
application = get_wsgi_application()
