"""What becomes of recordings, good and hostile; all in this process, without the child."""

import io
from contextlib import suppress
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from kyc_portal.sandbox.drawing import draw_frame
from tests.unit.media import hostile
from tests.unit.media.hostile import SMALL, small_clip
from verification.media.errors import UnusableMedia
from verification.media.facts import MAX_VIDEO_UPLOAD, NormalisedVideo
from verification.media.video import MAX_VIDEO_BYTES, cut_frame, normalise_video, probe_video


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "recording"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "normalised.mp4"


def normalised(data: bytes, source: Path, target: Path) -> NormalisedVideo:
    source.write_bytes(data)
    return normalise_video(source, target)


def refusal(data: bytes, source: Path, target: Path) -> str:
    with pytest.raises(UnusableMedia) as caught:
        normalised(data, source, target)
    assert not target.exists()
    return caught.value.code


def likeness(jpeg: bytes, at: float) -> float:
    """Mean difference of brightness between a frame and what was drawn for that time, 0 to 255."""
    drawn = draw_frame(1, SMALL, at).convert("L")
    frame = Image.open(io.BytesIO(jpeg)).resize(SMALL).convert("L")
    return ImageStat.Stat(ImageChops.difference(frame, drawn)).mean[0]


PLAIN = {
    "mp4": {},
    "fragmented mp4": {"fragmented": True},
    "matroska": {"container": "matroska"},
}
OTHERS = {
    "vp8 webm": {"container": "webm", "codec": "libvpx"},
    "vp9 webm": {"container": "webm", "codec": "libvpx-vp9"},
    "vp9 mp4": {"codec": "libvpx-vp9"},
    "hevc mp4": {"codec": "libx265"},
    "mpeg4 mp4": {"codec": "mpeg4"},
}


@pytest.mark.parametrize("kind", PLAIN)
def test_plain_h264_is_remuxed_without_touching_its_pictures(kind: str, source: Path, target: Path) -> None:
    video = normalised(small_clip(**PLAIN[kind]), source, target)
    assert video.method == "remux"
    assert (video.facts.frames, video.facts.duration) == (24, pytest.approx(2.4, abs=0.01))
    assert (video.facts.width, video.facts.height) == SMALL


@pytest.mark.parametrize("kind", OTHERS)
def test_any_other_recording_is_transcoded(kind: str, source: Path, target: Path) -> None:
    video = normalised(small_clip(**OTHERS[kind]), source, target)
    assert video.method == "transcode"
    assert (video.facts.codec, video.facts.pixel_format, video.facts.container) == ("h264", "yuv420p", "mov")
    assert (video.facts.width, video.facts.height) == (640, 480)
    assert video.facts.frames == 60
    assert likeness(cut_frame(target, 1.0), 1.0) < 6


@pytest.mark.parametrize("rotation", [90, 180, 270])
@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_a_turned_recording_comes_out_upright(
    rotation: int, container: str, source: Path, target: Path
) -> None:
    video = normalised(small_clip(rotation=rotation, container=container), source, target)
    assert (video.source.rotation, video.facts.rotation, video.method) == (rotation, 0, "transcode")
    assert (video.facts.width, video.facts.height) == (640, 480)
    assert likeness(cut_frame(target, 1.0), 1.0) < 6


def test_an_original_that_is_turned_gives_upright_frames_too(source: Path) -> None:
    source.write_bytes(small_clip(rotation=90))
    assert likeness(cut_frame(source, 1.0), 1.0) < 6


def test_the_result_plays_before_it_is_wholly_loaded(source: Path, target: Path) -> None:
    normalised(small_clip(fragmented=True), source, target)
    data = target.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_sound_is_left_out(source: Path, target: Path) -> None:
    normalised(hostile.clip_with_sound(), source, target)
    with av.open(str(target)) as file:
        assert [stream.type for stream in file.streams] == ["video"]


def test_odd_dimensions_become_even(source: Path, target: Path) -> None:
    video = normalised(small_clip(container="webm", codec="libvpx", size=(171, 129)), source, target)
    assert video.facts.width % 2 == video.facts.height % 2 == 0


def test_large_pictures_are_scaled_down_to_640(source: Path, target: Path) -> None:
    video = normalised(hostile.clip_of_size((960, 720)), source, target)
    assert (video.facts.width, video.facts.height) == (854, 640)


def test_an_uneven_rate_becomes_an_even_one(source: Path, target: Path) -> None:
    video = normalised(hostile.clip_of_uneven_rate(), source, target)
    assert video.facts.frames == pytest.approx(video.source.duration * 25, abs=2)


def test_a_recording_of_twenty_seconds_fits_the_vendors_limit(source: Path, target: Path) -> None:
    video = normalised(small_clip(container="webm", codec="libvpx", seconds=20, fps=5), source, target)
    assert video.size == target.stat().st_size <= MAX_VIDEO_BYTES


def test_a_file_without_its_duration_is_measured_by_its_packets(source: Path) -> None:
    clip = small_clip(container="webm", codec="libvpx")
    # Element 4489 is the duration; EC is one that every reader skips.
    source.write_bytes(clip.replace(b"\x44\x89\x88", b"\xec\x81\x00" + b"\xec", 1))
    assert probe_video(source).duration == pytest.approx(2.4, abs=0.01)


def test_the_tools_that_made_it_are_named(source: Path, target: Path) -> None:
    tools = normalised(small_clip(), source, target).tools
    assert {"pyav", "libavcodec", "libavformat"} <= set(tools)


def test_a_frame_beyond_the_end_is_the_last_one(source: Path) -> None:
    source.write_bytes(small_clip())
    assert cut_frame(source, 99.0) == cut_frame(source, 2.35)
    assert cut_frame(source, float("nan")) == cut_frame(source, -1.0) == cut_frame(source, 0.0)


OTHER_FILES = {
    "text": b"just some words in a row",
    "zip": b"PK\3\4" + bytes(64),
    "play list": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "concat script": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "jpeg": b"\xff\xd8\xff\xe0" + bytes(64),
    "avi": small_clip(container="avi"),
    "flv": small_clip(container="flv"),
}


@pytest.mark.parametrize("kind", OTHER_FILES)
def test_any_other_container_is_refused(kind: str, source: Path, target: Path) -> None:
    assert refusal(OTHER_FILES[kind], source, target) == "unsupported_video_type"


def test_an_empty_file_is_refused(source: Path, target: Path) -> None:
    assert refusal(b"", source, target) == "empty_file"


def test_a_codec_that_is_not_for_recording_is_refused(source: Path, target: Path) -> None:
    assert refusal(small_clip(codec="mjpeg"), source, target) == "unsupported_video_codec"


@pytest.mark.parametrize("start", [b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", b"\x1aE\xdf\xa3"])
@pytest.mark.parametrize("rest", [b"", b"\xa5\x5a\x13" * 3000])
def test_a_beginning_followed_by_nonsense_is_corrupt(
    start: bytes, rest: bytes, source: Path, target: Path
) -> None:
    assert refusal(start + rest, source, target) == "video_corrupt"


@pytest.mark.parametrize("kind", ["mp4", "fragmented mp4", "matroska", "vp8 webm"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_recording_cut_off_is_corrupt(kind: str, share: float, source: Path, target: Path) -> None:
    whole = small_clip(**(PLAIN | OTHERS)[kind])
    assert refusal(whole[: int(len(whole) * share)], source, target) == "video_corrupt"


REFUSED = {
    "audio_only": "video_no_picture",
    "two_pictures": "video_too_many_tracks",
    "many_tracks": "video_too_many_tracks",
    "encrypted_clip": "video_encrypted",
    "clip_that_points_elsewhere": "video_external_reference",
    "clip_of_many_frames": "video_frame_rate",
    "clip_that_changes_size": "video_resolution_changes",
    "clip_larger_than_declared": "video_corrupt",
}


@pytest.mark.parametrize("generator", REFUSED)
def test_what_no_camera_records_is_refused(generator: str, source: Path, target: Path) -> None:
    assert refusal(getattr(hostile, generator)(), source, target) == REFUSED[generator]


@pytest.mark.parametrize("options", [{"seconds": 0.2}, {"seconds": 0.1}, {"seconds": 1.8}])
def test_a_recording_that_is_too_short_is_refused(
    options: dict[str, float], source: Path, target: Path
) -> None:
    assert refusal(small_clip(**options), source, target) == "video_too_short"


def test_a_recording_that_is_too_long_is_refused(source: Path, target: Path) -> None:
    assert refusal(small_clip(seconds=25, fps=5), source, target) == "video_too_long"
    assert refusal(hostile.clip_with_gap(36_000), source, target) == "video_too_long"


def test_a_slide_show_is_refused(source: Path, target: Path) -> None:
    assert refusal(small_clip(seconds=4, fps=1), source, target) == "video_frame_rate"


@pytest.mark.parametrize("size", [(64, 48), (2000, 1980), (800, 128)])
def test_pictures_too_small_too_large_or_too_long_are_refused(
    size: tuple[int, int], source: Path, target: Path
) -> None:
    assert refusal(hostile.clip_of_size(size, count=1), source, target) == "video_resolution"


def test_an_upload_over_the_limit_is_refused(source: Path, target: Path) -> None:
    assert refusal(small_clip() + bytes(MAX_VIDEO_UPLOAD), source, target) == "video_too_large"


def test_bytes_behind_a_webm_do_not_pass(source: Path, target: Path) -> None:
    normalised(small_clip(container="webm", codec="libvpx") + b"<script>alert(1)</script>", source, target)
    assert b"script" not in target.read_bytes()


def test_bytes_behind_an_mp4_are_refused(source: Path, target: Path) -> None:
    assert refusal(small_clip() + b"<script>alert(1)</script>", source, target) == "video_corrupt"


@pytest.mark.parametrize("kind", ["fragmented mp4", "vp8 webm"])
@pytest.mark.parametrize("seed", range(15))
def test_a_recording_with_flipped_bytes_is_either_used_or_refused(
    kind: str, seed: int, source: Path, target: Path
) -> None:
    clip = hostile.flipped(small_clip(**(PLAIN | OTHERS)[kind]), seed, count=4)
    with suppress(UnusableMedia):
        assert normalised(clip, source, target).size == target.stat().st_size
