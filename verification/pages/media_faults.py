"""What is said about a photo or a recording that can't be used: the answer's status, and words that help."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from verification.media import MAX_PHOTO_UPLOAD

PHOTO_MEGABYTES = MAX_PHOTO_UPLOAD // 2**20


@dataclass(frozen=True)
class MediaFault:
    status: int
    words: str | Promise


_AGAIN = _("Something is wrong with this video. Please record it again.")
_BROKEN_PHOTO = _("This photo can't be opened. Please take it again or choose another.")

_PHOTO = {
    "missing_file": MediaFault(400, _("Choose a photo first.")),
    "exactly_one_file": MediaFault(400, _("Please send one photo, not several.")),
    "empty_file": MediaFault(400, _("This file is empty. Please choose another.")),
    "malformed_multipart": MediaFault(400, _("The photo did not arrive whole. Please send it again.")),
    "too_many_parts": MediaFault(400, _("Please send one photo, not several.")),
    "upload_too_slow": MediaFault(408, _("The photo took too long to arrive. Please try again.")),
    "too_many_photos": MediaFault(
        429, _("You have sent many photos in a short time. Please take a break and come back in an hour.")
    ),
    "image_too_large": MediaFault(
        413,
        format_lazy(
            _("This photo is larger than {most} MB. Please choose a smaller one."), most=PHOTO_MEGABYTES
        ),
    ),
    "unsupported_image_type": MediaFault(
        415, _("Please choose a JPEG or PNG photo. On a phone, “Take a photo” makes the right kind.")
    ),
    "trailing_data": MediaFault(422, _("This file holds more than a photo. Please take the photo again.")),
    "image_corrupt": MediaFault(422, _BROKEN_PHOTO),
    "image_too_many_pixels": MediaFault(
        422, _("This photo has too many pixels. Please choose a smaller one.")
    ),
    "image_bad_dimensions": MediaFault(
        422, _("This picture has an unusual shape. Please take a photo of your ID.")
    ),
    "image_too_small": MediaFault(
        422, _("This photo is too small to see your face. Please take a larger one.")
    ),
    "image_too_complex": MediaFault(422, _BROKEN_PHOTO),
}
_VIDEO = {
    "missing_file": MediaFault(400, _("No video arrived. Please send it again.")),
    "exactly_one_file": MediaFault(400, _("Please send one video.")),
    "empty_file": MediaFault(400, _("The recording is empty. Please record it again.")),
    "malformed_multipart": MediaFault(400, _("The video did not arrive whole. Please send it again.")),
    "too_many_parts": MediaFault(400, _("Please send one video.")),
    "upload_too_slow": MediaFault(
        408, _("The video took too long to arrive. Please record again, with a better connection if you can.")
    ),
    "invalid_field": MediaFault(400, _AGAIN),
    "video_too_large": MediaFault(413, _("The video is too large. Please record it again.")),
    "unsupported_video_type": MediaFault(
        415, _("This is not a video we can read. Please record it on this page.")
    ),
    "unsupported_video_codec": MediaFault(
        415, _("Your browser records a kind of video we can't read. Please use another browser.")
    ),
    "video_too_short": MediaFault(
        422, _("The video is too short. Please record it again and follow each prompt.")
    ),
    "video_too_long": MediaFault(422, _("The video is too long. Please record it again on this page.")),
    "video_no_picture": MediaFault(
        422, _("The video has no picture. Please check your camera and record again.")
    ),
    "video_resolution": MediaFault(
        422, _("The picture of this camera is too small or too large. Try another camera.")
    ),
    "video_resolution_changes": MediaFault(
        422, _("The picture turned while recording. Keep the phone upright.")
    ),
    "video_no_motion": MediaFault(
        422, _("The picture did not move. Please record yourself, live, on this page.")
    ),
    "video_too_dark": MediaFault(
        422, _("The picture is black. Please uncover the camera and move to a brighter place.")
    ),
    "video_reused": MediaFault(409, _("This video was sent before. Please record a new one on this page.")),
    "video_frame_rate": MediaFault(422, _("The video stutters. Close other apps and record it again.")),
}
_ANY_PHOTO = MediaFault(422, _BROKEN_PHOTO)
_ANY_VIDEO = MediaFault(422, _AGAIN)


def of_photo(code: str) -> MediaFault:
    return _PHOTO.get(code, _ANY_PHOTO)


def of_video(code: str) -> MediaFault:
    return _VIDEO.get(code, _ANY_VIDEO)


def told_by_browser() -> dict[str, str | Promise]:
    """The texts that the photo page needs to speak as the server would, before anything is sent."""
    codes = ("missing_file", "empty_file", "unsupported_image_type", "image_too_large")
    return {code: _PHOTO[code].words for code in codes}
