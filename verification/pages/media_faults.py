"""For each code of an unusable photo or recording: the HTTP status, and a sentence that says what to do next."""

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


_QUOTA = MediaFault(
    429,
    _(
        "So much was sent through this link that it takes no more. Please ask the organisation for a new link."
    ),
)
_BUSY = MediaFault(
    503, _("Many files are on their way right now. Please wait a minute, then send this one again.")
)
_AT_ONCE = MediaFault(
    429, _("Other files of yours are still on their way. Please wait a minute, then send this one again.")
)
_PHOTO_BROKEN_OFF = _("The photo did not arrive whole. Please send it again.")
_ONE_PHOTO = _("Please send one photo, not several.")
_PHOTO_INCOMPLETE = _("The photo did not arrive whole. Please send it again, or take a new one.")
_BROKEN_PHOTO = _("This photo can't be opened. Please take it again or choose another.")
_COSTLY_PHOTO = _("We can't open this photo. Please take a new one with your phone's camera.")

_PHOTO = {
    "missing_file": MediaFault(400, _("Choose a photo first.")),
    "exactly_one_file": MediaFault(400, _ONE_PHOTO),
    "empty_file": MediaFault(400, _("This file is empty. Please choose another.")),
    "bad_request": MediaFault(400, _PHOTO_BROKEN_OFF),
    "malformed_multipart": MediaFault(400, _PHOTO_BROKEN_OFF),
    "too_many_parts": MediaFault(400, _ONE_PHOTO),
    "upload_too_slow": MediaFault(408, _("The photo took too long to arrive. Please try again.")),
    "content_encoding": MediaFault(
        415, _("Your browser sent the photo compressed, which we can't read. Please use another browser.")
    ),
    "too_many_photos": MediaFault(
        429, _("You have sent many photos in a short time. Please take a break and come back in an hour.")
    ),
    "too_many_refused": MediaFault(
        429,
        _(
            "We could not use the last photos, and can look at no more of them for now. Please come back in an hour "
            "and take a new photo with your phone's camera, or ask the organisation that sent you the link for help."
        ),
    ),
    "too_many_at_once": _AT_ONCE,
    "busy": _BUSY,
    "upload_quota_reached": _QUOTA,
    "image_too_large": MediaFault(
        413,
        format_lazy(
            _("This photo is larger than {most} MB. Please choose a smaller one."), most=PHOTO_MEGABYTES
        ),
    ),
    "unsupported_image_type": MediaFault(
        415,
        _("This is not a kind of photo that we can read. Please choose another one, best as JPEG."),
    ),
    "trailing_data": MediaFault(
        422,
        _(
            "There is another file inside this photo. Please take a new photo, or send a screenshot of this one."
        ),
    ),
    "image_corrupt": MediaFault(422, _BROKEN_PHOTO),
    "image_incomplete": MediaFault(422, _PHOTO_INCOMPLETE),
    "image_too_many_pixels": MediaFault(
        422,
        _("This photo has too many pixels. Please choose a smaller one, or send a screenshot of this one."),
    ),
    "image_bad_dimensions": MediaFault(
        422, _("This picture has an unusual shape. Please take a photo of your ID.")
    ),
    "image_too_small": MediaFault(
        422, _("This photo is too small to see your face. Please take a larger one.")
    ),
    "image_too_complex": MediaFault(422, _COSTLY_PHOTO),
    "media_crashed": MediaFault(422, _BROKEN_PHOTO),
    "media_out_of_memory": MediaFault(422, _COSTLY_PHOTO),
    "media_timeout": MediaFault(422, _COSTLY_PHOTO),
}

_IN_THE_BROWSER = {
    "unreadable_file": _(
        "We can't read this photo. It may have been changed or moved, or not be on this device yet. Please choose it "
        "again, or choose another."
    ),
    "no_connection": _(
        "The photo has not arrived: there is no connection. It is still here; please send it again in a moment."
    ),
    "too_slow": _(
        "The photo has not arrived: the connection is slow. It is still here; please send it again."
    ),
    "not_ours": _(
        "Something in your network answered in our place, such as a filter or the sign-in page of a Wi-Fi. Your photo "
        "is still here: send it again, or use another network."
    ),
    "too_large_for_network": _(
        "Your network lets no photo of this size through. It is still here: use another network, such as your phone's "
        "own, and send it again."
    ),
}

_AGAIN = _("Something is wrong with this video. Please record it again.")
_VIDEO_BROKEN_OFF = _("The video did not arrive whole. Please send it again.")
_FROM_THIS_PAGE = _("This video was not made by this page. Please record yourself here.")
_COSTLY_VIDEO = _("We can't open this video. Please record it again, in another browser if you can.")

_VIDEO = {
    "missing_file": MediaFault(400, _("No video arrived. Please send it again.")),
    "exactly_one_file": MediaFault(400, _("More than one video arrived. Please record again and send one.")),
    "empty_file": MediaFault(400, _("The recording is empty. Please record it again.")),
    "bad_request": MediaFault(400, _VIDEO_BROKEN_OFF),
    "malformed_multipart": MediaFault(400, _VIDEO_BROKEN_OFF),
    "too_many_parts": MediaFault(400, _AGAIN),
    "invalid_field": MediaFault(400, _AGAIN),
    "unknown_challenge": MediaFault(
        404, _("This recording does not belong to this check. Please record it again.")
    ),
    "upload_too_slow": MediaFault(
        408, _("The video took too long to arrive. Please record again, with a better connection if you can.")
    ),
    "already_submitted": MediaFault(409, _("Your video has arrived before.")),
    "chunk_mismatch": MediaFault(
        409, _("The video arrived out of order. Please send it again, or record a new one.")
    ),
    "video_reused": MediaFault(
        409, _("This very video was sent before. Please record a new one, live, on this page.")
    ),
    "challenge_expired": MediaFault(
        410, _("The time for sending this recording has run out. Please record a new one.")
    ),
    "video_too_large": MediaFault(413, _("The video is too large. Please record it again on this page.")),
    "content_encoding": MediaFault(
        415, _("Your browser sent the video compressed, which we can't read. Please use another browser.")
    ),
    "unsupported_video_type": MediaFault(
        415, _("This is not a video we can read. Please record it on this page.")
    ),
    "unsupported_video_codec": MediaFault(
        415, _("Your browser records a kind of video we can't read. Please use another browser.")
    ),
    "checksum_mismatch": MediaFault(422, _("The video changed on its way. Please send it again.")),
    "trailing_data": MediaFault(422, _FROM_THIS_PAGE),
    "video_too_short": MediaFault(
        422, _("The video is too short. Please record it again and follow each prompt.")
    ),
    "video_too_long": MediaFault(422, _("The video is too long. Please record it again on this page.")),
    "video_corrupt": MediaFault(422, _("The video is damaged. Please record it again.")),
    "video_encrypted": MediaFault(
        422,
        _("This video is locked against copying, so we can't open it. Please record yourself on this page."),
    ),
    "video_external_reference": MediaFault(422, _FROM_THIS_PAGE),
    "video_too_many_tracks": MediaFault(422, _FROM_THIS_PAGE),
    "video_no_picture": MediaFault(
        422, _("The video has no picture. Please check your camera and record again.")
    ),
    "video_no_motion": MediaFault(
        422,
        _(
            "The picture stood still from beginning to end. Close other apps that use the camera, then record "
            "yourself, live, on this page."
        ),
    ),
    "video_too_dark": MediaFault(
        422,
        _("The picture is black. Please uncover the camera, go to a brighter place and record it again."),
    ),
    "video_resolution": MediaFault(
        422, _("The picture of this camera is too small or too large. Please try another camera.")
    ),
    "video_resolution_changes": MediaFault(
        422, _("The picture turned while recording. Keep the phone upright and record it again.")
    ),
    "video_frame_rate": MediaFault(
        422, _("The video stutters. Please close other apps and record it again.")
    ),
    "video_cannot_fit": MediaFault(
        422, _("There is too much moving in this video. Please record it again in front of a plain wall.")
    ),
    "media_crashed": MediaFault(422, _AGAIN),
    "media_out_of_memory": MediaFault(422, _COSTLY_VIDEO),
    "media_timeout": MediaFault(422, _COSTLY_VIDEO),
    "too_many_refused": MediaFault(
        429,
        _(
            "We could not use the last videos, and can look at no more of them for now. Please come back in an hour, "
            "with another browser or phone if you can, or ask the organisation that sent you the link for help."
        ),
    ),
    "too_many_at_once": _AT_ONCE,
    "busy": _BUSY,
    "upload_quota_reached": _QUOTA,
}
_ANY_PHOTO = MediaFault(422, _BROKEN_PHOTO)
_ANY_VIDEO = MediaFault(422, _AGAIN)


def of_photo(code: str) -> MediaFault:
    return _PHOTO.get(code, _ANY_PHOTO)


def of_video(code: str) -> MediaFault:
    return _VIDEO.get(code, _ANY_VIDEO)


def browser_messages() -> dict[str, str | Promise]:
    """The sentences of the photo page's script: for a file that it does not send, and for one that does not arrive."""
    codes = (
        "missing_file",
        "exactly_one_file",
        "empty_file",
        "unsupported_image_type",
        "image_too_large",
        "image_corrupt",
    )
    return {**{code: _PHOTO[code].words for code in codes}, **_IN_THE_BROWSER}
