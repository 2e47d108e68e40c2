"""What a recording's pictures look like: hashes to recognise them by, motion, and brightness.

Each picture is read at tiny sizes. This module knows pixels, and nothing of files or of earlier recordings.
"""

import hashlib
import operator
from dataclasses import dataclass, field
from typing import Final

import av
from av.video.reformatter import Interpolation, VideoReformatter
from PIL import Image, ImageChops

from verification.media.errors import UnusableMedia

# Nearest neighbour: the pixels are taken unchanged, so a picture that was encoded anew gives another hash.
SAMPLED: Final = (64, 64)
FINE: Final = (17, 16)  # cells of mean brightness: 16 differences in each of 16 rows
COARSE: Final = (9, 8)
_DIGITS: Final = bytes.maketrans(b"\0\1", b"01")
# The same result on every processor.
_EXACTLY: Final = Interpolation.ACCURATE_RND | Interpolation.BITEXACT
_MEAN: Final = int(Interpolation.AREA | _EXACTLY)
_NEAREST: Final = int(Interpolation.POINT | _EXACTLY)

# A picture is frozen if no cell's mean brightness changes by more, of 255, from first to last. Measured with drawn
# people at 640x480: nodding or speaking changes a cell by 115, blinking by 41, swaying by two pixels by 6
# to 9. A frozen picture changes by 1 to 3 through the encoder's noise, as H.264, VP8 or VP9 at 0.6 to 2 Mbit/s;
# VP8 at 0.6 may reach 4: such a picture passes here, and the vendor judges it.
STILL: Final = 3
DIM: Final = 16  # in less light than STILL times this, of 255, all changes are smaller
# Brightest cell of the whole recording, of 255: 2 for a covered camera with noise, 21 for a face at a tenth of a room's
# light.
DARK: Final = 8


@dataclass
class _Scene:
    """Has the recording light and motion? It stops measuring once it has found both."""

    lit: bool = False
    moved: bool = False
    darkest: Image.Image | None = None  # each cell at its darkest, and at its brightest
    brightest: Image.Image | None = None

    def see(self, fine: bytes) -> None:
        if self.lit and self.moved:
            return
        cells = Image.frombytes("L", FINE, fine)
        self.darkest = ImageChops.darker(self.darkest or cells, cells)
        self.brightest = ImageChops.lighter(self.brightest or cells, cells)
        light = max(self.brightest.tobytes())
        change = max(ImageChops.subtract(self.brightest, self.darkest).tobytes())
        self.lit, self.moved = light > DARK, change > min(STILL, light // DIM)


@dataclass
class Looks:
    """Collects what each picture shown to it looks like; `hashes` are as CheckedVideo describes them."""

    hashes: list[str] = field(default_factory=list)
    _scene: _Scene = field(default_factory=_Scene)
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
        self._scene.see(fine)

    def check(self) -> None:
        """Raise UnusableMedia if the recording is dark, or nothing in it moves."""
        if not self._scene.lit:
            raise UnusableMedia("video_too_dark")
        if not self._scene.moved:
            raise UnusableMedia("video_no_motion")


def difference_hash(pixels: bytes, width: int) -> str:
    """Hexadecimal digits of one bit for each pixel but the last of a row: whether the next one is brighter."""
    bits = bytearray(map(operator.lt, pixels, pixels[1:] + b"\0"))
    del bits[width - 1 :: width]
    return f"{int(bits.translate(_DIGITS), 2):0{len(bits) // 4}x}"


def _pixels(grey: av.VideoFrame) -> bytes:
    """The picture's lines, without FFmpeg's padding at their ends."""
    plane = grey.planes[0]
    lines, stride = bytes(plane), plane.line_size
    if stride == plane.width:
        return lines
    return b"".join([lines[start : start + plane.width] for start in range(0, plane.height * stride, stride)])
