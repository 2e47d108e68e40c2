"""Case packs for tests: a decided case, its pack, and what the verifier says of it."""

import io
import json
import zipfile
from typing import Any

from django.utils import timezone

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, Road
from tests.flow.reviewing import decide
from tests.tampers import verdict
from verification import audit
from verification.actions import case_pack, claim, note, seal
from verification.audit import trail_keys, viewing
from verification.exports.case_pack import Contents
from verification.models import StaffUser, Verdict, Verification

ALL = Contents(media=True, names=True, notes=True)
NAME, EMAIL, TEXT = "Alice Example", "alice@example.org", "Does this look like him to you?"


def declined(road: Road, emulator: EmulatorServer, reviewer: StaffUser, **details: Any) -> Verification:
    """A case that a reviewer looked at, wrote a note on and declined."""
    case = road.in_review(emulator, name=NAME, email=EMAIL, **details)
    viewing.record(viewing.CASE, by=audit.By.staff(reviewer), subject=case, now=NOW, version=case.version)
    claim.claim(case, by=reviewer, now=NOW)
    note.write(case=case, text=TEXT, to=[], question=False, answers=None, by=reviewer, now=NOW)
    decide(case, Verdict.DECLINE, "different_person", by=reviewer)
    case.refresh_from_db()
    return case


def sealed() -> None:
    seal.seal(clock=timezone.now, stretch=60)


def pack_of(case: Verification, contents: Contents = ALL, *, earlier: int | None = None) -> bytes:
    """The pack as of now."""
    sealed()
    asked = case_pack.Asked(case_pack.Purpose.AUDIT, "Asked for by a test.", contents, earlier)
    with case_pack.make(case, asked, by=audit.By.shell(), now=NOW).file as file:
        return file.read()


def opened(pack: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(pack))


def json_of(pack: bytes, name: str) -> Any:
    with opened(pack) as archive:
        return json.loads(archive.read(name))


def lines_of(pack: bytes, name: str) -> list[Any]:
    with opened(pack) as archive:
        return [json.loads(line) for line in archive.read(name).splitlines()]


def keys() -> list[str]:
    return [str(key) for key in trail_keys.known()]


def wrong_with(pack: bytes) -> str:
    """What the verifier finds wrong; "" if nothing."""
    return verdict(pack, keys())
