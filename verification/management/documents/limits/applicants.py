"""The limits that applicants meet."""

from verification.management.documents.limits.row import photo, text, then, video

_REVIEW = "nothing: the case goes to a reviewer"
_LINK = "It may be incomplete, have run out or been replaced by a newer one. Here is what to do:"
_BUSY = "Nothing was changed. Go back and try again in a minute."

APPLICANTS = (
    photo("media.facts:MAX_PHOTO_UPLOAD", "Size of an ID photo", "bytes", "image_too_large"),
    photo("media.photo:MAX_JPEG_PIXELS", "Pixels of an ID photo", "pixels", "image_too_many_pixels"),
    photo(
        "media.photo:MAX_PIXELS",
        "Pixels of a PNG, HEIC or progressive JPEG",
        "pixels",
        "image_too_many_pixels",
    ),
    then(
        "pages.document:PIXELS_SENT",
        "Pixels of an ID photo as the page sends it",
        "pixels",
        "nothing: the page makes it smaller, if its browser can",
    ),
    photo("media.photo:MIN_SIDE", "Shorter side of an ID photo, at least", "pixels", "image_too_small"),
    photo(
        "media.photo:MAX_ASPECT", "Longer side of an ID photo", "times the shorter", "image_bad_dimensions"
    ),
    photo("actions.document:MAX_PER_HOUR", "Photos of a case", "an hour", "too_many_photos"),
    photo(
        "evidence.media_tries:MAX_REFUSED",
        "Photos of a case that were of no use, and as many recordings",
        "an hour",
        "too_many_refused",
    ),
    photo(
        "evidence.media_tries:MAX_AT_ONCE",
        "Photos and recordings of a case being checked or waiting for it, in each web process",
        "",
        "too_many_at_once",
    ),
    video("media.facts:MAX_VIDEO_UPLOAD", "Size of a recording", "bytes", "video_too_large"),
    video("media.probe:MIN_SECONDS", "Length of a recording, at least", "s", "video_too_short"),
    video("media.probe:MAX_SECONDS", "Length of a recording", "s", "video_too_long"),
    video("media.probe:MIN_RATE", "Pictures of a recording, at least", "a second", "video_frame_rate"),
    video("media.probe:MAX_RATE", "Pictures of a recording", "a second", "video_frame_rate"),
    video("media.facts:MAX_PICTURES", "Pictures of a recording", "in all", "video_frame_rate"),
    video("media.probe:MIN_SIDE", "Shorter side of a recording, at least", "pixels", "video_resolution"),
    video("media.probe:MAX_ASPECT", "Longer side of a recording", "times the shorter", "video_resolution"),
    video(
        "media.containers:MAX_PIXELS", "Pixels of one picture of a recording", "pixels", "video_resolution"
    ),
    video(
        "evidence.challenges:LIFETIME", "From a challenge to its upload's first byte", "", "challenge_expired"
    ),
    text(
        "actions.challenge:MAX_PER_HOUR",
        "Challenges of a case",
        "an hour",
        "You have made many recordings in a short time. Please take a break and come back in an hour.",
    ),
    video(
        "actions.receive_parts:GRACE",
        "From there to the end of a recording in one piece",
        "",
        "challenge_expired",
    ),
    video("actions.receive_parts:MAX_PART", "Size of one part of a recording", "bytes", "video_too_large"),
    then(
        "actions.receive_parts:MIN_PART",
        "Size of a part that the page sends over a slow line, at least",
        "bytes",
        "nothing: the upload takes longer",
    ),
    video("actions.receive_parts:MAX_PARTS", "Parts of a recording", "", "chunk_mismatch"),
    video(
        "actions.receive_parts:MAX_UPLOAD_TIME",
        "From the first part of a recording to the last",
        "",
        "challenge_expired",
    ),
    video(
        "actions.receive_parts:QUOTA",
        "Received through one link, kept or not",
        "bytes",
        "upload_quota_reached",
    ),
    video("pages.uploads.body:MAX_UPLOAD_TIME", "Time for one request with a file", "", "upload_too_slow"),
    video("slow_clients:MAX_UPLOADS_OF_CASE", "Uploads of one case under way", "", "too_many_at_once"),
    video("slow_clients:MAX_UPLOADS", "Uploads under way in one process", "", "busy"),
    video("pages.uploads.body:MAX_FORM_PARTS", "Fields and files of a form", "", "too_many_parts"),
    photo("pages.uploads:FORM_OVERHEAD_BYTES", "The form around a file", "bytes", "image_too_large"),
    then(
        "pages.uploads:DRAIN_FACTOR",
        "Read of a body that is refused",
        "times what it may be",
        "nothing: the connection ends, the browser shows no answer",
    ),
    then(
        "pages.capture_signals:MAX_PROMPTS",
        "Prompts among the capture signals",
        "",
        "nothing: the rest is left out",
    ),
    then(
        "pages.capture_signals:MAX_NUMBER",
        "A number among the capture signals",
        "",
        "nothing: it is left out",
    ),
    text(
        "settings:DATA_UPLOAD_MAX_MEMORY_SIZE",
        "A form without a file",
        "bytes",
        "Your browser sent something we don't understand. Go back and try again.",
    ),
    text(
        "actions.bind:MAX_CHANGES",
        "Changes to a browser or device that did not begin with the link",
        "",
        "This link was used on too many devices, so the check can't be continued here. It goes on where it was begun. "
        "What was sent before is kept.",
    ),
    text(
        "links:MAX_ENCODINGS",
        "Times that mail filters encoded a link, which opens all the same",
        "",
        "It may be incomplete, have run out or been replaced by a newer one. Here is what to do:",
    ),
    then(
        "links:MAX_PARKED",
        "Other cases that a browser knows again",
        "",
        "nothing: it counts as another browser",
    ),
    text(
        "slow_clients:FORM_SECONDS",
        "Time for a form or an API call to arrive, of staff too",
        "s",
        "Nothing was changed. Go back and try again, with a better connection if you can.",
    ),
    text("slow_clients:MAX_FORMS", "Of them, those that arrive slowly, in one process", "", _BUSY),
    text("slow_clients:MAX_FORMS_OF_ADDRESS", "Of these, those from one address", "", _BUSY),
    then("review.policy.form:RANGES[max_attempts]", "Attempts that count", "", _REVIEW),
    text("review.policy.form:RANGES[link_days]", "Life of a link", "days", _LINK),
)
