"""Fixtures for staff, the vendor's emulator, and cases.

A `Road` is a builder: it takes a case from the invitation to a wanted state through the real actions, and never
inserts the rows itself. So a case of a test has the same rows and events as one in production.
"""

import copy
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import transaction
from django.db.backends.signals import connection_created

from kyc_portal.sandbox.drawing import draw_clip, draw_photo
from kyc_portal.sandbox.emulator import Clock, EmulatorServer
from tests import made_once
from verification import audit, media
from verification.actions import assess, challenge, consent, document, invite, prepare, submit
from verification.media import child
from verification.models import StaffUser, Verification, VerificationAttempt
from verification.states import Mode

# How long a generated example takes must fail no test: a busy machine is slow.
hypothesis.settings.register_profile(
    "busy", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WORDING = {
    "text_version": "test",
    "text": "What the page said.",
    "organisation": "Example Bank",
    "locale": "en",
    "ip_address": "127.0.0.1",
    "user_agent": "test browser",
}


@lru_cache
def photo(seed: int = 1) -> bytes:
    return draw_photo(seed)


@lru_cache
def clip(seed: int = 1, **options: Any) -> bytes:
    return draw_clip(**{"seed": seed, "seconds": 3.0, "size": (320, 240), "fps": 15, **options})


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> Iterator[None]:
    """The hashed static files that every page names."""
    if not made_once.give_static_files(Path(settings.STATIC_ROOT)):
        call_command("collectstatic", interactive=False, verbosity=0)
    # Every test client starts the middleware again, which would list all static files each time.
    settings.WHITENOISE_AUTOREFRESH = True
    yield
    shutil.rmtree(settings.DATA_DIR, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """On SQLite the database begins with the tables of `make test`, if it has made them; the migrations see that."""

    def fill(sender: object, connection: Any, **_: object) -> None:
        if connection.vendor == "sqlite" and connection.is_in_memory_db():
            connection_created.disconnect(fill)
            made_once.give_tables(connection.connection)

    if made_once.has_tables():
        connection_created.connect(fill, weak=False)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The clock runs from NOW; the test can shift it."""
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


class StandingClock(Clock):
    """A clock that stands still until the test sets it."""

    def __init__(self) -> None:
        super().__init__()
        self.at = NOW

    def seconds(self) -> float:
        return self.at.timestamp()


VENDOR_CLOCK = StandingClock()


@pytest.fixture(scope="session")
def emulator_server() -> Iterator[EmulatorServer]:
    with EmulatorServer(rate=1000, clock=VENDOR_CLOCK) as server:
        yield server


@pytest.fixture
def emulator(emulator_server: EmulatorServer, settings: Any) -> EmulatorServer:
    """The emulator on a real socket, with an empty script and ledger; the settings point to it."""
    emulator_server.clear()
    VENDOR_CLOCK.at = NOW
    settings.FACEID_ENDPOINT = emulator_server.url
    settings.FACEID_ACCOUNTS = {"default": {**settings.FACEID_ACCOUNTS["default"], "rate": 1000}}
    return emulator_server


def undone_later() -> transaction.Atomic:
    """A transaction for a test to roll back. As in pytest-django's, `durable` blocks may run in it."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    return block


def staff_of(group: str, username: str = "") -> StaffUser:
    """A member of staff of a group; the same one for the same group and username."""
    username = username or group.split()[0].lower()
    user, created = StaffUser.objects.get_or_create(username=username, defaults={"is_staff": True})
    if created:
        user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def staff(db: None) -> Callable[..., StaffUser]:
    return staff_of


class Road:
    """Builds a case in the state that a test needs. Each step runs the action that the portal would run."""

    def __init__(self) -> None:
        self._count = 0
        self._takes = 0
        # The person of each case, by its key. Two people in a test are two: the same photo twice would be noticed.
        self._seeds: dict[int, int] = {}

    def invited(self, *, mode: Mode = Mode.ACTION, now: datetime = NOW, **details: Any) -> Verification:
        return self.invitation(mode=mode, now=now, **details).verification

    def invitation(
        self, *, mode: Mode = Mode.ACTION, now: datetime = NOW, **details: Any
    ) -> invite.Invitation:
        self._count += 1
        person = {"reference": f"REF-{self._count}", "name": "Alice Example", **details}
        return invite.invite(mode=mode, by=audit.By.shell(), now=now, **person)

    def consented(self, **details: Any) -> Verification:
        verification = self.invited(**details)
        consent.give(verification, now=NOW, **WORDING)
        return verification

    def with_photo(self, seed: int | None = None, **details: Any) -> Verification:
        verification = self.consented(**details)
        self._seeds[verification.pk] = seed or len(self._seeds) + 1
        document.upload(verification, photo(self._seeds[verification.pk]), now=NOW)
        return verification

    def submit(
        self, verification: Verification, *, recording: bytes | None = None, now: datetime = NOW
    ) -> VerificationAttempt:
        drawn = challenge.issue(verification, now=now)
        attempt = submit.submit(
            verification,
            attempt_id=drawn.attempt.public_id,
            nonce=drawn.nonce,
            recording=recording if recording is not None else self._fresh_clip(verification),
            signals={},
            now=now,
        )
        verification.refresh_from_db()
        return attempt

    def _fresh_clip(self, verification: Verification) -> bytes:
        """A new clip of the case's person each time: the portal refuses a recording that it has seen."""
        self._takes += 1
        return clip(take=self._takes, seed=self._seeds.get(verification.pk, 1))

    def ready(self, **details: Any) -> VerificationAttempt:
        attempt = self.submit(self.with_photo(**details))
        prepare.prepare(attempt.public_id, now=NOW)
        attempt.refresh_from_db()
        return attempt

    def record(self, verification: Verification, *, now: datetime = NOW) -> VerificationAttempt:
        """Submits one more recording and assesses it; the emulator's next answer decides."""
        attempt = self.submit(verification, now=now)
        self.judge(attempt, now=now)
        verification.refresh_from_db()
        return attempt

    def judge(self, attempt: VerificationAttempt, *, now: datetime = NOW) -> None:
        """What the workers do with a recording."""
        prepare.prepare(attempt.public_id, now=now)
        assess.assess(attempt.public_id, clock=lambda: now + timedelta(seconds=5))
        attempt.refresh_from_db()

    def judged(self, emulator: EmulatorServer, *answers: dict[str, Any], **details: Any) -> Verification:
        """A case with one assessed recording for each of these emulator answers; by default one pass."""
        verification = self.with_photo(**details)
        for answer in answers or ({},):
            if answer:
                emulator.script(**answer)
            self.record(verification)
        return verification

    def in_review(self, emulator: EmulatorServer, **details: Any) -> Verification:
        low = {"result": "FailedOperation.CompareLowSimilarity", "sim": 42.0}
        return self.judged(emulator, low, **details)


# Caches the media child's results: many tests use the same photos and clips.
cached_run = lru_cache(maxsize=200)(child.run)


@pytest.fixture(scope="module")
def first_road() -> Road:
    """The road of what a module makes once, for all its tests."""
    return Road()


@pytest.fixture
def road(db: None, monkeypatch: pytest.MonkeyPatch, first_road: Road) -> Road:
    """A media child reads each file once in the test run; later tests get the cached result."""
    monkeypatch.setattr(media, "run", cached_run)
    # Its next case is of a new person too, even if the module has made cases.
    return copy.deepcopy(first_road)


@pytest.fixture
def invitation(road: Road) -> invite.Invitation:
    return road.invitation()
