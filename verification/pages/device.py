"""What the applicant's browser says that it runs on, for people to recognise it by. It can claim anything."""

from django.http import HttpRequest

from verification.evidence.browsers import device_of
from verification.states import Device


def of(request: HttpRequest) -> Device:
    return device_of(request.headers.get("User-Agent", ""))
