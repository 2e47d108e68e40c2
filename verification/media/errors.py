"""The two ways in which media work fails: the file is at fault, or the portal is.

Callers choose by type. With `UnusableMedia` the file is at fault, and the applicant reads why. With
`MediaUnavailable` the portal is at fault, and it must never cost an attempt. Neither carries bytes or names of it.
"""

from collections.abc import Mapping

Detail = Mapping[str, str | int | float]

# The pages hold the text and the HTTP status of each.
CODES = frozenset(
    {
        "empty_file",
        "trailing_data",
        "unsupported_image_type",
        "image_corrupt",
        "image_incomplete",  # ends before the picture does: it did not arrive whole
        "image_too_many_pixels",
        "image_bad_dimensions",
        "image_too_small",
        "image_too_large",
        "image_too_complex",
        "unsupported_video_type",
        "unsupported_video_codec",
        "video_too_large",
        "video_too_short",
        "video_too_long",
        "video_corrupt",  # cut off, damaged, or another file behind a valid signature
        "video_encrypted",
        "video_external_reference",  # refers to another file for its pictures
        "video_no_picture",
        "video_no_motion",  # the same picture from start to end
        "video_too_dark",  # black from start to end
        "video_resolution",
        "video_resolution_changes",
        "video_frame_rate",  # too few or too many pictures a second
        "video_too_many_tracks",
        "video_cannot_fit",  # too many bytes for the vendor even at the lowest bit rate that we try
        "media_crashed",  # the child died, or sent an answer that no sound child sends
        "media_out_of_memory",  # more than confinement.MEMORY
        "media_timeout",  # more processor time than the child may use
    }
)


class UnusableMedia(Exception):
    """The file can't be used, and trying again does not help.

    `code` is one of `CODES` and stable; `detail` holds limits and measured values only.
    """

    def __init__(self, code: str, detail: Detail | None = None) -> None:
        if code not in CODES:
            raise ValueError(code)
        super().__init__(code)
        self.code = code
        self.detail: dict[str, str | int | float] = dict(detail or {})


class MediaUnavailable(Exception):
    """The portal could not do the work, for example because the child can't be confined: try again later.

    `reason` is a word for the log, such as an exception's class name.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
