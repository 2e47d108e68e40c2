"""Photos and videos, checked and rewritten in a limited child process: the only way in for other packages.

Every function raises UnusableMedia when the file is at fault, MediaUnavailable when the portal is. This
module loads no decoder, and knows nothing of Django, applicants or where files are kept.
"""

from pathlib import Path
from typing import TypeVar

from verification.media.child import run
from verification.media.errors import MediaUnavailable, UnusableMedia
from verification.media.facts import (
    MAX_PHOTO_UPLOAD,
    MAX_VIDEO_UPLOAD,
    NormalisedPhoto,
    NormalisedVideo,
    VideoFacts,
)

__all__ = [
    "MAX_PHOTO_UPLOAD",
    "MAX_VIDEO_UPLOAD",
    "MediaUnavailable",
    "NormalisedPhoto",
    "NormalisedVideo",
    "UnusableMedia",
    "VideoFacts",
    "check_photo",
    "check_video",
    "frame_at",
    "prepare_video",
]

_Result = TypeVar("_Result", NormalisedPhoto, VideoFacts, NormalisedVideo)
_JPEG_MAGIC = b"\xff\xd8\xff"


def check_photo(data: bytes) -> NormalisedPhoto:
    """The photo as an upright JPEG of at most 1600 pixels a side and 2,205,000 bytes."""
    if len(data) > MAX_PHOTO_UPLOAD:
        raise UnusableMedia("image_too_large", {"bytes_allowed": MAX_PHOTO_UPLOAD})
    photo = _built(NormalisedPhoto, run("verification.media.photo:normalise_photo", data))
    if not photo.jpeg.startswith(_JPEG_MAGIC):
        raise UnusableMedia("media_crashed")
    return photo


def check_video(path: str | Path) -> VideoFacts:
    """What a recording really is, if it is fit to be sent on."""
    return _built(VideoFacts, run("verification.media.video:probe_video", Path(path).absolute()))


def prepare_video(source: str | Path, target: str | Path) -> NormalisedVideo:
    """Write the recording to `target` as an MP4 for the vendor; nothing is left there if that fails."""
    source, target = Path(source).absolute(), Path(target).absolute()
    try:
        return _built(NormalisedVideo, run("verification.media.video:normalise_video", source, target))
    except BaseException:
        target.unlink(missing_ok=True)  # a child that was killed could not do it
        raise


def frame_at(path: str | Path, seconds: float) -> bytes:
    """The picture shown at that time, upright, as JPEG."""
    picture = run("verification.media.video:cut_frame", Path(path).absolute(), float(seconds))
    if not isinstance(picture, bytes) or not picture.startswith(_JPEG_MAGIC):
        raise UnusableMedia("media_crashed")
    return picture


def _built(kind: type[_Result], values: object) -> _Result:
    try:
        return kind.from_plain(values)
    except ValueError:
        raise UnusableMedia("media_crashed") from None
