"""What a recording's pictures look like: hashes to know them again by, whether anything moves, whether there is light.

Each picture is read twice at a tiny size. Knows pixels; knows nothing of
files, or of what was recorded before.
"""

import hashlib
import operator
from dataclasses import dataclass, field
from typing import Final

import av
from av.video.reformatter import Interpolation, VideoReformatter
from PIL import Image, ImageChops

from verification.media.errors import UnusableMedia

SAMPLED: Final = (
    64,
    64,
)  # pixels taken as they are, so that any other encoding of the picture differs in some
FINE: Final = (17, 16)  # cells of mean brightness: 16 differences in each of 16 rows
COARSE: Final = (9, 8)
_DIGITS: Final = bytes.maketrans(b"\0\1", b"01")
# To the same bits on every processor.
_EXACTLY: Final = Interpolation.ACCURATE_RND | Interpolation.BITEXACT
_MEAN: Final = int(Interpolation.AREA | _EXACTLY)
_NEAREST: Final = int(Interpolation.POINT | _EXACTLY)

# Both limits are far below what an honest recording does, and are measured with drawn people, H.264, VP8, VP9 and AV1 at
# 0.1 to 2.5 Mbit/s. Mean brightness of a cell, of 255: a person who nods or speaks changes one by 115, who blinks by 41,
# who sways by a pixel by 9; one who does not move at all, and only the camera's grain does, by 7 (the encoder's doing).
STILL: Final = 8
# The longest time that not one sampled pixel changes, as a share of the recording: at most 0.3 for a person who does not
# move at all (AV1 at 0.1 Mbit/s; 0.13 for the others), and from 0.5 for a frozen picture, once the encoder has settled.
FROZEN: Final = 0.5
# Brightest cell of the whole recording, of 255: 2 for a covered camera with its grain, 21 for a face at a tenth of the
# light of a room.
DARK: Final = 8


@dataclass
class Looks:
    """Collects what each picture shown to it looks like; `hashes` are as CheckedVideo describes them."""

    hashes: list[str] = field(default_factory=list)
    darkest: Image.Image | None = None  # each cell at its darkest, and at its brightest
    brightest: Image.Image | None = None
    standing: int = 0  # pictures the same as the one before, in a row up to now
    longest: int = 0
    _last: str = ""
    _sampler: VideoReformatter = field(default_factory=VideoReformatter)
    _averager: VideoReformatter = field(default_factory=VideoReformatter)
    _coarser: VideoReformatter = field(default_factory=VideoReformatter)

    def see(self, frame: av.VideoFrame) -> None:
        """Take one more picture into account."""
        averaged = self._averager.reformat(frame, *FINE, "gray", interpolation=_MEAN, threads=1)
        fine = _pixels(averaged)
        coarse = _pixels(self._coarser.reformat(averaged, *COARSE, "gray", interpolation=_MEAN, threads=1))
        sampled = _pixels(self._sampler.reformat(frame, *SAMPLED, "gray", interpolation=_NEAREST, threads=1))
        exact = hashlib.blake2b(sampled, digest_size=8).hexdigest()
        self.hashes.append(exact + difference_hash(coarse, COARSE[0]) + difference_hash(fine, FINE[0]))
        cells = Image.frombytes("L", FINE, fine)
        self.darkest = ImageChops.darker(self.darkest or cells, cells)
        self.brightest = ImageChops.lighter(self.brightest or cells, cells)
        self.standing = self.standing + 1 if exact == self._last else 0
        self.longest, self._last = max(self.longest, self.standing), exact

    def check(self) -> None:
        """Raise UnusableMedia when nothing could be seen all the time, or nothing moved."""
        if self.darkest is None or self.brightest is None:
            return
        light = _highest(self.brightest)
        if light <= DARK:
            raise UnusableMedia("video_too_dark", {"brightness": light, "brightness_needed": DARK + 1})
        change = _highest(ImageChops.subtract(self.brightest, self.darkest))
        if change <= STILL and self.longest >= FROZEN * len(self.hashes):
            raise UnusableMedia("video_no_motion")


def difference_hash(pixels: bytes, width: int) -> str:
    """Hexadecimal digits of one bit for each pixel but the last of a row: whether the next one is brighter."""
    bits = bytearray(map(operator.lt, pixels, pixels[1:] + b"\0"))
    del bits[width - 1 :: width]
    return f"{int(bits.translate(_DIGITS), 2):0{len(bits) // 4}x}"


def _highest(grey: Image.Image) -> int:
    return max(grey.tobytes())


def _pixels(grey: av.VideoFrame) -> bytes:
    """The picture's lines, without the padding FFmpeg keeps at their ends."""
    plane = grey.planes[0]
    lines, stride = bytes(plane), plane.line_size
    if stride == plane.width:
        return lines
    return b"".join([lines[start : start + plane.width] for start in range(0, plane.height * stride, stride)])
