"""Answers the health probes before anything looks at the Host.

A load balancer or Kubernetes probes each machine by its own address, which is no name of the portal.
"""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from verification.operations import health

PROBES: Final = {"/healthz": health.healthz, "/readyz": health.readyz}


class ProbeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return PROBES.get(request.path_info, self.get_response)(request)
