"""Compresses the pages of the applicant's steps; docs/adr/0025."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware

# Nothing that a request brings stands in these, so that nobody can guess a secret by the size of the answer (BREACH).
COMPRESSED = frozenset({"pages:consent", "pages:document", "pages:capture", "pages:status"})


class CompressedPagesMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._gzip = GZipMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in COMPRESSED and request.method in {"GET", "HEAD"} and response.status_code == 200:
            self._gzip.process_response(request, response)
        return response
