"""The two ways media work can fail: the media's fault, or ours.

Callers choose by type: `UnusableMedia` is the applicant's file and is told to them, `MediaUnavailable` is the
portal's own trouble and must never cost an attempt. Neither carries bytes or names of the input.
"""

from collections.abc import Mapping

Detail = Mapping[str, str | int | float]

# What each says to the applicant, and with which status, is for the pages to know.
CODES = frozenset(
    {
        "empty_file",
        "trailing_data",
        "unsupported_image_type",
        "image_corrupt",
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
        "video_corrupt",  # cut off, damaged, or no such file at all behind a right beginning
        "video_encrypted",
        "video_external_reference",  # its pictures are said to be in another file
        "video_no_picture",
        "video_no_motion",  # one picture all the time
        "video_too_dark",  # black all the time
        "video_resolution",
        "video_resolution_changes",
        "video_frame_rate",  # a slide show, or thousands of pictures a second
        "video_too_many_tracks",
        "video_cannot_fit",  # too many bytes for the vendor at the fewest bits we try
        "media_crashed",  # the child died of it, or answered what no child of ours would
        "media_out_of_memory",  # limits.MEMORY
        "media_timeout",  # processor time or time on the clock
    }
)


class UnusableMedia(Exception):
    """The file cannot be used, whoever tries again.

    `code` is one of `CODES` and stable; `detail` holds our own numbers and words: limits, measured values.
    """

    def __init__(self, code: str, detail: Detail | None = None) -> None:
        if code not in CODES:
            raise ValueError(code)
        super().__init__(code)
        self.code = code
        self.detail: dict[str, str | int | float] = dict(detail or {})


class MediaUnavailable(Exception):
    """The portal could not do the work (helper process gone, a child that cannot be confined): try again later.

    `reason` is a word for the log, such as an exception's class name.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
