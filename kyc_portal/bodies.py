"""Reads the body of a form before its view runs, so that one which does not arrive gets a plain answer.

A view that takes a file reads its body itself (`verification.pages.uploads`), and so does the API when it knows the
caller. What no view reads stays unread.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, UnreadablePostError

from verification.pages import errors
from verification.slow_clients import TooManyAtOnce, TooManyOfSender, TooSlow, refusal

READ = frozenset({"POST", "PUT", "PATCH"})
FAULTS: dict[type[BaseException] | None, errors.Fault] = {
    TooSlow: errors.TOO_SLOW,
    TooManyAtOnce: errors.BUSY,
    TooManyOfSender: errors.BUSY,
}


class ReadBodyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.method not in READ or getattr(view, "reads_body_itself", False):
            return None
        try:
            # The property reads it; it refuses unread what is too large by its length.
            request.body  # noqa: B018
        except UnreadablePostError as error:
            return errors.answer(request, FAULTS.get(refusal(error), errors.BAD_REQUEST))
        return None
