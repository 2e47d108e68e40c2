"""The pictures of the dossier, at a size for paper: the ID photo, the best frame, and frames at the prompts.

They are read as they were stored, and rewritten in the limited child. One that is erased or damaged has no picture.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from verification import media, storage
from verification.evidence import prompt_marks
from verification.models import Document, Verification, VerificationAttempt

# Frames of the recording. A challenge asks for two movements at most; a browser may claim to have shown more.
MAX_FRAMES: Final = 6
_STILL: Final = (0.1, 0.5, 0.9)  # of the length, where nothing was prompted


@dataclass(frozen=True)
class Picture:
    """`jpeg` is empty if it can't be shown; `why` says why not."""

    caption: str
    sha256: str
    jpeg: bytes
    why: str = ""


def judged_attempt(case: Verification) -> VerificationAttempt | None:
    """The attempt that the decision is about: the one that policy approved, else the newest that is finished."""
    if case.passing_call is not None:
        return case.passing_call.attempt
    attempts = case.attempts.select_related("document")
    return attempts.newest_finished() or attempts.exclude(submitted_at=None).order_by("-number").first()


def judged_photo(case: Verification, attempt: VerificationAttempt | None) -> Document | None:
    return attempt.document if attempt else case.documents.current().first()


def of(case: Verification) -> dict[str, Picture]:
    """Pictures by name, in the order in which they are shown."""
    attempt = judged_attempt(case)
    photo = judged_photo(case, attempt)
    found: dict[str, Picture] = {}
    if photo is not None:
        found["photo"] = _picture(_("ID photo"), photo.normalised_name, photo.normalised_sha256)
    if attempt is not None and attempt.best_frame_name:
        found["frame"] = _picture(_("Best frame"), attempt.best_frame_name, attempt.best_frame_sha256)
    if attempt is not None and attempt.normalised_name:
        found |= _moments(attempt)
    return found


def files(shown: Mapping[str, Picture]) -> dict[str, bytes]:
    return {name: picture.jpeg for name, picture in shown.items() if picture.jpeg}


def _picture(caption: str, name: str, sha256: str) -> Picture:
    jpegs, why = _read(lambda: [media.print_copy(storage.read(name, sha256=sha256))])
    return Picture(caption, sha256, jpegs[0] if jpegs else b"", why)


def _moments(attempt: VerificationAttempt) -> dict[str, Picture]:
    """Frames at the prompts; of a recording without prompts, from its start, middle and end."""
    length = prompt_marks.duration(attempt.facts)
    marks = [(mark["at"], mark["label"]) for mark in prompt_marks.marks(attempt.signals, attempt.facts)]
    chosen = (marks or [(length * part, "") for part in _STILL])[:MAX_FRAMES]
    sha256 = attempt.normalised_sha256

    def cut() -> list[bytes]:
        return media.print_frames(
            storage.read(attempt.normalised_name, sha256=sha256), [at for at, _label in chosen]
        )

    jpegs, why = _read(cut)
    jpegs += [b""] * (len(chosen) - len(jpegs))
    return {
        f"moment{number}": Picture(_moment(at, label), "", jpeg, why)
        for number, ((at, label), jpeg) in enumerate(zip(chosen, jpegs, strict=True))
    }


def _moment(at: float, label: str) -> str:
    seconds = _("%(seconds)s s") % {"seconds": f"{at:.1f}"}
    return _("Asked: %(movement)s, at %(at)s") % {"movement": label, "at": seconds} if label else seconds


def _read(make: Callable[[], list[bytes]]) -> tuple[list[bytes], str]:
    """The pictures, or none and why not. An OSError is no answer: the store may have the picture later."""
    try:
        return make(), ""
    except storage.KeyDestroyed:
        return [], _("Erased.")
    except storage.IntegrityError:
        return [], _("The stored file is missing, or is not what was stored.")
    except media.UnusableMedia:
        return [], _("The stored file can't be opened.")
