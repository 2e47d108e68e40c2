"""The demo's first cases. Each is made by going through the real pages, worker and emulator, as a person would."""

import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from kyc_portal.sandbox.drawing import draw_clip, draw_photo
from kyc_portal.sandbox.emulator import EmulatorServer
from verification import audit
from verification.actions.invite import Invitation, invite
from verification.actions.review import claim, decide, evidence_hash
from verification.models import StaffUser, Verdict, Verification
from verification.states import Mode, Status

PATIENCE = 60  # seconds for one recording to be judged


@dataclass(frozen=True)
class Case:
    """A person, what the emulator will answer to each recording, and what a reviewer then decides."""

    reference: str
    name: str
    answers: tuple[dict[str, Any], ...] = ({},)
    mode: Mode = Mode.ACTION
    verdict: tuple[Verdict, str, str] | None = None
    other_face: bool = False
    seed: int = 1


CASES = (
    Case("CUST-1001", "Mara Lindqvist", seed=11),
    Case("CUST-1002", "Tomás Herrera", ({"sim": 88.1},), Mode.SILENT, seed=12),
    Case("CUST-1003", "Aiko Tanaka", ({"sim": 74.2},), seed=13),
    Case(
        "CUST-1004",
        "Jonas Weber",
        ({"result": "FailedOperation.CompareLowSimilarity", "sim": 41.7},),
        seed=14,
        other_face=True,
    ),
    Case(
        "CUST-1005",
        "Nadia Haddad",
        ({"result": "FailedOperation.ActionFirstAction"},) * 3,
        seed=15,
    ),
    Case("CUST-1006", "Samuel Okafor", ({"result": "FailedOperation.SomethingNew"},), seed=16),
    Case(
        "CUST-1007",
        "Ines Duarte",
        ({"sim": 76.9},),
        verdict=(Verdict.APPROVE, "same_person", ""),
        seed=17,
    ),
    Case(
        "CUST-1008",
        "Victor Almeida",
        ({"result": "FailedOperation.CompareLowSimilarity", "sim": 22.4},),
        verdict=(
            Verdict.DECLINE,
            "different_person",
            "Ears, brow line and chin differ between card and video.",
        ),
        seed=18,
        other_face=True,
    ),
    Case("CUST-1009", "Lena Brandt", ({"result": "FailedOperation.ActionLightDark"},), seed=19),
)


class DemoFailed(Exception):
    """A step of the demo's own flow did not do what it does for everybody else."""


def make_cases(emulator: EmulatorServer, reviewer: StaffUser, tell: Any) -> None:
    """Make every case that is not there yet."""
    for case in CASES:
        if Verification.objects.filter(applicant__reference=case.reference).exists():
            continue
        tell(f"  {case.reference}: {_make(case, emulator, reviewer)}")


def _make(case: Case, emulator: EmulatorServer, reviewer: StaffUser) -> str:
    invitation = invite(
        reference=case.reference, name=case.name, mode=case.mode, by=audit.By.shell(), now=timezone.now()
    )
    person = Person(invitation)
    person.agree()
    person.give_photo(draw_photo(case.seed))
    seed = case.seed + 100 * case.other_face
    for take, answer in enumerate(case.answers, start=1):
        emulator.script(**answer)
        person.record(draw_clip(seed=seed, seconds=4, size=(480, 640), fps=15, take=take))
    verification = person.judged()
    if case.verdict:
        _decide(verification, reviewer, *case.verdict)
    verification.refresh_from_db()
    return verification.get_status_display()


def _decide(verification: Verification, by: StaffUser, verdict: Verdict, reason: str, note: str) -> None:
    claim(verification, by=by, now=timezone.now())
    decide(
        verification,
        verdict=verdict,
        reason_code=reason,
        note=note,
        version=verification.version,
        evidence_sha256=evidence_hash(verification),
        by=by,
        now=timezone.now(),
    )


class Person:
    """An applicant at their browser."""

    def __init__(self, invitation: Invitation) -> None:
        self._verification = invitation.verification
        self._browser = Client(SERVER_NAME="127.0.0.1", headers={"user-agent": "Demo browser"})
        self._browser.get(urlsplit(invitation.link).path)

    def agree(self) -> None:
        page = self._browser.get("/verify/consent").content.decode()
        shown = re.search(r'name="text_sha256" value="([0-9a-f]{64})"', page)
        if shown is None:
            raise DemoFailed("The consent page names no text.")
        self._post("/verify/consent", {"answer": "agree", "agree": "on", "text_sha256": shown[1]}, 302)

    def give_photo(self, photo: bytes) -> None:
        upload = SimpleUploadedFile("photo.jpg", photo, "image/jpeg")
        self._post("/verify/document", {"photo": upload}, 302)

    def record(self, clip: bytes) -> None:
        challenge = self._post("/verify/challenge", {}, 200).json()
        upload = SimpleUploadedFile("recording.mp4", clip, "video/mp4")
        fields = {
            "attempt": challenge["attempt"],
            "nonce": challenge["nonce"],
            "signals": "{}",
            "video": upload,
        }
        self._post("/verify/recording", fields, 200)
        self.judged()

    def judged(self) -> Verification:
        """The case once the system has done its part."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self._verification.refresh_from_db()
            if self._verification.status != Status.CHECKING:
                return self._verification
            time.sleep(0.1)
        raise DemoFailed(f"{self._verification.public_id} was not judged within {PATIENCE} s.")

    def _post(self, path: str, fields: dict[str, Any], expected: int) -> Any:
        response = self._browser.post(path, fields)
        if response.status_code != expected:
            raise DemoFailed(f"{path} answered {response.status_code} instead of {expected}.")
        return response
