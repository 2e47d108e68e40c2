"""Opens HEIC photos, as iPhones keep them, if pillow-heif is installed: an installation may do without.

Runs in the limited child process. It reports the size before anything is decoded, and decides nothing about what is
acceptable.
"""

import io
import threading
from typing import Final

from PIL import Image

from verification.media.errors import MediaUnavailable, UnusableMedia

try:
    import pillow_heif
except ImportError:
    pillow_heif = None  # type: ignore[assignment, unused-ignore]
else:
    # Only the primary picture is needed, and one thread is enough.
    pillow_heif.options.DECODE_THREADS = 0
    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False

INSTALLED = pillow_heif is not None
_ERRORS: Final = (ValueError, EOFError, SyntaxError, RuntimeError, OSError)
_BAND: Final = 256  # rows at a time
# Read at import, because that makes libheif load its decoders before the child is confined.
VERSIONS: dict[str, str] = (
    {"pillow_heif": pillow_heif.__version__, "libheif": pillow_heif.libheif_info()["libheif"]}
    if INSTALLED
    else {}
)


class HeicFile:
    """`size` in pixels as shown, read from the header; `count` of pictures in the file."""

    def __init__(self, data: bytes) -> None:
        if not INSTALLED:
            raise MediaUnavailable("heic_not_installed")
        try:
            self._file = pillow_heif.open_heif(io.BytesIO(data))
        except _ERRORS as error:
            raise UnusableMedia("image_corrupt") from error
        self.size: tuple[int, int] = self._file.size
        self.count = len(self._file)

    def decoded(self, shrink: int) -> Image.Image:
        """The primary picture at one `shrink`th of its size, upright: libheif applies the rotation of the file.

        libheif holds the whole picture. Pillow's copy, which takes four bytes a pixel, is shrunk band by band.
        """
        _check_threads()
        try:
            data, stride = self._file.data, self._file.stride
        except _ERRORS as error:
            raise UnusableMedia("image_corrupt") from error
        if self._file.size != self.size:
            raise UnusableMedia("image_corrupt")
        (width, height), mode, band = self.size, self._file.mode, _BAND * shrink
        picture = Image.new(mode, (-(-width // shrink), -(-height // shrink)))
        for top in range(0, height, band):
            rows = min(band, height - top)
            piece = data[top * stride : (top + rows) * stride]
            strip = Image.frombytes(mode, (width, rows), piece, "raw", mode, stride)
            picture.paste(strip.reduce(shrink), (0, top // shrink))
        picture.info["icc_profile"] = self._file.info.get("icc_profile")
        return picture


def _check_threads() -> None:
    """libde265 decodes in a thread of its own, and reports no clear error where it can't start one."""
    probe = threading.Thread(target=int)
    try:
        probe.start()
    except RuntimeError as error:
        raise MediaUnavailable("no_threads") from error
    probe.join()
