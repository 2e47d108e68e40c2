"""The logo and the colours of an organisation. Their names follow from their content, so browsers keep them."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from verification.brands import logos, stylesheet
from verification.pages import errors
from verification.pages.access import methods


@methods("GET")
def file(request: HttpRequest, name: str) -> HttpResponse:
    css = stylesheet.of_name(name)
    if css is not None:
        return _kept(css.encode(), "text/css; charset=utf-8")
    logo = _logo(name)
    return _kept(logo.content, logo.media_type) if logo else errors.answer(request, errors.NOT_FOUND)


def _logo(name: str) -> logos.Picture | None:
    own = logos.of_file(settings.ORGANISATION_LOGO) if settings.ORGANISATION_LOGO else None
    return own if own and own.name == name else logos.of_name(name)


def _kept(content: bytes, media_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    # Opened by itself it is a picture and nothing else, whatever its bytes say.
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    return response
