"""Check and normalisation of valid and hostile recordings, in this process, without the child."""

import io
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from kyc_portal.sandbox.drawing import draw_frame
from tests.unit.media import hostile
from tests.unit.media.hostile import SMALL, small_clip
from verification.media import probe, video
from verification.media.errors import UnusableMedia
from verification.media.facts import MAX_VIDEO_UPLOAD
from verification.media.probe import probe_video
from verification.media.transcode import USUAL_SIDES, transcode
from verification.media.video import MAX_VIDEO_BYTES, check_video, cut_frame, normalise_video, shrink_video


def refusal(data: bytes) -> str:
    """The code with which both check and normalisation refuse the file."""
    with pytest.raises(UnusableMedia) as checked:
        check_video(data)
    with pytest.raises(UnusableMedia) as normalised:
        normalise_video(data)
    assert checked.value.code == normalised.value.code
    return checked.value.code


def likeness(jpeg: bytes, at: float) -> float:
    """Mean difference of brightness between a frame and the picture drawn for that time, 0 to 255."""
    drawn = draw_frame(1, SMALL, at).convert("L")
    frame = Image.open(io.BytesIO(jpeg)).resize(SMALL).convert("L")
    return ImageStat.Stat(ImageChops.difference(frame, drawn)).mean[0]


PLAIN: dict[str, dict[str, Any]] = {
    "mp4": {},
    "fragmented mp4": {"fragmented": True},
    "matroska": {"container": "matroska"},
}
OTHERS: dict[str, dict[str, Any]] = {
    "vp8 webm": {"container": "webm", "codec": "libvpx"},
    "vp9 webm": {"container": "webm", "codec": "libvpx-vp9"},
    "vp9 mp4": {"codec": "libvpx-vp9"},
    "hevc mp4": {"codec": "libx265"},
    "mpeg4 mp4": {"codec": "mpeg4"},
}


@pytest.mark.parametrize("kind", PLAIN)
def test_plain_h264_is_remuxed_without_touching_its_pictures(kind: str) -> None:
    video = normalise_video(small_clip(**PLAIN[kind]))
    assert video.method == "remux"
    assert video.facts.frames == 24
    assert video.facts.duration == pytest.approx(2.4, abs=0.01)
    assert (video.facts.width, video.facts.height) == SMALL


@pytest.mark.parametrize("kind", OTHERS)
def test_any_other_recording_is_transcoded(kind: str) -> None:
    video = normalise_video(small_clip(**OTHERS[kind]))
    assert video.method == "transcode"
    assert (video.facts.codec, video.facts.pixel_format, video.facts.container) == ("h264", "yuv420p", "mov")
    assert (video.facts.width, video.facts.height) == (640, 480)
    assert video.facts.frames == 60
    assert likeness(cut_frame(video.mp4, 1.0), 1.0) < 6


@pytest.mark.parametrize("rotation", [90, 180, 270])
@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_a_turned_recording_comes_out_upright(rotation: int, container: str) -> None:
    video = normalise_video(small_clip(rotation=rotation, container=container))
    assert (video.source.rotation, video.facts.rotation, video.method) == (rotation, 0, "transcode")
    assert (video.facts.width, video.facts.height) == (640, 480)
    assert likeness(cut_frame(video.mp4, 1.0), 1.0) < 6


def test_an_original_that_is_turned_gives_upright_frames_too() -> None:
    assert likeness(cut_frame(small_clip(rotation=90), 1.0), 1.0) < 6


RESULTS = {
    "remuxed": lambda: small_clip(fragmented=True),
    "remuxed, with b frames": lambda: hostile.clip_with_b_frames("mp4", seconds=19),
    "transcoded": lambda: small_clip(container="webm", codec="libvpx"),
}


@pytest.mark.parametrize("kind", RESULTS)
def test_the_result_plays_before_it_is_wholly_loaded(kind: str) -> None:
    video = normalise_video(RESULTS[kind]())
    assert video.method == kind[: len(video.method)]
    assert video.mp4[4:8] == b"ftyp"
    assert 0 < video.mp4.index(b"moov") < video.mp4.index(b"mdat")
    with av.open(io.BytesIO(video.mp4), "r") as file:
        assert len(list(file.decode(video=0))) == video.facts.frames


def test_what_encoder_and_filters_were_told_is_kept() -> None:
    arguments = normalise_video(small_clip(container="webm", codec="libvpx", rotation=90)).arguments
    assert arguments["vf"].startswith("fps=25,transpose=2,scale=640:480")
    assert (arguments["preset"], arguments["b:v"], arguments["maxrate"]) == (
        "ultrafast",
        "3000000",
        "3000000",
    )
    assert normalise_video(small_clip()).arguments == {"c:v": "copy"}


@pytest.mark.parametrize("generator", ["clip_with_sound", "clip_with_extras"])
def test_all_but_the_pictures_is_left_out(generator: str) -> None:
    video = normalise_video(getattr(hostile, generator)())
    with av.open(io.BytesIO(video.mp4), "r") as file:
        assert [stream.type for stream in file.streams] == ["video"]
    assert b"script" not in video.mp4
    assert b"hidden words" not in video.mp4


def test_odd_dimensions_become_even() -> None:
    video = normalise_video(small_clip(container="webm", codec="libvpx", size=(171, 129)))
    assert video.facts.width % 2 == video.facts.height % 2 == 0


def test_large_pictures_are_scaled_down_to_640() -> None:
    video = normalise_video(hostile.clip_of_size((960, 720)))
    assert (video.facts.width, video.facts.height) == (854, 640)


def test_an_uneven_rate_becomes_an_even_one() -> None:
    video = normalise_video(hostile.clip_of_uneven_rate())
    assert video.facts.frames == pytest.approx(video.source.duration * 25, abs=2)


def test_a_recording_of_twenty_seconds_fits_the_vendors_limit() -> None:
    video = normalise_video(small_clip(container="webm", codec="libvpx", seconds=20, fps=5))
    assert video.facts.size == len(video.mp4) <= MAX_VIDEO_BYTES


def test_a_file_without_its_duration_is_measured_by_its_packets() -> None:
    clip = small_clip(container="webm", codec="libvpx")
    # Element 4489 is the duration; EC is a void element.
    without = clip.replace(b"\x44\x89\x88", b"\xec\x89\x88", 1)
    assert without != clip
    assert probe_video(without).duration == pytest.approx(2.4, abs=0.01)


def test_the_tools_that_made_it_are_named() -> None:
    tools = normalise_video(small_clip()).tools
    assert {"pyav", "libavcodec", "libavformat"} <= set(tools)


def test_a_frame_beyond_the_end_is_the_last_one() -> None:
    source = small_clip()
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
def test_any_other_container_is_refused(kind: str) -> None:
    assert refusal(OTHER_FILES[kind]) == "unsupported_video_type"


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"") == "empty_file"


def test_a_codec_that_is_not_for_recording_is_refused() -> None:
    assert refusal(small_clip(codec="mjpeg")) == "unsupported_video_codec"


@pytest.mark.parametrize("start", [b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", b"\x1aE\xdf\xa3"])
@pytest.mark.parametrize("rest", [b"", b"\xa5\x5a\x13" * 3000])
def test_a_beginning_followed_by_nonsense_is_corrupt(start: bytes, rest: bytes) -> None:
    assert refusal(start + rest) == "video_corrupt"


@pytest.mark.parametrize("kind", ["mp4", "fragmented mp4", "matroska", "vp8 webm"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_recording_cut_off_is_corrupt(kind: str, share: float) -> None:
    whole = small_clip(**(PLAIN | OTHERS)[kind])
    assert refusal(whole[: int(len(whole) * share)]) == "video_corrupt"


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
def test_what_no_camera_records_is_refused(generator: str) -> None:
    assert refusal(getattr(hostile, generator)()) == REFUSED[generator]


@pytest.mark.parametrize("options", [{"seconds": 0.2}, {"seconds": 0.1}, {"seconds": 1.8}])
def test_a_recording_that_is_too_short_is_refused(options: dict[str, float]) -> None:
    assert refusal(small_clip(**options)) == "video_too_short"


def test_a_recording_that_is_too_long_is_refused() -> None:
    assert refusal(small_clip(seconds=25, fps=5)) == "video_too_long"
    assert refusal(hostile.clip_with_gap(36_000)) == "video_too_long"


def test_a_slide_show_is_refused() -> None:
    assert refusal(small_clip(seconds=4, fps=1)) == "video_frame_rate"


@pytest.mark.parametrize("size", [(64, 48), (2000, 1980), (800, 128)])
def test_pictures_too_small_too_large_or_too_long_are_refused(size: tuple[int, int]) -> None:
    assert refusal(hostile.clip_of_size(size, count=1)) == "video_resolution"


def test_an_upload_over_the_limit_is_refused() -> None:
    assert refusal(small_clip() + bytes(MAX_VIDEO_UPLOAD)) == "video_too_large"


def test_bytes_behind_a_webm_do_not_pass() -> None:
    clip = small_clip(container="webm", codec="libvpx") + b"<script>alert(1)</script>"
    assert b"script" not in normalise_video(clip).mp4


def test_bytes_behind_an_mp4_are_refused() -> None:
    assert refusal(small_clip() + b"<script>alert(1)</script>") == "video_corrupt"


@pytest.mark.parametrize("kind", ["fragmented mp4", "vp8 webm"])
@pytest.mark.parametrize("seed", range(15))
def test_a_recording_with_flipped_bytes_is_either_used_or_refused(kind: str, seed: int) -> None:
    clip = hostile.flipped(small_clip(**(PLAIN | OTHERS)[kind]), seed, count=4)
    with suppress(UnusableMedia):
        assert len(normalise_video(clip).mp4) <= MAX_VIDEO_BYTES


def test_a_live_recording_of_unknown_sizes_is_taken() -> None:
    live = hostile.with_unknown_sizes(small_clip(container="webm", codec="libvpx"))
    assert check_video(live).facts.duration == pytest.approx(2.4, abs=0.01)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_live_recording_cut_off_is_corrupt(share: float) -> None:
    live = hostile.with_unknown_sizes(small_clip(container="webm", codec="libvpx"))
    assert refusal(live[: int(len(live) * share)]) == "video_corrupt"


def test_pictures_that_the_decoder_had_to_patch_up_are_corrupt() -> None:
    assert refusal(hostile.damaged_pictures(small_clip())) == "video_corrupt"


@pytest.mark.parametrize("claimed", [1, 5, 36_000])
def test_what_the_headers_say_of_the_length_is_not_believed(claimed: int) -> None:
    honest = small_clip()
    lying = hostile.with_header_duration(honest, claimed)
    assert lying != honest
    assert normalise_video(lying).facts.duration == pytest.approx(2.4, abs=0.01)
    assert refusal(hostile.with_header_duration(small_clip(seconds=25, fps=5), claimed)) == "video_too_long"


ODD_TIMES = {
    "an hour late": hostile.clip_that_starts_late,
    "negative, mp4": lambda: hostile.clip_with_b_frames("mp4"),
    "negative, matroska": lambda: hostile.clip_with_b_frames("matroska"),
}


@pytest.mark.parametrize("kind", ODD_TIMES)
def test_first_times_other_than_zero_are_no_matter(kind: str) -> None:
    video = normalise_video(ODD_TIMES[kind]())
    assert video.source.duration == pytest.approx(2.4, abs=0.05)
    assert video.facts.duration == pytest.approx(2.4, abs=0.05)
    with av.open(io.BytesIO(video.mp4), "r") as file:
        assert next(file.decode(video=0)).time == 0.0


def test_ten_thousand_pictures_a_second_are_refused() -> None:
    assert refusal(hostile.clip_of_many_frames(20_000, seconds=2)) == "video_frame_rate"


def test_an_unusual_codec_is_named() -> None:
    with pytest.raises(UnusableMedia) as caught:
        check_video(small_clip(codec="mjpeg"))
    assert caught.value.detail == {"codec": "mjpeg"}


@pytest.mark.parametrize("codec", ["libx265", "libsvtav1", "mpeg4"])
def test_other_codecs_are_taken_where_there_is_a_decoder(codec: str) -> None:
    assert normalise_video(small_clip(codec=codec)).facts.codec == "h264"


NEST = {
    "a box of 4 GB": hostile.MP4_START + b"\xff\xff\xff\xffmoov" + bytes(64),
    "boxes 10,000 deep": hostile.deep_boxes(),
    "clusters 10,000 deep": hostile.endless_elements(),
}


@pytest.mark.parametrize("kind", NEST)
def test_sizes_and_depths_no_file_has_are_corrupt(kind: str) -> None:
    assert refusal(NEST[kind]) == "video_corrupt"


def test_bits_are_saved_until_it_fits_or_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = hostile.noise_clip()
    first = normalise_video(noise)
    assert first.arguments["b:v"] == "3000000"
    monkeypatch.setattr(video, "MAX_VIDEO_BYTES", len(first.mp4) - 1)
    assert normalise_video(noise).facts.size < len(first.mp4)
    monkeypatch.setattr(video, "CONTAINER_ROOM", 0)
    monkeypatch.setattr(video, "MAX_VIDEO_BYTES", 10_000)
    with pytest.raises(UnusableMedia, match="video_cannot_fit"):
        normalise_video(noise)


@pytest.mark.parametrize("codec", ["libx264", "libvpx", "libvpx-vp9", "libsvtav1"])
def test_a_frozen_picture_is_noticed(codec: str) -> None:
    assert refusal_of_check(hostile.still_clip(codec=codec)) == "video_no_motion"


@pytest.mark.parametrize("codec", ["libx264", "libvpx", "libvpx-vp9", "libsvtav1"])
@pytest.mark.parametrize("light", [0.3, 1.0])
def test_a_person_who_only_sways_a_little_is_no_frozen_picture(codec: str, light: float) -> None:
    swaying = hostile.still_clip(grain=True, sway=2, codec=codec, light=light)
    assert check_video(swaying).frame_hashes


def test_a_black_picture_is_noticed() -> None:
    assert refusal_of_check(hostile.still_clip(grain=True, light=0.0)) == "video_too_dark"


def test_a_person_in_a_dim_room_is_not_too_dark() -> None:
    assert check_video(hostile.still_clip(grain=True, sway=8, light=0.1)).frame_hashes


def refusal_of_check(data: bytes) -> str:
    with pytest.raises(UnusableMedia) as caught:
        check_video(data)
    return caught.value.code


EXACT, FINE = slice(0, 16), slice(32, 96)


def test_a_hash_for_every_picture() -> None:
    hashes = check_video(small_clip()).frame_hashes
    assert len(hashes) == 24
    assert {len(bytes.fromhex(each)) for each in hashes} == {48}


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_copied_pictures_have_the_same_hashes(container: str) -> None:
    clip = hostile.keyed_clip()
    whole = check_video(clip).frame_hashes
    assert check_video(normalise_video(clip).mp4).frame_hashes == whole
    part = check_video(hostile.trimmed(clip, container=container, start=1.0)).frame_hashes
    assert 0 < len(part) < len(whole)
    assert part == whole[-len(part) :]


def test_pictures_encoded_anew_still_look_alike_but_are_not_the_same() -> None:
    clip = small_clip(size=(640, 480), fps=25)
    facts = probe_video(clip)
    encoded = transcode(clip, facts, 2_000_000, USUAL_SIDES)
    whole, again = (check_video(each).frame_hashes for each in (clip, encoded))
    assert not {each[EXACT] for each in whole} & {each[EXACT] for each in again}
    assert furthest(whole, again) <= 10


def test_another_person_does_not_look_alike() -> None:
    one, other = (check_video(small_clip(seed=seed)).frame_hashes for seed in (1, 2))
    assert min(distance(a, b) for a in one for b in other) > 20


def furthest(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """The largest distance of a picture of one clip to the nearest of the other, in bits of 256."""
    return max(min(distance(a, b) for b in other) for a in one)


def distance(one: str, other: str) -> int:
    return (int(one[FINE], 16) ^ int(other[FINE], 16)).bit_count()


def of_size(kind: bytes, *numbers: int) -> Callable[[], bytes]:
    """A clip with these sizes in its boxes of that kind."""
    content = struct.pack(f"!{len(numbers)}I", *numbers)
    return lambda: hostile.with_box_contents(small_clip(), kind, content)


def noted(kind: int, content: bytes) -> Callable[[], bytes]:
    return lambda: hostile.with_element(small_clip(container="webm", codec="libvpx"), kind, content)


COSTLY = {
    "tags": (noted(0x1254C367, hostile.element(0x7373, b"\x67\xc8\x80" * 30_000)), "video_corrupt"),
    "chapters": (noted(0x1043A770, b"\x45\xb9\x80" * 30_000), "video_corrupt"),
    "attachments": (noted(0x1941A469, b"\x61\xa7\x80" * 30_000), "video_corrupt"),
    "cues": (noted(0x1C53BB6B, b"\xbb\x80" * 40_000), "video_corrupt"),
    "places to seek to": (noted(0x114D9B74, b"\x4d\xbb\x80" * 30_000), "video_corrupt"),
    "empty elements": (noted(0x1F43B675, b"\xec\x80" * 60_000), "video_corrupt"),
    "tables": (
        lambda: hostile.with_moov_box(small_clip(), [b"moov"], b"free", bytes(600_000)),
        "video_corrupt",
    ),
    "packed tables": (lambda: hostile.with_moov_box(small_clip(), [b"moov"], b"cmov", b""), "video_corrupt"),
    "edits": (of_size(b"edts", 28, int.from_bytes(b"elst"), 0, 5000, 0, 0, 0), "video_corrupt"),
    "sizes": (of_size(b"stsz", 0, 1, 5_000_000), "video_frame_rate"),
    "times": (of_size(b"stts", 0, 2, 150_000, 1, 150_000, 1), "video_frame_rate"),
    "orders": (
        lambda: hostile.with_box_contents(
            hostile.clip_with_b_frames(), b"ctts", struct.pack("!4I", 0, 1, 1 << 31, 1)
        ),
        "video_frame_rate",
    ),
    "fragments": (
        lambda: hostile.with_box_contents(
            small_clip(fragmented=True), b"trun", struct.pack("!II", 0, 1 << 30)
        ),
        "video_frame_rate",
    ),
    "AV1 pictures shown again": (lambda: hostile.clip_that_shows_again(50_000), "video_frame_rate"),
    "VP9 pictures shown again": (hostile.clip_of_full_packets, "video_frame_rate"),
}


@pytest.mark.parametrize("kind", COSTLY)
def test_a_small_file_that_asks_for_much_work_is_refused(kind: str) -> None:
    make, code = COSTLY[kind]
    if kind in ("AV1 pictures shown again", "VP9 pictures shown again"):
        assert refusal_of_check(make()) == code
    else:
        assert refusal(make()) == code


def test_more_pixels_in_all_than_any_recording_has_are_refused_before_they_are_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clip = small_clip()
    monkeypatch.setattr(probe, "MAX_PIXELS_IN_ALL", 24 * SMALL[0] * SMALL[1])
    assert check_video(clip).facts.frames == 24
    monkeypatch.setattr(probe, "MAX_PIXELS_IN_ALL", 24 * SMALL[0] * SMALL[1] - 1)
    assert refusal(clip) == "video_resolution"


def test_a_matroska_file_may_not_send_its_reader_elsewhere() -> None:
    live = hostile.with_unknown_sizes(small_clip(container="webm", codec="libvpx"))
    tags = hostile.element(0x1254C367, b"\x73\x73\x80" * 10)
    place = hostile.element(0x4DBB, b"\x53\xab\x84\x12\x54\xc3\x67" + b"\x53\xac\x84" + len(live).to_bytes(4))
    sent = hostile.with_element(live, 0x114D9B74, place) + hostile.element(0xEC, tags)
    assert check_video(sent).facts.frames == 24


SIZES = {"as it is": (320, 240), "scaled down": (1280, 960), "upright": (720, 1280)}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_smaller_copy_is_never_scaled_up_and_has_fewer_bytes(size: tuple[int, int]) -> None:
    noise = hostile.noise_clip(size)
    first = normalise_video(noise)
    second = shrink_video(noise, len(first.mp4) // 2)
    assert len(second.mp4) <= len(first.mp4) * 0.6
    assert min(second.facts.width, second.facts.height) == min(480, *size)
    assert second.method == "transcode"
    assert second.facts.duration == pytest.approx(first.facts.duration, abs=0.5)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_smaller_copy_is_upright_and_no_blur(rotation: int) -> None:
    video = shrink_video(small_clip(rotation=rotation), 1)
    assert (video.facts.rotation, video.arguments["b:v"]) == (0, "250000")
    assert likeness(cut_frame(video.mp4, 1.2), 1.2) < 12
