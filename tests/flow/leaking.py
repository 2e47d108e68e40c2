"""Makes fail what can fail while it holds secrets and personal data: `python -m tests.flow.leaking`.

The environment configures a portal with an empty database. The log goes to standard error. The program itself ends
with an uncaught exception.
"""

import json
import logging
import threading
import warnings
from collections.abc import Callable
from typing import Any

import django

django.setup()

from celery import shared_task  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.exceptions import PermissionDenied, SuspiciousOperation  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import Http404, HttpRequest, HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402

from tests.flow.canaries import (  # noqa: E402
    EMAIL,
    KEY,
    NAME,
    ODD_ADDRESSES,
    PASSWORD,
    PICTURE,
    SECRET,
    SESSION,
    TOKEN,
)
from verification.models import Applicant, Policy, StaffUser  # noqa: E402


def _person(**fields: Any) -> Applicant:
    values = {"reference": NAME, "name": NAME, "email": EMAIL, "created_at": timezone.now(), **fields}
    return Applicant.objects.create(**values)


def twice() -> None:
    for _ in range(2):
        StaffUser.objects.create(username=NAME, email=EMAIL, password=PASSWORD)


def half_a_row() -> None:
    _person(created_at=None)


def outside_its_range() -> None:
    Policy.objects.create(version=7, approve_at=5, change_reason=NAME)


def no_number() -> None:
    Applicant.objects.get(pk=EMAIL)


def no_number_in_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(%s AS integer)", [NAME])
        int(NAME)


def no_person() -> None:
    {PASSWORD: 1}[NAME]


def picture() -> None:
    raise ValueError(f"unusable: {PICTURE!r}")


def said_in_clear() -> None:
    raise RuntimeError(f"vendor refused {SECRET} for session {SESSION}")


def chained() -> None:
    try:
        twice()
    except Exception as error:
        raise RuntimeError(f"could not store {error}") from error


def suspicious() -> None:
    raise SuspiciousOperation(f"key {KEY} of {EMAIL}")


def denied() -> None:
    raise PermissionDenied(f"{EMAIL} may not")


def missing() -> None:
    raise Http404(f"no link {TOKEN}")


FAILURES: tuple[Callable[[], None], ...] = (
    twice, half_a_row, outside_its_range, no_number, no_number_in_sql, no_person, picture, said_in_clear, chained,
    suspicious, denied, missing,
)  # fmt: skip


def view(request: HttpRequest, number: int) -> HttpResponse:
    FAILURES[number]()
    return HttpResponse()


urlpatterns = [path("fail/<int:number>", view), path("", include("kyc_portal.urls"))]


@shared_task(bind=True, max_retries=1, name="tests.failing")
def failing(task: Any, number: int, retried: bool, *words: str) -> None:
    try:
        FAILURES[number]()
    except Exception as error:
        if retried:
            raise task.retry(exc=error, countdown=0) from error
        raise


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    settings.ROOT_URLCONF = "tests.flow.leaking"
    visit()
    for number in range(len(FAILURES)):
        Client(raise_request_exception=False, SERVER_NAME="127.0.0.1").post(f"/fail/{number}", {"name": NAME})
        for retried in (True, False):
            failing.apply((number, retried, NAME, TOKEN), throw=False)
    speak()
    logging.getLogger("tests").error("the end")
    chained()


def visit() -> None:
    """Odd addresses and refused callers."""
    client = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")
    for address in ODD_ADDRESSES:
        for headers in ({}, {"Referer": f"http://127.0.0.1/v/{TOKEN}"}, {"Host": f"{TOKEN}.example.org"}):
            client.get(address.format(TOKEN), headers=headers)
    client.cookies[settings.SESSION_COOKIE_NAME] = SESSION
    client.post("/admin/login/", {"login": PASSWORD, "password": PASSWORD})
    client.post("/admin/login/", {"login": EMAIL, "password": PASSWORD}, headers={"Cookie": f"x={SESSION}"})
    for header in (f"Bearer {KEY}", f"Bearer {KEY},Bearer {KEY}", KEY):
        client.post("/api/v1/verifications", b"{", content_type="x", headers={"Authorization": header})
    body = json.dumps({"reference": NAME, "name": NAME, "email": EMAIL, "secret": SECRET})
    client.post("/api/v1/verifications", body, content_type="application/json")
    client.post("/verify/recording", PICTURE, content_type="video/mp4")


def speak() -> None:
    """Libraries and threads that say more than they should."""
    logging.getLogger("careless").error("%d", TOKEN)
    logging.getLogger("careless").error("for %s: %r", EMAIL, {"signature": SECRET, "session": SESSION})
    logging.getLogger("careless").error('two\nlines %s\r\n{"event":"forged"}\u202e', KEY)
    warnings.warn(f"unclosed {TOKEN}", ResourceWarning, stacklevel=1)
    thread = threading.Thread(target=twice)
    thread.start()
    thread.join()


if __name__ == "__main__":
    main()
