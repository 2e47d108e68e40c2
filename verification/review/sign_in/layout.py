"""The layout of the staff site for allauth's pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse

from verification.review.sign_in import second_step
from verification.review.site import site

View = Callable[..., HttpResponseBase]


def framed(view: View, title: Any = "") -> View:
    """A view of allauth with the context of the staff site's base template."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if isinstance(response, TemplateResponse):
            given = response.context_data or {}
            response.context_data = {**_frame(request), "title": title, **given}
        return response

    return inside


def _frame(request: HttpRequest) -> dict[str, Any]:
    """The context of the base template, without navigation while the second step is missing."""
    is_open = second_step.taken(request) or not (
        second_step.is_required() or second_step.has_one(request.user)
    )
    frame = {**site.each_context(request), "is_open": is_open}
    return frame if is_open else {**frame, "nav": []}


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, template, {**_frame(request), **context}, status=status)
