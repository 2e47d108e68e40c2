"""The limits inside of photos and recordings, and of the child process that opens them."""

from verification.management.documents.limits.row import photo, text, then, video

MEDIA = (
    video("media.confinement:MEMORY", "Memory of a media child", "bytes", "media_out_of_memory"),
    video("media.confinement:CPU_SECONDS", "Processor time of a media child", "s", "media_timeout"),
    text(
        "media.child:TIMEOUT",
        "A media child, by the clock",
        "s",
        "It is not your fault, and it does not count. Please try again in a minute.",
    ),
    text(
        "media.child:PATIENCE",
        "Waiting for a media child's turn",
        "s",
        "It is not your fault, and it does not count. Please try again in a minute.",
    ),
    then("media:ADVICE_TIMEOUT", "Looking at a photo for advice", "s", "nothing: there is no advice"),
    photo("media.photo:MAX_STORED_SIDE", "A side of an ID photo", "pixels", "image_bad_dimensions"),
    photo("media.image_files:MAX_SEGMENTS", "Segments of a JPEG", "", "image_too_complex"),
    photo("media.image_files:MAX_SCANS", "Scans of a JPEG", "", "image_too_complex"),
    photo("media.image_files:MAX_CHUNKS", "Chunks of a PNG", "", "image_too_complex"),
    photo("media.image_files:MAX_OTHER_CHUNKS", "Chunks of a PNG without picture", "", "image_too_complex"),
    then("media.photo:MAX_ICC_PROFILE", "A photo's colour profile", "bytes", "nothing: it is not used"),
    then("media.photo:MAX_SIDE", "A side of a normalised photo", "pixels", "nothing: it is made smaller"),
    photo("media.photo:MAX_PHOTO_BYTES", "A normalised photo", "bytes", "image_too_large"),
    video("media.probe:MAX_TRACKS", "Tracks of a recording", "", "video_too_many_tracks"),
    video(
        "media.probe:MAX_PIXELS_IN_ALL", "Pixels of all pictures of a recording", "pixels", "video_resolution"
    ),
    video(
        "media.probe:MAX_PICTURES_A_PACKET",
        "Pictures of a recording beyond one for each packet",
        "",
        "video_frame_rate",
    ),
    video("media.probe:MAX_UNITS", "Units of a packet of AV1", "", "video_frame_rate"),
    video("media.probe:MAX_FRAME_UNITS", "Pictures of a packet of AV1", "", "video_frame_rate"),
    video("media.outline:MAX_BOXES", "Boxes of an MP4", "", "video_corrupt"),
    video("media.outline:MAX_ELEMENTS", "Elements of a Matroska or WebM file", "", "video_corrupt"),
    video("media.outline:MAX_TABLES", "Tables of an MP4", "bytes", "video_corrupt"),
    video(
        "media.outline:MAX_TABLE",
        "Tracks, tags, chapters, attachments or indexes of a Matroska or WebM file",
        "bytes",
        "video_corrupt",
    ),
    video("media.outline:MAX_SAMPLES", "Samples that an MP4 lists", "", "video_frame_rate"),
    video("media.outline:MAX_EDITS", "Edits of an MP4", "", "video_corrupt"),
    then(
        "media.video:MAX_REMUX_PIXELS",
        "A picture that is passed on as it is",
        "pixels",
        "nothing: it is transcoded",
    ),
    then(
        "media.video:MAX_REMUX_RATE",
        "Pictures that are passed on as they are",
        "a second",
        "nothing: they are transcoded",
    ),
    then(
        "media.transcode:MIN_SHORT_SIDE",
        "Shorter side of a transcoded recording, at least",
        "pixels",
        "nothing",
    ),
    then("media.transcode:MAX_SHORT_SIDE", "Shorter side of a transcoded recording", "pixels", "nothing"),
    then("media.transcode:MAX_BIT_RATE", "A transcoded recording", "bits a second", "nothing"),
    then(
        "media.transcode:MIN_BIT_RATE",
        "The smaller copy of a recording that the vendor refused, at least",
        "bits a second",
        "nothing",
    ),
    video("media.transcode:MAX_FRAMES", "Pictures of a transcoded recording", "", "video_too_long"),
    video("media.video:MAX_VIDEO_BYTES", "A normalised recording", "bytes", "video_cannot_fit"),
)
