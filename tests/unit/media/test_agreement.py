"""What the check accepts, preparing accepts: both measure the same pictures, and the result holds exactly these."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.media import hostile, recorded
from tests.unit.media.recorded import TURNS
from verification.media.errors import UnusableMedia
from verification.media.facts import NormalisedVideo
from verification.media.video import check_video, normalise_video, shrink_video

SECONDS = 4.0
Kind = tuple[str, str, int, int, bool]
# Format, container, B-frames, pictures from one key frame to the next, fragmented.
KINDS: list[Kind] = [
    ("libx264", "mp4", 0, 15, False),
    ("libx264", "mp4", 2, 15, False),
    ("libx264", "mp4", 2, 100, True),
    ("libx265", "mp4", 2, 15, False),
    ("libvpx", "webm", 0, 15, False),
    ("libvpx-vp9", "mp4", 0, 15, False),
    ("mpeg4", "mp4", 0, 15, False),
]


def made(kind: Kind, turn: tuple[int, bool] = (0, False)) -> bytes:
    codec, container, between, keys, fragmented = kind
    return recorded.clip(
        codec=codec,
        container=container,
        between=between,
        keys=keys,
        fragmented=fragmented,
        turn=turn,
        seconds=SECONDS,
    )


def agreed(data: bytes) -> NormalisedVideo | None:
    """The prepared recording, after comparing it with what the check says; None if both refuse it for one reason."""
    try:
        checked = check_video(data)
    except UnusableMedia as refused:
        with pytest.raises(UnusableMedia, match=refused.code):
            normalise_video(data)
        return None
    video = normalise_video(data)
    assert video.source == checked.facts
    assert normalise_video(data, len(checked.frame_hashes), checked.facts.pixel_format) == video
    assert video.facts.duration == pytest.approx(checked.facts.duration, abs=0.12)
    assert len(checked.frame_hashes) <= checked.facts.frames
    if video.method == "remux":
        assert video.facts.frames == checked.facts.frames
        assert check_video(video.mp4).frame_hashes == checked.frame_hashes
    return video


CONTAINERS = st.sampled_from(["mp4", "mp4 in fragments", "matroska"])
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}


@settings(max_examples=25)
@given(
    st.sampled_from(KINDS),
    st.sampled_from(TURNS),
    CONTAINERS,
    st.sampled_from([0.0, 0.3, 0.7, 1.5, 1.9, 2.5]),
    st.sampled_from([0.0, 0.4, 5.0]),
    st.sampled_from([0, 0, 1, 4]),
)
def test_what_the_check_accepts_preparing_accepts(
    kind: Kind, turn: tuple[int, bool], container: str, begin: float, later: float, first: int
) -> None:
    """Cut at a key frame or between two, begun in mid-stream, moved in time, in any container, turned in any way."""
    name, *in_fragments = container.split(" ", 1)
    if name == "mp4" and kind[0] == "libvpx":
        name = "webm"
    options = FRAGMENTS if in_fragments and name == "mp4" else {}
    data = recorded.copied(
        made(kind, turn), container=name, begin=begin, later=later, first=first, options=options
    )
    agreed(data)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("begin", [0.7, 1.9])
def test_a_recording_that_was_cut_shows_only_what_is_left(kind: Kind, begin: float) -> None:
    """An editor copies from the key frame before the cut, and an edit list hides what is too much."""
    video = agreed(recorded.copied(made(kind), container=kind[1], begin=begin))
    assert video is not None
    if kind[1] == "mp4" and not kind[4]:
        assert video.facts.duration == pytest.approx(SECONDS - begin, abs=0.12)


EDITS: dict[str, tuple[tuple[tuple[float, float], ...], float]] = {
    "the whole": (((4.0, 0.0),), 4.0),
    "from the middle": (((2.5, 1.25),), 2.5),
    "a pause in front": (((1.0, -1), (4.0, 0.0)), 4.0),
    "a pause and a cut": (((0.5, -1), (3.0, 1.0)), 3.0),
    "two parts": (((1.5, 0.0), (1.5, 2.0)), 3.0),
    "two parts in another order": (((1.5, 2.0), (1.5, 0.0)), 3.0),
    "a part twice": (((1.5, 1.0), (1.5, 1.0)), 3.0),
    "longer than there is": (((9.0, 0.0),), 4.0),
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("kind", [KINDS[0], KINDS[1], KINDS[3]], ids=str)
def test_edit_lists_are_read_alike(name: str, kind: Kind) -> None:
    edits, seconds = EDITS[name]
    video = agreed(recorded.with_edits(made(kind), *edits))
    assert video is not None
    assert video.facts.duration == pytest.approx(seconds, abs=0.5)


def test_an_edit_list_that_leaves_too_little_is_too_short() -> None:
    assert agreed(recorded.with_edits(made(KINDS[0]), (1.0, 2.0))) is None


OTHERS: dict[str, Callable[[], bytes]] = {
    "an uneven rate": hostile.clip_of_uneven_rate,
    "a last picture that stays": lambda: recorded.with_last_duration(made(KINDS[0]), 3.0),
    "a last picture that stays, encoded anew": lambda: recorded.with_last_duration(made(KINDS[5]), 3.0),
    "all marked as key frames": lambda: made(KINDS[0]).replace(b"stss", b"free"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_recordings_are_read_alike(name: str) -> None:
    agreed(OTHERS[name]())


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_smaller_copy_can_be_made_of_each(kind: Kind) -> None:
    data = recorded.copied(made(kind), container=kind[1], begin=0.7)
    assert shrink_video(data, 1).facts.duration == pytest.approx(check_video(data).facts.duration, abs=0.12)


def test_the_last_picture_of_a_copy_is_shown_too() -> None:
    """Chromium's Matroska does not say how long it stays, and an MP4's edit list would end where it begins."""
    video = agreed(recorded.without_lengths(recorded.copied(made(KINDS[0]), container="matroska")))
    assert video is not None
    assert (video.method, video.facts.frames) == ("remux", SECONDS * recorded.RATE)
