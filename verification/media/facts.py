"""What the media functions return, as plain values.

Imports neither PyAV nor Pillow: the web and worker processes hold these without ever loading a decoder.
"""

import re
from dataclasses import dataclass, fields
from typing import Any, Final, Self, get_type_hints

MAX_PHOTO_UPLOAD: Final = 10 * 1024 * 1024  # bytes
MAX_VIDEO_UPLOAD: Final = 32 * 1024 * 1024  # bytes
MAX_PICTURES: Final = 2400  # of one recording: 20 seconds of 120
# Values of a child's answer beyond these can't be true.
_MAX_COUNT: Final = 1 << 32
_MAX_SECONDS: Final = 60.0  # and more than any aspect of pixels
_WORDS: Final = re.compile(r"[ -~]{0,100}")
_FRAME_HASH: Final = re.compile(r"[0-9a-f]{96}")
PHOTO_HASH: Final = 256  # bytes
PHOTO_KEYS: Final = 8
MAX_WINDOWS: Final = 300
_PHOTO_KEY: Final = re.compile(r"[0-9a-f]{8}")
_TURNS: Final = (0, 90, 180, 270)
# What may be wrong with an ID photo. The pages hold the text of each.
ADVICE: Final = frozenset({"dark", "no_face", "sideways", "several_faces", "small_face", "blurred", "glare"})


@dataclass(frozen=True)
class _Facts:
    @classmethod
    def from_plain(cls, values: object) -> Self:
        """Build from JSON-like values; raises ValueError for anything but these fields, types and likely values.

        The values come from the child process, which a hostile file may have taken over.
        """
        hints = get_type_hints(cls)
        if not isinstance(values, dict) or set(values) != {field.name for field in fields(cls)}:
            raise ValueError("other fields than expected")
        built = cls(**{name: _checked(values[name], hints[name]) for name in values})
        built._check()
        return built

    def _check(self) -> None:
        """Raise ValueError for values of the right type that can't be true."""


def _checked(value: Any, expected: Any) -> Any:
    if isinstance(expected, type) and issubclass(expected, _Facts):
        return expected.from_plain(value)
    if expected == tuple[str, ...] and isinstance(value, list) and len(value) <= MAX_PICTURES:
        return tuple(_checked(v, str) for v in value)
    if expected == dict[str, str] and isinstance(value, dict):
        return {_checked(k, str): _checked(v, str) for k, v in value.items()}
    if isinstance(expected, type) and type(value) is expected and _likely(value):
        return value
    raise ValueError("a value other than expected")


def _likely(value: object) -> bool:
    """Text is short and printable ASCII, counts are not negative, and a float is a length in seconds or an aspect."""
    match value:
        case str():
            return _WORDS.fullmatch(value) is not None
        case int():
            return 0 <= value <= _MAX_COUNT
        case float():
            return 0 <= value <= _MAX_SECONDS
    return True


@dataclass(frozen=True)
class PhotoLooks(_Facts):
    """What a photo looks like, as hashes.

    `whole` and `centre` are of the picture and of its middle: 1024 bits of what is surely there, then 1024 of what may
    be. `keys` are parts of a coarser hash of the middle, to find it by: 32 bits each, in hexadecimal digits.
    """

    whole: bytes
    centre: bytes
    keys: tuple[str, ...]

    def _check(self) -> None:
        hashes = {len(self.whole), len(self.centre)}, len(self.keys)
        if hashes != ({PHOTO_HASH}, PHOTO_KEYS) or not all(map(_PHOTO_KEY.fullmatch, self.keys)):
            raise ValueError("a hash of another form than expected")


@dataclass(frozen=True)
class NormalisedPhoto(_Facts):
    """An upright sRGB JPEG without metadata; `width` and `height` in pixels.

    `notes` lists in stable words what was changed, such as turned_upright or scaled_down; `tools` and `arguments` are
    as in NormalisedVideo.
    """

    jpeg: bytes
    looks: PhotoLooks
    width: int
    height: int
    source_format: str
    notes: tuple[str, ...]
    tools: dict[str, str]
    arguments: dict[str, str]


@dataclass(frozen=True)
class NormalisedLogo(_Facts):
    """A small PNG without metadata; `width` and `height` in pixels."""

    png: bytes
    width: int
    height: int


@dataclass(frozen=True)
class FaceLooks(_Facts):
    """What the face of a photo looks like, as hashes like those of PhotoLooks; all are empty if no face was found.

    `face` and `keys` are of the window around it. `windows` has the hashes of windows a little beside it, one after the
    other, and `window_keys` the keys of some: of another photo, one of them lies as this one's does.
    """

    face: bytes = b""
    keys: tuple[str, ...] = ()
    windows: bytes = b""
    window_keys: tuple[str, ...] = ()

    def _check(self) -> None:
        sizes = len(self.face), len(self.keys), len(self.windows) % PHOTO_HASH
        if (
            sizes not in {(0, 0, 0), (PHOTO_HASH, PHOTO_KEYS, 0)}
            or len(self.windows) > MAX_WINDOWS * PHOTO_HASH
        ):
            raise ValueError("a hash of another form than expected")
        if not all(map(_PHOTO_KEY.fullmatch, (*self.keys, *self.window_keys))):
            raise ValueError("a key of another form than expected")


@dataclass(frozen=True)
class PhotoAdvice(_Facts):
    """What may be wrong with an ID photo, as codes of ADVICE; `measures` are the numbers that they rest on."""

    codes: tuple[str, ...]
    measures: dict[str, str]
    tools: dict[str, str]
    face: FaceLooks

    def _check(self) -> None:
        if not ADVICE.issuperset(self.codes):
            raise ValueError("advice other than expected")


@dataclass(frozen=True)
class VideoFacts(_Facts):
    """What a video file really holds, measured from its packets and decoded pictures.

    Only the codec and the shape of the pixels are the container's word.

    `container` is mov or matroska; `width` and `height` are pixels as stored, before turning;
    `rotation` is the degrees counter-clockwise (0, 90, 180, 270) that make it upright, and `mirrored` whether it has to
    be flipped left to right afterwards; `pixel_aspect` is a stored pixel's width divided by its height;
    `duration` is in seconds, `size` in bytes.
    """

    container: str
    codec: str
    width: int
    height: int
    duration: float
    frames: int
    rotation: int
    mirrored: bool
    pixel_aspect: float
    pixel_format: str
    size: int

    def _check(self) -> None:
        if self.rotation not in _TURNS:
            raise ValueError("an angle other than expected")


@dataclass(frozen=True)
class CheckedVideo(_Facts):
    """What a recording holds, and what its pictures look like.

    `frame_hashes` has one entry for each picture, in order, of hexadecimal digits: 16 of a hash of its exact pixels, 16
    of its coarse difference hash (64 bits), and 64 of its fine one (256 bits).
    """

    facts: VideoFacts
    frame_hashes: tuple[str, ...]

    def _check(self) -> None:
        if not all(_FRAME_HASH.fullmatch(each) for each in self.frame_hashes):
            raise ValueError("a hash of another form than expected")


@dataclass(frozen=True)
class NormalisedVideo(_Facts):
    """The result of a normalisation: `facts` are those of `mp4`, `source` those of the original.

    `method` is remux (pictures untouched) or transcode; `tools` names the libraries and their versions, `arguments`
    the options that they were given.
    """

    mp4: bytes
    facts: VideoFacts
    source: VideoFacts
    method: str
    tools: dict[str, str]
    arguments: dict[str, str]
