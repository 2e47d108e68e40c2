"""Photos and videos, checked and rewritten in a limited child process: the only way in for other packages.

Documents are set there too, because they hold pictures and words that others sent. Every function raises UnusableMedia
when the file is at fault, MediaUnavailable when the portal is. This module loads no decoder, and knows nothing of
Django, applicants or where files are kept.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from verification.media.child import PATIENCE, run
from verification.media.confinement import CPU_SECONDS
from verification.media.errors import MediaUnavailable, UnusableMedia
from verification.media.facts import (
    MAX_PHOTO_UPLOAD,
    MAX_VIDEO_UPLOAD,
    PHOTO_KEYS,
    CheckedVideo,
    FaceLooks,
    NormalisedLogo,
    NormalisedPhoto,
    NormalisedVideo,
    PhotoAdvice,
    PhotoLooks,
    VideoFacts,
)
from verification.media.image_files import JPEG_MAGIC, PNG_MAGIC, is_heic
from verification.media.logo_file import MAX_LOGO, MAX_LOGO_ASPECT, MAX_LOGO_SIDE, MIN_LOGO_SIDE, logo_outline

__all__ = [
    "MAX_LOGO",
    "MAX_LOGO_ASPECT",
    "MAX_LOGO_SIDE",
    "MAX_PHOTO_UPLOAD",
    "MAX_VIDEO_UPLOAD",
    "MIN_LOGO_SIDE",
    "PATIENCE",
    "PHOTO_KEYS",
    "CheckedVideo",
    "FaceLooks",
    "MediaUnavailable",
    "NormalisedLogo",
    "NormalisedPhoto",
    "NormalisedVideo",
    "PhotoAdvice",
    "PhotoLooks",
    "UnusableMedia",
    "VideoFacts",
    "advise_on_photo",
    "check_logo",
    "check_photo",
    "check_video",
    "contact_sheet",
    "frame_at",
    "logo_outline",
    "prepare_video",
    "print_copy",
    "print_frames",
    "shrink_video",
    "stamp",
    "typeset",
]

PDF_MAGIC = b"%PDF-"
_Result = TypeVar("_Result", NormalisedLogo, NormalisedPhoto, PhotoAdvice, CheckedVideo, NormalisedVideo)
_CHECKING, _REWRITING = 8, CPU_SECONDS  # seconds of processor time
_ADVISING = 3  # of processor time; a photo takes 0.3
_TYPESETTING = 10  # of processor time; a dossier takes 0.3
ADVICE_TIMEOUT = 5.0  # seconds that a person waits for advice, and as many before for its turn


def check_photo(data: bytes, *, heic: bool = False) -> NormalisedPhoto:
    """The photo as an upright JPEG of at most 1600 pixels a side and 2,205,000 bytes; `heic` accepts HEIC too."""
    if len(data) > MAX_PHOTO_UPLOAD:
        raise UnusableMedia("image_too_large", {"bytes_allowed": MAX_PHOTO_UPLOAD})
    # libde265, which reads HEIC, works in threads of its own; the decoders of other photos get none.
    threads = heic and is_heic(data)
    work = "verification.media.photo:normalise_photo"
    photo = _built(NormalisedPhoto, run(work, data, heic, cpu_seconds=_CHECKING, threads=threads))
    _check_jpeg(photo.jpeg)
    return photo


def check_logo(data: bytes) -> NormalisedLogo:
    """The logo as a small PNG; it has to be a PNG or a JPEG that `logo_outline` takes."""
    logo_outline(data)
    logo = _built(NormalisedLogo, run("verification.media.logo:normalise_logo", data, cpu_seconds=_CHECKING))
    if not logo.png.startswith(PNG_MAGIC):
        raise UnusableMedia("media_crashed")
    return logo


def advise_on_photo(jpeg: bytes) -> PhotoAdvice:
    """What may be wrong with a photo that `check_photo` made. A child of its own: its crash costs nobody a photo."""
    work = "verification.media.photo_advice:advise"
    found = run(work, jpeg, timeout=ADVICE_TIMEOUT, patience=ADVICE_TIMEOUT, cpu_seconds=_ADVISING)
    return _built(PhotoAdvice, found)


def check_video(data: bytes) -> CheckedVideo:
    """The facts of a recording and the hashes of its pictures; raises UnusableMedia if it is unfit for the vendor."""
    if len(data) > MAX_VIDEO_UPLOAD:
        raise UnusableMedia("video_too_large", {"bytes_allowed": MAX_VIDEO_UPLOAD})
    return _built(CheckedVideo, run("verification.media.video:check_video", data, cpu_seconds=_CHECKING))


def prepare_video(data: bytes, pictures: int = 0, pixel_format: str = "") -> NormalisedVideo:
    """The recording as an MP4 for the vendor.

    `pictures` and `pixel_format` are what `check_video` found in these very bytes: the number of frame hashes, and the
    facts' format. They spare decoding the pictures of a copy again. 0 and "" if nobody knows.
    """
    work = "verification.media.video:normalise_video"
    return _built(NormalisedVideo, run(work, data, pictures, pixel_format, cpu_seconds=_REWRITING))


def shrink_video(data: bytes, most_bytes: int) -> NormalisedVideo:
    """The recording as an MP4 of about `most_bytes`, for a vendor that did not take a larger one."""
    work = "verification.media.video:shrink_video"
    return _built(NormalisedVideo, run(work, data, most_bytes, cpu_seconds=_REWRITING))


def frame_at(data: bytes, seconds: float) -> bytes:
    """The picture that the video shows at `seconds`, upright, as JPEG."""
    return _check_jpeg(run("verification.media.video:cut_frame", data, float(seconds), cpu_seconds=_CHECKING))


def contact_sheet(data: bytes, seconds: float) -> bytes:
    """Six pictures of a recording that is `seconds` long, as a player shows them, side by side in one JPEG."""
    work = "verification.media.sheet:contact_sheet"
    return _check_jpeg(run(work, data, float(seconds), cpu_seconds=_CHECKING))


def stamp(jpeg: bytes, text: str) -> bytes:
    """The picture with `text` (the viewer and the time) drawn into it, as JPEG."""
    return _check_jpeg(run("verification.media.photo:stamp", jpeg, text, cpu_seconds=_CHECKING))


def print_copy(jpeg: bytes) -> bytes:
    """The picture as a JPEG of at most 1000 pixels a side: more than a page of paper shows."""
    return _check_jpeg(run("verification.media.prints:print_copy", jpeg, cpu_seconds=_CHECKING))


def print_frames(data: bytes, moments: Sequence[float]) -> list[bytes]:
    """The pictures that the video shows at these seconds, which rise, each like a `print_copy`.

    After its end it shows its last one.
    """
    frames = run("verification.media.prints:print_frames", data, tuple(moments), cpu_seconds=_CHECKING)
    if not isinstance(frames, list) or len(frames) != len(moments):
        raise UnusableMedia("media_crashed")
    return list(map(_check_jpeg, frames))


def typeset(template: bytes, data: bytes, pictures: Mapping[str, bytes], at: datetime) -> bytes:
    """The document as PDF/A, made at `at`: the same arguments give the same bytes.

    `template` is ours, in Typst's language. It finds `data`, which is JSON, and the pictures under their names.
    """
    arguments = template, data, tuple(pictures.items()), int(at.timestamp())
    pdf = run("verification.media.typesetting:typeset", *arguments, cpu_seconds=_TYPESETTING, threads=True)
    if not isinstance(pdf, bytes) or not pdf.startswith(PDF_MAGIC):
        raise UnusableMedia("media_crashed")
    return pdf


def _check_jpeg(picture: object) -> bytes:
    if not isinstance(picture, bytes) or not picture.startswith(JPEG_MAGIC):
        raise UnusableMedia("media_crashed")
    return picture


def _built(kind: type[_Result], values: object) -> _Result:
    try:
        return kind.from_plain(values)
    except ValueError:
        raise UnusableMedia("media_crashed") from None
