"""The demo's first cases. Each is made by going through the real pages, worker and emulator, as a person would."""

import io
import json
import re
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any
from urllib.parse import urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils import timezone
from PIL import Image

from kyc_portal.sandbox.drawing import TAKE_SECONDS, draw_photo, draw_selfie, draw_takes
from kyc_portal.sandbox.emulator import EmulatorServer
from kyc_portal.sandbox.policies import put_into_force
from verification import audit
from verification.actions.claim import claim
from verification.actions.invite import Invitation, invite
from verification.actions.review import decide
from verification.casework import Shown
from verification.evidence.judged import evidence_hash
from verification.models import StaffUser, Verdict, Verification
from verification.rules import document_check
from verification.states import DocumentCheckFor, Mode, Status

PATIENCE = 60  # seconds for one recording to be judged
ARTISTS = 2  # processes that draw
AT_ONCE = 4  # more would exceed the time of their challenges on a slow machine


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
    email: str = ""
    camera: str = "Front camera"
    documents: DocumentCheckFor = DocumentCheckFor.NEVER
    sends_a_selfie: bool = False
    # The person whose ID photo it sends, encoded anew: it is made after all others.
    photo_of: str = ""

    @property
    def photo(self) -> bytes:
        """What the person sends as the photo of their ID."""
        if self.photo_of:
            return _smaller(draw_photo(self.seed, holder=self.photo_of))
        return draw_selfie(self.seed) if self.sends_a_selfie else draw_photo(self.seed, holder=self.name)

    @property
    def face(self) -> int:
        """The seed of the person before the camera."""
        return self.seed + 100 * self.other_face


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
        email="ines.duarte@applicant.example",
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
        email="victor.almeida@applicant.example",
        seed=18,
        other_face=True,
    ),
    Case(
        "CUST-1010",
        "Olena Koval",
        ({"result": "FailedOperation.CompareLowSimilarity", "sim": 68.9},),
        # An approval against the vendor, which waits for a second person.
        verdict=(
            Verdict.APPROVE,
            "vendor_error",
            "Same ears and brow line; the card's photo is ten years old.",
        ),
        seed=20,
    ),
    Case("CUST-1011", "Pieter Maas", ({"sim": 71.3},), seed=21, camera="OBS Virtual Camera"),
    # Clear passes that wait for a person to check the document.
    Case("CUST-1012", "Grace Wanjiru", seed=22, documents=DocumentCheckFor.ALWAYS),
    Case("CUST-1013", "Felix Brunner", seed=23, documents=DocumentCheckFor.ALWAYS, sends_a_selfie=True),
    Case("CUST-1014", "Rosa Iglesias", seed=24, documents=DocumentCheckFor.SHARE),
    # A clear pass with the ID photo of the first one.
    Case("CUST-1020", "Milan Novak", other_face=True, seed=11, photo_of="Mara Lindqvist"),
    Case("CUST-1009", "Lena Brandt", ({"result": "FailedOperation.ActionLightDark"},), seed=19),
)


class DemoFailed(Exception):
    """A step of the flow failed for the demo's applicant."""


def make_cases(emulator: EmulatorServer, reviewer: StaffUser, tell: Any) -> None:
    """Make every case that does not exist yet. Those that copy a photo come after the one that they copy has ended."""
    for last in (False, True):
        cases = [case for case in CASES if bool(case.photo_of) is last]
        _make(cases, emulator, reviewer, tell)


def _make(cases: list[Case], emulator: EmulatorServer, reviewer: StaffUser, tell: Any) -> None:
    """Make these, a few side by side, because most of the time is waiting.

    The case with the most recordings is the first: the others are made while its applicant waits between two of them.
    Other processes draw the clips meanwhile.
    """
    missing = [
        case
        for case in sorted(cases, key=lambda case: len(case.answers), reverse=True)
        if not Verification.objects.filter(applicant__reference=case.reference).exists()
    ]
    invitations = _invite(missing)
    waiting = deque(missing)
    people: list[Person] = []
    with ProcessPoolExecutor(ARTISTS, get_context("spawn")) as artists:
        clips = {case.reference: artists.submit(draw_takes, case.face, len(case.answers)) for case in missing}
        while waiting or people:
            while waiting and len(people) < AT_ONCE:
                case = waiting.popleft()
                people.append(_begin(case, invitations[case.reference]))
            person = min(people, key=lambda person: person.ready_at)
            _record(person, clips[person.case.reference].result(), emulator)
            if person.recordings == len(person.case.answers):
                people.remove(person)
                tell(f"  {person.case.reference}: {_finish(person, reviewer)}")


def _invite(cases: list[Case]) -> dict[str, Invitation]:
    """The invitations by reference. A case keeps the policy under which it was invited, so each policy is put into
    force for a moment; the one that asks for no document check is the last."""
    found: dict[str, Invitation] = {}
    for documents in (DocumentCheckFor.ALWAYS, DocumentCheckFor.SHARE, DocumentCheckFor.NEVER):
        chosen = [case for case in cases if case.documents == documents]
        if chosen:
            put_into_force(documents, now=timezone.now())
        found |= {case.reference: _invitation(case) for case in chosen}
    return found


def _invitation(case: Case) -> Invitation:
    """Of a share, one that was selected: an invitation that was not is undone."""
    while True:
        with transaction.atomic():
            person: dict[str, Any] = {"reference": case.reference, "name": case.name, "mode": case.mode}
            made = invite(**person, email=case.email, by=audit.By.shell(), now=timezone.now())
            share = made.verification.policy.document_check == DocumentCheckFor.SHARE
            if not share or document_check.asked(made.verification):
                return made
            transaction.set_rollback(True)


def _begin(case: Case, invitation: Invitation) -> "Person":
    person = Person(case, invitation)
    person.agree()
    person.give_photo(case.photo)
    person.ask_for_challenge()
    return person


def _smaller(photo: bytes) -> bytes:
    """The same picture in another file, as a messenger passes it on."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(photo)) as picture:
        picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)).save(out, "JPEG", quality=70)
    return out.getvalue()


def _record(person: "Person", clips: list[bytes], emulator: EmulatorServer) -> None:
    """Makes the next recording, and asks for the challenge of the one after it."""
    case = person.case
    emulator.script(**case.answers[person.recordings])
    person.record(clips[person.recordings], camera=case.camera)
    if person.recordings < len(case.answers):
        person.ask_for_challenge()


def _finish(person: "Person", reviewer: StaffUser) -> str:
    verification = person.judged()
    if person.case.verdict:
        _decide(verification, reviewer, *person.case.verdict)
    verification.refresh_from_db()
    return verification.get_status_display()


def _decide(verification: Verification, by: StaffUser, verdict: Verdict, reason: str, note: str) -> None:
    claim(verification, by=by, now=timezone.now())
    decide(
        verification,
        verdict=verdict,
        reason_code=reason,
        note=note,
        shown=Shown(verification.version, evidence_hash(verification)),
        by=by,
        now=timezone.now(),
    )


class Person:
    """An applicant at their browser."""

    def __init__(self, case: Case, invitation: Invitation) -> None:
        self.case = case
        self.recordings = 0
        self.ready_at = 0.0
        self._verification = invitation.verification
        self._browser = Client(SERVER_NAME="127.0.0.1", headers={"user-agent": "Demo browser"})
        self._browser.get(urlsplit(invitation.link).path)

    def agree(self) -> None:
        page = self._browser.get("/verify/consent").content.decode()
        shown = re.search(r'name="text_sha256" value="([0-9a-f]{64})"', page)
        mark = re.search(r'data-case="([0-9a-f]+)"', page)
        if shown is None or mark is None:
            raise DemoFailed("The consent page names no text or no case.")
        self._mark = mark[1]
        self._post("/verify/consent", {"answer": "agree", "agree": "on", "text_sha256": shown[1]}, 302)

    def give_photo(self, photo: bytes) -> None:
        upload = SimpleUploadedFile("photo.jpg", photo, "image/jpeg")
        self._post("/verify/document", {"photo": upload}, 302)

    def ask_for_challenge(self) -> None:
        self._challenge = self._post("/verify/challenge", {}, 200).json()
        self.ready_at = time.monotonic() + TAKE_SECONDS

    def record(self, clip: bytes, *, camera: str) -> None:
        """Send a recording, after as long as recording it takes."""
        time.sleep(max(0.0, self.ready_at - time.monotonic()))
        fields = {
            "attempt": self._challenge["attempt"],
            "nonce": self._challenge["nonce"],
            "signals": json.dumps(self._signals(clip, camera)),
            "video": SimpleUploadedFile("recording.mp4", clip, "video/mp4"),
        }
        self._post("/verify/recording", fields, 200)
        self.recordings += 1
        self.judged()

    def _signals(self, clip: bytes, camera: str) -> dict[str, Any]:
        """The capture signals, as the page sends them."""
        asked = [action["name"] for action in self._challenge["actions"]] or ["hold_still"]
        return {
            "mime": "video/mp4;codecs=avc1.42E01E",
            "bytes": len(clip),
            "chunks": 1,
            "duration_ms": round(TAKE_SECONDS * 1000),
            "prompts": [{"action": name, "at": 500 + 1700 * n} for n, name in enumerate(asked)],
            "camera": camera,
            "track": {"width": 480, "height": 640, "frame_rate": 15},
            "screen": {"width": 390, "height": 844, "ratio": 3},
            "webdriver": False,
        }

    def judged(self) -> Verification:
        """The case once the system has judged its recording."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self._verification.refresh_from_db()
            if self._verification.status != Status.CHECKING:
                return self._verification
            time.sleep(0.1)
        raise DemoFailed(f"{self._verification.public_id} was not judged within {PATIENCE} s.")

    def _post(self, path: str, fields: dict[str, Any], expected: int) -> Any:
        response = self._browser.post(f"{path}?case={self._mark}", fields)
        if response.status_code != expected:
            raise DemoFailed(f"{path} answered {response.status_code} instead of {expected}.")
        return response
